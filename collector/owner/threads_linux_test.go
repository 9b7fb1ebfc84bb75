package owner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
// which are descriptors of their own. It runs before the parallel tests, whose
// descriptors it would copy, and waits until the thread is gone.
func TestFindCopiedTable(t *testing.T) {
	file, inode := listen(t)
	tid, release := make(chan int), make(chan struct{})
	offMain(func() {
		defer close(tid)
		if err := unix.Unshare(unix.CLONE_FILES); err != nil {
			tid <- 0
			return
		}
		tid <- unix.Gettid()
		<-release
	})
	thread := <-tid
	if thread == 0 {
		t.Skip("unshare(CLONE_FILES) is refused")
	}
	copied := here(inode, file.Fd())
	copied.TID = int32(thread)
	r := find(t, Want{Strays: true}, inode)
	wantHolders(t, r, 0, here(inode, file.Fd()), copied)
	close(release)
	<-tid
	for path := fmt.Sprintf("/proc/self/task/%d", thread); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
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

// offMain runs f on a thread of its own, which ends with it and takes its table
// along. The main thread would stay, so it is kept busy when it happens to be
// the one.
func offMain(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != os.Getpid() {
			f()
			return
		}
		done := make(chan struct{})
		offMain(func() {
			defer close(done)
			f()
		})
		<-done
		runtime.UnlockOSThread()
	}()
}
