package owner

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestFindAsAnother: a user without privileges sees its own processes, and
// knows that there are others.
func TestFindAsAnother(t *testing.T) {
	t.Parallel()
	needRoot(t)
	file, inode := listen(t)
	mine, mineInode := listen(t)
	other := start(t, order{Role: "hold"}, asNobody(), mine)
	c := start(t, order{Role: "find", Inodes: []uint64{inode, mineInode}}, asNobody())
	file.Close()
	if c.Found.Error != "" {
		t.Fatal(c.Found.Error)
	}
	// The second of the wanted is this process's and nobody else's; the third
	// is also the other child's.
	want := append(slices.Clone(c.Sockets), Descriptor{Inode: mineInode, PID: int32(other.pid), FD: 3})
	wantFound(t, c, want)
	if c.Found.Denied == 0 || c.Found.Starved != 0 || c.Found.Veiled {
		t.Errorf("denied %d, starved %d, veiled %v", c.Found.Denied, c.Found.Starved, c.Found.Veiled)
	}
}

// wantFound compares without regard to descriptors of the child that its
// runtime has beside the one it tells of.
func wantFound(t *testing.T, c child, want []Descriptor) {
	t.Helper()
	got := slices.DeleteFunc(slices.Clone(c.Found.Holders), func(d Descriptor) bool {
		return d.PID == int32(c.pid) && d.Inode == c.Sockets[0].Inode && d.FD != c.Sockets[0].FD
	})
	slices.SortFunc(got, compareDescriptors)
	slices.SortFunc(want, compareDescriptors)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

// TestFindLeaderExitedAsAnother: the directory of an exited main thread is
// root's even where the process is one's own.
func TestFindLeaderExitedAsAnother(t *testing.T) {
	t.Parallel()
	needRoot(t)
	file, inode := listen(t)
	headless := start(t, order{Role: "leader-exit"}, asNobody(), file)
	c := start(t, order{Role: "find", Inodes: []uint64{inode}}, asNobody())
	i := slices.IndexFunc(c.Found.Holders, func(d Descriptor) bool { return d.PID == int32(headless.pid) })
	if c.Found.Error != "" || i < 0 {
		t.Fatalf("found %+v, want a thread of %d", c.Found, headless.pid)
	}
	if d := c.Found.Holders[i]; d.TID == 0 || d.FD != 3 || d.Inode != inode {
		t.Errorf("found %+v, want descriptor 3 of a thread", d)
	}
}

// TestFindDeniedOnce: a process with many threads is one process that may not
// be looked into.
func TestFindDeniedOnce(t *testing.T) {
	t.Parallel()
	needRoot(t)
	threads := start(t, order{Role: "threads", N: 20}, nil)
	c := start(t, order{Role: "find", Inodes: []uint64{threads.Sockets[0].Inode}}, asNobody())
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	// Others come and go meanwhile, but not as many as there are threads.
	if c.Found.Denied == 0 || c.Found.Denied > len(processes)+10 {
		t.Errorf("denied %d of %d processes", c.Found.Denied, len(processes))
	}
}

// TestFindStarved: without descriptors to spare nothing is seen, which is said
// and is no error.
func TestFindStarved(t *testing.T) {
	t.Parallel()
	_, inode := listen(t)
	c := start(t, order{Role: "find", Inodes: []uint64{inode}, NoFiles: true}, nil)
	if c.Found.Error != "" {
		t.Fatal(c.Found.Error)
	}
	if len(c.Found.Holders) != 0 || c.Found.Starved < 2 || c.Found.Denied != 0 || c.Found.Veiled {
		t.Errorf("found %+v", c.Found)
	}
}

// TestFindVeiled: hidepid takes the processes of others out of the list.
func TestFindVeiled(t *testing.T) {
	t.Parallel()
	needRoot(t)
	needKernel(t, 5, 8) // where hidepid is an option of the mount and not of the pid namespace
	root, err := os.MkdirTemp("", "veiled")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(root) })
	_, inode := listen(t)
	c := start(t, order{Role: "veil", Root: root, Inodes: []uint64{inode}}, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS})
	if c.Found.Error != "" {
		t.Fatal(c.Found.Error)
	}
	if !c.Found.Veiled || c.Found.Starved != 0 {
		t.Errorf("veiled %v, starved %d", c.Found.Veiled, c.Found.Starved)
	}
	if !slices.Contains(c.Found.Holders, c.Sockets[0]) {
		t.Errorf("found %+v, want %+v among them", c.Found.Holders, c.Sockets[0])
	}
	for _, d := range c.Found.Holders {
		if d.Inode == inode {
			t.Errorf("found %+v of a process that is not listed", d)
		}
	}
}

func needKernel(t *testing.T, major, minor int) {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	release := strings.SplitN(unix.ByteSliceToString(name.Release[:]), ".", 3)
	if len(release) < 2 {
		t.Skipf("kernel %q", release)
	}
	a, _ := strconv.Atoi(release[0])
	b, _ := strconv.Atoi(release[1])
	if a < major || a == major && b < minor {
		t.Skipf("needs Linux %d.%d", major, minor)
	}
}
