package rtnetlink

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

func TestPrivilegedRules(t *testing.T) {
	t.Parallel()
	root := capabilities{effective: true, bounding: true}
	user := capabilities{bounding: true, uid: 1000}
	able := capabilities{effective: true, bounding: true, uid: 1000}
	tests := []struct {
		name     string
		relation relation
		owner    uint32
		uid      uint32
		have     capabilities
		want     socket.Tri
	}{
		{"root", own, 0, 0, root, socket.Yes},
		{"root asks for a user", own, 0, 1000, root, socket.No},
		{"root without the capability", own, 0, 0, capabilities{bounding: true}, socket.No},
		{"a user", own, 0, 1000, user, socket.No},
		{"a user with the capability", own, 0, 1000, able, socket.Yes},
		{"a user asks for root", own, 0, 0, user, socket.Yes},
		{"a user asks for root, which could not be either", own, 0, 0, capabilities{uid: 1000}, socket.Unknown},
		{"the namespace of an ancestor", foreign, 0, 0, root, socket.No},
		{"below, root", below, 1000, 0, root, socket.Yes},
		{"below, its owner", below, 1000, 1000, user, socket.Yes},
		{"below, another user", below, 1000, 1001, root, socket.No},
	}
	for _, tt := range tests {
		if got := privileged(tt.relation, tt.owner, tt.uid, tt.have); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestParseCapabilities(t *testing.T) {
	t.Parallel()
	const good = "Name:\tx\nUid:\t1\t1000\t3\t4\nCapInh:\t0\nCapEff:\t0000000000000400\nCapBnd:\t000001fffffffbff\n"
	tests := []struct {
		name, status string
		want         capabilities
		fails        bool
	}{
		{"good", good, capabilities{effective: true, uid: 1000}, false},
		{"no sets", "Uid:\t1\t1000\t3\t4\n", capabilities{}, true},
		{"no user", strings.Replace(good, "1000", "", 1)[:20], capabilities{}, true},
		{"no number", strings.Replace(good, "0000000000000400", "x", 1), capabilities{}, true},
		{"a user that is none", strings.Replace(good, "1000", "-1", 1), capabilities{}, true},
		{"a set without a value", strings.Replace(good, "0000000000000400", "", 1), capabilities{}, true},
		{"nothing", "", capabilities{}, true},
	}
	for _, tt := range tests {
		got, err := parseCapabilities([]byte(tt.status))
		if (err != nil) != tt.fails || err == nil && got != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

func FuzzParseCapabilities(f *testing.F) {
	f.Add([]byte("Uid:\t1\t1000\t3\t4\nCapEff:\t0000000000000400\nCapBnd:\t000001fffffffbff\n"))
	f.Add([]byte("Uid:\nCapEff:\nCapBnd:"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = parseCapabilities(b) })
}

// childRole makes the test binary say what it thinks of itself, and what the
// kernel says.
const childRole = "RTNETLINK_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(childRole)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := child(role); err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child prints whether it itself, root and user 1000 may, and what bind says to it.
func child(role string) error {
	runtime.LockOSThread() // capabilities and namespaces are the thread's
	for todo := range strings.FieldsSeq(role) {
		var err error
		switch todo {
		case "new-network":
			err = unix.Unshare(unix.CLONE_NEWNET)
		case "drop":
			err = dropBindService()
		case "look":
		}
		if err != nil {
			return fmt.Errorf("%s: %w", todo, err)
		}
	}
	for _, uid := range []uint32{uint32(os.Geteuid()), 0, 1000} {
		fmt.Print(map[socket.Tri]string{socket.Yes: "yes ", socket.No: "no ", socket.Unknown: "unknown "}[Privileged(procfs.FS{}, uid)])
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// Nothing is bound in the namespace that matters, and any other answer than
	// EACCES says that the check of the privilege was passed.
	err = unix.Bind(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{}})
	fmt.Println(!errors.Is(err, unix.EACCES))
	return nil
}

func dropBindService() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	sets[0].Effective &^= 1 << unix.CAP_NET_BIND_SERVICE
	if err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_NET_BIND_SERVICE, 0, 0, 0); err != nil {
		return err
	}
	return unix.Capset(&header, &sets[0])
}

func TestPrivileged(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
	identity := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 65534, Size: 1}}
	rooted := func(flags uintptr) *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | flags, UidMappings: identity, GidMappings: identity, Credential: &syscall.Credential{}}
	}
	able := *nobody
	tests := []struct {
		name, role string
		attr       *syscall.SysProcAttr
		want       string // itself, root, user 1000, the kernel
	}{
		{"root", "new-network look", &syscall.SysProcAttr{}, "yes yes no true"},
		{"root without", "new-network drop", &syscall.SysProcAttr{}, "no no no false"},
		{"nobody", "look", &syscall.SysProcAttr{Credential: nobody, Cloneflags: syscall.CLONE_NEWNET}, "no yes no false"},
		{"nobody with the capability", "look", &syscall.SysProcAttr{
			Credential: &able, Cloneflags: syscall.CLONE_NEWNET, AmbientCaps: []uintptr{unix.CAP_NET_BIND_SERVICE},
		}, "yes yes no true"},
		{"root of a user namespace, in the machine's network", "look", rooted(0), "no no no false"},
		{"root of a user namespace, in its network", "look", rooted(syscall.CLONE_NEWNET), "yes yes no true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = []string{childRole + "=" + tt.role}
			cmd.SysProcAttr = tt.attr
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Skipf("this kernel makes no such process: %v", err)
			}
			if diff := cmp.Diff(tt.want, strings.TrimSpace(string(out))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPrivilegedBelow: in the network of a user namespace that somebody made, its
// maker may, and root of the machine.
func TestPrivilegedBelow(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	// A user who makes both at once has to be that user before.
	below := exec.Command("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "unshare", "-U", "-n", "sh", "-c", "echo ready; exec sleep 60")
	out, err := below.StdoutPipe()
	must(t, err)
	must(t, below.Start())
	t.Cleanup(func() {
		_ = below.Process.Kill()
		_ = below.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Skipf("this kernel makes no such process: %q, %v", line, err)
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", below.Process.Pid))
	must(t, err)
	defer ns.Close()
	must(t, unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET))
	for uid, want := range map[uint32]socket.Tri{0: socket.Yes, 1000: socket.Yes, 1001: socket.No} {
		if got := Privileged(procfs.FS{}, uid); got != want {
			t.Errorf("user %d: %v, want %v", uid, got, want)
		}
	}
}
