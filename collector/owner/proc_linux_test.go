package owner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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
	if w.PIDs == nil {
		wantSame(t, r, findByKernel(t, w))
	}
	return r
}

// findByKernel is nil where the kernel cannot be asked.
func findByKernel(t *testing.T, w Want) *Result {
	t.Helper()
	r, err := Chooser{Way: BPF, Kernel: &Kernel{}}.Find(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if r.Way == BPF {
		return r
	}
	rights, err := readRights()
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(kernelTypes)
	if link, _ := os.Readlink("/proc/self/ns/pid"); rights.bpf && link == initialPIDNS && err == nil {
		t.Errorf("the kernel could not be asked: %s", r.Reason)
	}
	return nil
}

// needBPF skips a test where the kernel cannot be asked.
func needBPF(t *testing.T) {
	t.Helper()
	if findByKernel(t, Want{Inodes: NewInodes(0)}) == nil {
		t.Skip("the kernel cannot be asked for descriptors")
	}
}

// wantSame compares the holders that both ways have found.
func wantSame(t *testing.T, proc, kernel *Result) {
	t.Helper()
	if kernel == nil {
		return
	}
	if diff := cmp.Diff(proc.starts, kernel.starts); diff != "" {
		t.Errorf("numbers of holders (-proc +bpf):\n%s", diff)
	}
	if diff := cmp.Diff(proc.held, kernel.held, cmp.AllowUnexported(Held{})); diff != "" {
		t.Errorf("holders (-proc +bpf):\n%s", diff)
	}
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
	wantStrays(t, r, wanted, wantedInode, a, inodeA, b, inodeB, c)
	inodes := NewInodes(1)
	inodes.Add(wantedInode)
	if r := findByKernel(t, Want{Strays: true, Inodes: inodes}); r != nil {
		wantStrays(t, r, wanted, wantedInode, a, inodeA, b, inodeB, c)
	}
}

func wantStrays(t *testing.T, r *Result, wanted *os.File, wantedInode uint64, a *os.File, inodeA uint64, b *os.File, inodeB uint64, c child) {
	t.Helper()
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
	for _, r := range []*Result{find(t, Want{}), findByKernel(t, Want{Inodes: NewInodes(0)})} {
		if want := here(0, ring); r != nil && !slices.Contains(r.Rings, want) {
			t.Errorf("rings %+v, want %+v among them", r.Rings, want)
		}
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
