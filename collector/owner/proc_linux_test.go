package owner

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
)

// find looks for the holders of some inodes. No child of this process is on
// its way to another program meanwhile: until then it has a copy of every
// descriptor, and would rightly be found.
func find(t *testing.T, w Want, inodes ...uint64) *Result {
	t.Helper()
	w.Inodes = NewInodes(len(inodes))
	for _, inode := range inodes {
		w.Inodes.Add(inode)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	r, err := Proc{}.Find(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantHolders(t *testing.T, r *Result, index int32, want ...Descriptor) {
	t.Helper()
	want = slices.SortedFunc(slices.Values(want), compareDescriptors)
	if diff := cmp.Diff(want, descriptors(r.Holders(index))); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
}

// here is a descriptor of the shared table of this process.
func here(inode uint64, fd uintptr) Descriptor {
	return Descriptor{Inode: inode, PID: int32(os.Getpid()), FD: int32(fd)}
}

func TestFindOwn(t *testing.T) {
	t.Parallel()
	a, inodeA := listen(t)
	b, inodeB := listen(t)
	again, err := unix.FcntlInt(a.Fd(), unix.F_DUPFD_CLOEXEC, 200)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(again)

	const nobodys = 1 << 40 // beyond every inode
	r := find(t, Want{}, inodeB, nobodys, inodeA)
	wantHolders(t, r, 0, here(inodeB, b.Fd()))
	wantHolders(t, r, 1)
	wantHolders(t, r, 2, here(inodeA, a.Fd()), here(inodeA, uintptr(again)))
	wantHolders(t, r, 3)
	wantHolders(t, r, -1)
	if r.Veiled || r.Starved != 0 || len(r.Strays) != 0 {
		t.Errorf("veiled %v, starved %d, %d strays", r.Veiled, r.Starved, len(r.Strays))
	}
	one, two := r.Holders(2)[0].Process, r.Holders(0)[0].Process
	if one != two {
		t.Errorf("one process is two: %+v and %+v", one, two)
	}
}

func TestFindNothing(t *testing.T) {
	t.Parallel()
	r := find(t, Want{})
	wantHolders(t, r, 0)
	r = find(t, Want{PIDs: []int32{}}, 1)
	wantHolders(t, r, 0)
	if r.Veiled {
		t.Error("veiled, where no process was asked for")
	}
}

func TestFindInherited(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	first := start(t, order{Role: "hold"}, nil, file)
	second := start(t, order{Role: "hold"}, nil, file)
	want := []Descriptor{
		here(inode, file.Fd()),
		{Inode: inode, PID: int32(first.pid), FD: 3},
		{Inode: inode, PID: int32(second.pid), FD: 3},
	}
	wantHolders(t, find(t, Want{}, inode), 0, want...)

	// The same of some processes only.
	wantHolders(t, find(t, Want{PIDs: []int32{int32(second.pid), int32(second.pid)}}, inode), 0, want[2])
	wantHolders(t, find(t, Want{PIDs: []int32{int32(first.pid), int32(os.Getpid())}}, inode), 0, want[0], want[1])
	wantHolders(t, find(t, Want{PIDs: []int32{1 << 30}}, inode), 0)
}

func TestFindPassed(t *testing.T) {
	t.Parallel()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	near, far := os.NewFile(uintptr(pair[0]), "near"), os.NewFile(uintptr(pair[1]), "far")
	defer near.Close()
	file, inode := listen(t)
	if err := unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(int(file.Fd())), nil, 0); err != nil {
		t.Fatal(err)
	}
	file.Close()
	wantHolders(t, find(t, Want{}, inode), 0) // in flight
	c := start(t, order{Role: "receive"}, nil, far)
	far.Close()
	if len(c.Sockets) != 1 || c.Sockets[0].Inode != inode {
		t.Fatalf("the child has received %+v, not inode %d", c.Sockets, inode)
	}
	wantHolders(t, find(t, Want{}, inode), 0, c.Sockets...)
}

func TestFindThreads(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 60} {
		c := start(t, order{Role: "threads", N: n}, nil)
		inodes := make([]uint64, n)
		for i, s := range c.Sockets {
			if s.TID == s.PID || s.TID == 0 {
				t.Fatalf("the child's thread is %+v", s)
			}
			inodes[i] = s.Inode
		}
		r := find(t, Want{}, inodes...)
		for i, s := range c.Sockets {
			wantHolders(t, r, int32(i), s)
		}
	}
}

// TestFindCopiedTable: a thread that unshares its table takes copies along,
// which are descriptors of their own.
func TestFindCopiedTable(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	tid, release := make(chan int), make(chan struct{})
	go func() {
		defer close(tid)
		runtime.LockOSThread() // the table goes with the thread
		if unix.Gettid() == os.Getpid() {
			runtime.UnlockOSThread() // the main thread would stay, and keep it
			tid <- 0
			return
		}
		if err := unix.Unshare(unix.CLONE_FILES); err != nil {
			tid <- 0
			return
		}
		tid <- unix.Gettid()
		<-release
	}()
	thread := <-tid
	if thread == 0 {
		t.Skip("no thread to spare, or unshare(CLONE_FILES) is refused")
	}
	copied := here(inode, file.Fd())
	copied.TID = int32(thread)
	r := find(t, Want{Strays: true}, inode)
	wantHolders(t, r, 0, here(inode, file.Fd()), copied)
	close(release)
	<-tid
}

// TestFindLeaderExited: nothing is left in /proc/PID/fd of a process whose
// main thread has exited, nor of its arguments and its program.
func TestFindLeaderExited(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	c := start(t, order{Role: "leader-exit", Name: []byte("headless")}, nil, file)
	wantLeaderless(t, c, find(t, Want{Details: allFacts}, inode), file)
}

func wantLeaderless(t *testing.T, c child, r *Result, file *os.File) {
	t.Helper()
	held := r.Holders(0)
	if len(held) != 2 {
		t.Fatalf("holders %+v, want this process and a thread of %d", descriptors(held), c.pid)
	}
	slices.SortFunc(held, func(a, b Held) int { return int(a.TID - b.TID) })
	if got, want := descriptors(held[:1])[0], here(c.Sockets[0].Inode, file.Fd()); got != want {
		t.Errorf("holder %+v, want %+v", got, want)
	}
	h := held[1]
	if h.Process.PID != c.pid || h.TID == int32(c.pid) || h.FD != 3 {
		t.Errorf("holder %+v, want descriptor 3 of a thread of %d", descriptors(held[1:]), c.pid)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := *h.Process
	if p.Name != "headless" || p.Command != "/proc/self/exe" || p.Exe != exe || !p.HasUID || p.Started.IsZero() {
		t.Errorf("facts %+v", p)
	}
}

// TestFindManyDescriptors needs several getdents for one table, and several
// for the table of a thread.
func TestFindManyDescriptors(t *testing.T) {
	t.Parallel()
	c := start(t, order{Role: "many", N: 6000}, nil)
	if len(c.Sockets) != 3 {
		t.Fatalf("the child has %+v", c.Sockets)
	}
	r := find(t, Want{}, c.Sockets[0].Inode, c.Sockets[1].Inode, c.Sockets[2].Inode)
	for i, s := range c.Sockets {
		wantHolders(t, r, int32(i), s)
	}
}

// TestFindBehindLongPath: the kernel refuses to tell a path beyond PATH_MAX,
// which must not hide the descriptors after it.
func TestFindBehindLongPath(t *testing.T) {
	t.Parallel()
	deep, err := unix.Open(t.TempDir(), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	for range 20 {
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Repeat("d", 255)
		if err = unix.Mkdirat(deep, name, 0o700); err != nil {
			t.Fatal(err)
		}
		above := deep
		deep, err = unix.Openat(above, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		unix.Close(above)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(deep)
	if _, err := os.Readlink(filepath.Join("/proc/self/fd", strconv.Itoa(deep))); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Fatalf("readlink of a long path: %v", err)
	}
	file, inode := listen(t)
	behind, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, deep+1)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(behind)
	r := find(t, Want{}, inode)
	wantHolders(t, r, 0, here(inode, file.Fd()), here(inode, uintptr(behind)))
	if r.Starved != 0 {
		t.Errorf("starved %d", r.Starved)
	}
}

func TestFindStrays(t *testing.T) {
	t.Parallel()
	wanted, wantedInode := listen(t)
	a, inodeA := listen(t)
	b, inodeB := listen(t)
	c := start(t, order{Role: "hold"}, nil, b)
	r := find(t, Want{Strays: true}, wantedInode)
	wantHolders(t, r, 0, here(wantedInode, wanted.Fd()))
	if !slices.IsSortedFunc(r.Strays, compareDescriptors) {
		t.Errorf("strays are not in order: %+v", r.Strays)
	}
	var ours []Descriptor
	for _, d := range r.Strays {
		switch d.Inode {
		case wantedInode:
			t.Errorf("a wanted socket is a stray: %+v", d)
		case inodeA, inodeB:
			ours = append(ours, d)
		}
	}
	want := []Descriptor{here(inodeA, a.Fd()), here(inodeB, b.Fd()), {Inode: inodeB, PID: int32(c.pid), FD: 3}}
	slices.SortFunc(want, compareDescriptors)
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Errorf("strays (-want +got):\n%s", diff)
	}
}

func TestFindRings(t *testing.T) {
	t.Parallel()
	parameters := make([]byte, 120) // struct io_uring_params
	ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&parameters[0])), 0)
	if errno != 0 {
		t.Skipf("io_uring_setup: %v", errno)
	}
	defer unix.Close(int(ring))
	r := find(t, Want{})
	if want := here(0, ring); !slices.Contains(r.Rings, want) {
		t.Errorf("rings %+v, want %+v among them", r.Rings, want)
	}
}

func TestFindCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Proc{}).Find(ctx, Want{Inodes: NewInodes(0)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFindWithoutProc(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "none")
	if _, err := (Proc{FS: procfs.FS{Root: root}}).Find(t.Context(), Want{Inodes: NewInodes(0)}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestWalkerWithoutKcmp: where tables cannot be compared, a process with many
// threads still has each descriptor once, and a thread's own are not lost.
func TestWalkerWithoutKcmp(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	shared := start(t, order{Role: "hold"}, nil, file)
	leaderless := start(t, order{Role: "leader-exit"}, nil, file)
	split := start(t, order{Role: "threads", N: 3}, nil)

	root, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	inodes := NewInodes(0)
	inodes.Add(inode)
	for _, s := range split.Sockets {
		inodes.Add(s.Inode)
	}
	w := &walker{root: root, want: Want{Inodes: inodes}, facts: newFacts(procfs.FS{}, 0)}
	for _, pid := range []int{shared.pid, leaderless.pid, split.pid} {
		w.visit(int32(pid))
	}
	got := descriptors(w.held)
	if len(got) != 5 {
		t.Fatalf("held %+v, want 5", got)
	}
	if want := (Descriptor{Inode: inode, PID: int32(shared.pid), FD: 3}); got[0] != want {
		t.Errorf("held %+v, want %+v", got[0], want)
	}
	if h := got[1]; h.PID != int32(leaderless.pid) || h.TID == 0 || h.FD != 3 || h.Inode != inode {
		t.Errorf("held %+v, want descriptor 3 of a thread of %d", h, leaderless.pid)
	}
	rest := got[2:]
	slices.SortFunc(rest, compareDescriptors)
	slices.SortFunc(split.Sockets, compareDescriptors)
	if diff := cmp.Diff(split.Sockets, rest); diff != "" {
		t.Errorf("held by threads (-want +got):\n%s", diff)
	}
}

// TestKnownTable asks about the same tables twice.
func TestKnownTable(t *testing.T) {
	t.Parallel()
	c := start(t, order{Role: "threads", N: 30}, nil)
	w := &walker{compares: true, tables: []int32{int32(c.pid)}}
	for _, s := range c.Sockets {
		if known, sure := w.knownTable(s.TID); known || !sure {
			t.Fatalf("a new table: known %v, sure %v", known, sure)
		}
	}
	for _, s := range c.Sockets {
		if known, sure := w.knownTable(s.TID); !known || !sure {
			t.Errorf("a table that was seen: known %v, sure %v", known, sure)
		}
	}
	if len(w.tables) != 31 {
		t.Errorf("%d tables, want 31", len(w.tables))
	}
	if known, sure := w.knownTable(1 << 30); known || sure {
		t.Errorf("no thread: known %v, sure %v", known, sure)
	}
}

// TestListPIDsAgain: the list is whole every time, which is what finds those
// born meanwhile.
func TestListPIDsAgain(t *testing.T) {
	t.Parallel()
	root, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	for range 3 {
		late := start(t, order{Role: "hold"}, nil)
		pids, err := listPIDs(root)
		if err != nil || !slices.Contains(pids, int32(os.Getpid())) || !slices.Contains(pids, int32(late.pid)) {
			t.Errorf("pids %v, %v, want %d and %d among them", pids, err, os.Getpid(), late.pid)
		}
	}
}

// TestFindZombie: a process that has ended holds nothing, though it is listed.
func TestFindZombie(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	cmd := exec.Command("/bin/sh", "-c", ":")
	cmd.ExtraFiles = []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	for {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "stat"))
		if err != nil {
			t.Fatal(err)
		}
		if stateOfStat(b) == 'Z' {
			break
		}
	}
	wantHolders(t, find(t, Want{}, inode), 0, here(inode, file.Fd()))
}
