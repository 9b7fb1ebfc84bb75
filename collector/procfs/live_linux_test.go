package procfs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// rawSocket makes a socket that is closed with the test, and returns its inode.
// It skips the test where this user or kernel may not have one.
func rawSocket(t *testing.T, family, typ, proto int) (fd int, inode uint64) {
	t.Helper()
	fd, err := unix.Socket(family, typ|unix.SOCK_CLOEXEC, proto)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) ||
		errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EPROTONOSUPPORT) {
		t.Skipf("socket(%d, %d, %d): %v", family, typ, proto, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd, inodeOf(t, fd)
}

func inodeOf(t *testing.T, fd int) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

// find returns the row of an inode in a live table. Other programs come and
// go meanwhile: a row may be missed in one walk, and what they call their
// sockets may be malformed, neither of which is held against the parser.
func find(t *testing.T, inode uint64, table func(func(*socket.Socket) error) error) socket.Socket {
	t.Helper()
	for range 10 {
		var found []socket.Socket
		err := table(func(s *socket.Socket) error {
			if s.Inode == inode {
				found = append(found, *s)
			}
			return nil
		})
		var malformed *MalformedError
		if err != nil && !errors.As(err, &malformed) {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("inode %d is not in the table", inode)
	return socket.Socket{}
}

func TestLiveProcess(t *testing.T) {
	t.Parallel()
	pid := os.Getpid()
	var live FS
	comm, err := live.Comm(pid)
	if want := filepath.Base(os.Args[0]); err != nil || comm == "" || !strings.HasPrefix(want, comm) {
		t.Errorf("Comm: %q, %v", comm, err)
	}
	command, err := live.Command(pid)
	if want := strings.Join(os.Args, " "); err != nil || command != want {
		t.Errorf("Command: %q, %v, want %q", command, err, want)
	}
	exe, err := live.Exe(pid)
	want, _ := os.Executable()
	if err != nil || exe != want {
		t.Errorf("Exe: %q, %v, want %q", exe, err, want)
	}
	euid, err := live.EUID(pid)
	if err != nil || int(euid) != os.Geteuid() {
		t.Errorf("EUID: %d, %v", euid, err)
	}
	boot, err := live.BootTime()
	if err != nil {
		t.Fatal(err)
	}
	started, err := live.Started(pid, boot)
	// The boot time is in whole seconds.
	if age := time.Since(started); err != nil || age < -2*time.Second || age > time.Hour {
		t.Errorf("Started: %v (%v ago), %v", started, age, err)
	}
}
