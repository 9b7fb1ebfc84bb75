package descriptor

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// childRole makes the test binary look at its own descriptors 3 and 4.
const childRole = "DESCRIPTOR_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(childRole) == "" {
		os.Exit(m.Run())
	}
	if err := lookAtOwn(); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// seen is what the child saw of one descriptor.
type seen struct {
	State socket.State
	Error string
}

func lookAtOwn() error {
	i, err := inspector()
	if err != nil {
		return err
	}
	var all []seen
	for _, fd := range []int{3, 4} {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		var one seen
		s, err := i.Socket(os.Getpid(), 0, fd, st.Ino)
		if one.State = s.State; err != nil {
			one.Error = err.Error()
		}
		all = append(all, one)
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}

// fileOf copies a descriptor, so that each has one owner who closes it.
func fileOf(t *testing.T, fd int) *os.File {
	t.Helper()
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	must(t, err)
	file := os.NewFile(uintptr(copied), "socket")
	t.Cleanup(func() { file.Close() })
	return file
}

// TestSocketWithoutPrivilege: a user sees its own sockets, and can tell those
// of another namespace without the ioctl that is for administrators.
func TestSocketWithoutPrivilege(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	near := fileOf(t, open(t, unix.AF_INET, unix.SOCK_STREAM, 0))
	far := fileOf(t, elsewhere(t))
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{childRole + "=look"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.ExtraFiles = []*os.File{near, far}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	must(t, err)
	var got []seen
	must(t, json.Unmarshal(out, &got))
	if len(got) == 2 && strings.Contains(got[0].Error, "protocol not available") {
		t.Skipf("this kernel has no SO_NETNS_COOKIE (Linux 5.14): %s", got[0].Error)
	}
	want := []seen{{State: socket.Close}, {Error: ErrElsewhere.Error()}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}
