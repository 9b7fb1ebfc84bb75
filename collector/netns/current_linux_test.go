package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// ownInode is the namespace the tests run in, by another road than the code's.
// It is not that of /proc/self: a test may have moved the leading thread.
func ownInode(t *testing.T) uint64 {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var st unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func TestCurrentName(t *testing.T) {
	t.Parallel()
	const self = "/proc/thread-self/ns/net"
	hostile := "we\x1b[31mird\n\xff"
	tests := []struct {
		name    string
		entries map[string]string // name to link target
		want    string
	}{
		{"none", nil, ""},
		{"hostile bytes", map[string]string{hostile: self}, hostile},
		{"first of several", map[string]string{"b": self, "a": self, "c": self}, "a"},
		{"other files are not it", map[string]string{"0": "/", "1": "/proc/self/ns/uts", "2": "/dev/null"}, ""},
		{"dangling links are passed over", map[string]string{"0": "/nonexistent/x", "1": self}, "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, target := range tt.entries {
				if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			// A directory that is missing is passed over.
			got, err := Current("", filepath.Join(dir, "missing"), dir)
			if err != nil {
				t.Fatal(err)
			}
			want := socket.NetNS{Inode: ownInode(t), Name: tt.want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Current (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCurrentRecorded reads trees that are not a proc file system: the links
// lead nowhere, so there is an inode and no name.
func TestCurrentRecorded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		links map[string]string
		want  uint64
		fails bool
	}{
		{"self only", map[string]string{"self": "net:[4026531840]"}, 4026531840, false},
		{"the thread decides", map[string]string{"self": "net:[1]", "thread-self": "net:[2]"}, 2, false},
		{"no proc", nil, 0, true},
		{"another namespace", map[string]string{"thread-self": "mnt:[2]"}, 0, true},
		{"no number", map[string]string{"thread-self": "net:[-2]"}, 0, true},
		{"not closed", map[string]string{"thread-self": "net:[2"}, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for task, target := range tt.links {
				dir := filepath.Join(root, task, "ns")
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, filepath.Join(dir, "net")); err != nil {
					t.Fatal(err)
				}
			}
			got, err := Current(root, root)
			if (err != nil) != tt.fails {
				t.Fatalf("Current: %v", err)
			}
			if diff := cmp.Diff(socket.NetNS{Inode: tt.want}, got); diff != "" {
				t.Errorf("Current (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCurrentAfterSetns enters a namespace made by ip(8) on one thread only.
func TestCurrentAfterSetns(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("making a network namespace needs root")
	}
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("ip(8) is not installed")
	}
	name := fmt.Sprintf("sockls-test-%d", os.Getpid())
	if out, err := exec.Command(ip, "netns", "add", name).CombinedOutput(); err != nil {
		t.Skipf("ip netns add is refused: %v: %s", err, strings.TrimSpace(string(out)))
	}
	t.Cleanup(func() {
		if out, err := exec.Command(ip, "netns", "delete", name).CombinedOutput(); err != nil {
			t.Errorf("ip netns delete: %v: %s", err, out)
		}
	})
	var st unix.Stat_t
	if err := unix.Stat("/run/netns/"+name, &st); err != nil {
		t.Fatal(err)
	}

	inside, err := currentInside("/run/netns/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(socket.NetNS{Inode: st.Ino, Name: name}, inside); diff != "" {
		t.Errorf("in the namespace (-want +got):\n%s", diff)
	}

	outside, err := Current("")
	if err != nil {
		t.Fatal(err)
	}
	if outside.Inode != ownInode(t) || outside.Name == name {
		t.Errorf("outside the namespace: %+v", outside)
	}
}

// currentInside asks on a thread that is in another namespace meanwhile. The
// thread is moved back before it is unlocked: it may be the leading one, which
// Go never ends and every look at /proc/self would keep finding elsewhere.
func currentInside(path string) (ns socket.NetNS, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		home, homeErr := os.Open("/proc/thread-self/ns/net")
		away, awayErr := os.Open(path)
		if err = errors.Join(homeErr, awayErr); err != nil {
			return
		}
		defer home.Close()
		defer away.Close()
		if err = unix.Setns(int(away.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		ns, err = Current("")
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	<-done
	return ns, err
}

func FuzzParseLink(f *testing.F) {
	for _, seed := range []string{"net:[4026531840]", "net:[]", "net:[", "net:]", "net:[18446744073709551616]", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		inode, ok := parseLink(target)
		if ok && !strings.Contains(target, fmt.Sprint(inode)) {
			t.Errorf("%q: %d", target, inode)
		}
	})
}
