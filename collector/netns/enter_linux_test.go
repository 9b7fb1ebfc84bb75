package netns

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"

	"github.com/sockls/sockls/collector/socket"
)

// elsewhere is a namespace with a mount of its own.
func elsewhere(t *testing.T) Namespace {
	t.Helper()
	keep(t, "/run/web")
	ns, err := Resolve("/run/web", Options{})
	must(t, err)
	return ns
}

// allHere fails where a goroutine can find itself in another namespace.
func allHere(t *testing.T, home uint64) {
	t.Helper()
	var (
		wg      sync.WaitGroup
		arrived sync.WaitGroup
	)
	const threads = 20
	arrived.Add(threads)
	for range threads {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			arrived.Done()
			arrived.Wait() // so that each has a thread of its own
			if ns, err := Current(""); err != nil || ns.Inode != home {
				t.Errorf("a thread is in %d, not in %d: %v", ns.Inode, home, err)
			}
		})
	}
	wg.Wait()
}

func TestDo(t *testing.T) {
	if !private(t) {
		return
	}
	ns, home := elsewhere(t), here(t)
	h, err := Open(ns)
	must(t, err)
	defer h.Close()
	failed := errors.New("failed")
	err = h.Do(func() error {
		if got := here(t); got != ns.Inode {
			t.Errorf("in %d, not in %d", got, ns.Inode)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	allHere(t, home)

	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			err := h.Do(func() error {
				if got, err := Current(""); err != nil || got.Inode != ns.Inode {
					t.Errorf("in %d, not in %d: %v", got.Inode, ns.Inode, err)
				}
				runtime.Gosched()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	allHere(t, home)

	// A function that ends its goroutine takes nobody with it.
	if err := h.Do(func() error { runtime.Goexit(); return nil }); !errors.Is(err, errNoReturn) {
		t.Errorf("error %v", err)
	}
	allHere(t, home)

	// The handle outlives the mount.
	must(t, unix.Unmount("/run/web", unix.MNT_DETACH))
	must(t, h.Do(func() error { return nil }))
	if err := Do(ns, func() error { return nil }); !errors.Is(err, ErrGone) {
		t.Errorf("after the mount is gone: %v", err)
	}
}

// TestDoNoWayBack: a thread that cannot go back runs nothing else.
func TestDoNoWayBack(t *testing.T) {
	if !private(t) {
		return
	}
	ns, home := elsewhere(t), here(t)
	h, err := Open(ns)
	must(t, err)
	defer h.Close()
	must(t, unix.Mount("none", "/proc", "tmpfs", 0, ""))
	var sock int
	for range 3 {
		must(t, h.Do(func() (err error) {
			sock, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			return err
		}))
		fd, err := unix.IoctlRetInt(sock, unix.SIOCGSKNS)
		must(t, err)
		var st unix.Stat_t
		must(t, unix.Fstat(fd, &st))
		if st.Ino != ns.Inode {
			t.Errorf("the socket is of %d, not of %d", st.Ino, ns.Inode)
		}
		must(t, errors.Join(unix.Close(fd), unix.Close(sock)))
	}
	must(t, unix.Unmount("/proc", 0))
	allHere(t, home)
}

func TestOpen(t *testing.T) {
	if !private(t) {
		return
	}
	link := thread(t)
	ns := Namespace{NetNS: socket.NetNS{Inode: inode(t, link), Name: "x"}}
	stale := taskPath("/proc", os.Getpid(), 0) // which is another namespace's
	for _, tt := range []struct {
		name  string
		paths []string
		gone  bool
	}{
		{"no way", nil, true},
		{"a way that leads elsewhere", []string{stale}, true},
		{"a process that has ended", []string{"/proc/999999/ns/net"}, true},
		{"the last of several", []string{"/proc/999999/ns/net", stale, link}, false},
	} {
		ns.Paths = tt.paths
		err := Do(ns, func() error { return nil })
		if errors.Is(err, ErrGone) != tt.gone || !tt.gone && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestDoRefused: whoever may not enter is told what it takes. What one is in
// anyway is open to everybody.
func TestDoRefused(t *testing.T) {
	if !private(t) {
		return
	}
	ns := elsewhere(t)
	ns.Name = "we\x1bb"
	child := process(t)
	must(t, syscall.Setuid(65534))
	must(t, unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
	entered := func() error { t.Error("entered"); return nil }
	err := Do(ns, entered)
	if !errors.Is(err, fs.ErrPermission) || err.Error() != `enter network namespace "we\x1bb": operation not permitted (it takes CAP_SYS_ADMIN)` {
		t.Errorf("error %v", err)
	}
	of := Namespace{NetNS: socket.NetNS{Inode: ns.Inode}, PID: child, Paths: []string{taskPath("/proc", child, 0), "/run/gone"}}
	if err := Do(of, entered); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("error %v", err)
	}
	home, err := Resolve("/proc/self/ns/net", Options{})
	must(t, err)
	ran := false
	if err := Do(home, func() error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("at home: ran %v, error %v", ran, err)
	}
}

func TestAddresses(t *testing.T) {
	if !private(t) {
		return
	}
	ns := elsewhere(t)
	if got, err := Addresses(ns); err != nil || len(got) > 0 {
		t.Errorf("where lo is down: %v, error %v", got, err)
	}
	must(t, Do(ns, nstest.LoopbackUp))
	got, err := Addresses(ns)
	must(t, err)
	for _, want := range []string{"127.0.0.1", "::1"} {
		if !slices.Contains(got, netip.MustParseAddr(want)) {
			t.Errorf("%s is not among %v", want, got)
		}
	}
}
