package nstest

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Enter moves the test's thread to a network namespace of its own, with lo up,
// until the test is over. The thread is moved back before it is unlocked, for it
// may be the leading one, which Go never ends; one that cannot go back stays
// locked, and ends with the test.
func Enter(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		t.Fatal(err)
	}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		_ = home.Close() // nothing was written to it
		runtime.UnlockOSThread()
		t.Skipf("making a network namespace: %v", err)
	}
	t.Cleanup(func() {
		defer home.Close()
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	})
	if err := LoopbackUp(); err != nil {
		t.Fatal(err)
	}
}

// Run runs a function on another thread that is in a network namespace of its own,
// with lo up. The function may end its goroutine, but not the test.
func Run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	var refused error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			t.Error(err)
			return
		}
		defer home.Close()
		if refused = unix.Unshare(unix.CLONE_NEWNET); refused != nil {
			return
		}
		// A thread that cannot go home stays locked, and ends here.
		defer func() {
			if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
				runtime.UnlockOSThread()
			}
		}()
		if err := LoopbackUp(); err != nil {
			t.Error(err)
			return
		}
		f(t)
	}()
	<-done
	if refused != nil {
		t.Skipf("making a network namespace: %v", refused)
	}
}

// Apart runs f on a thread that ends with it, and that is not the main thread:
// Go never ends that one, and what /proc tells of the process is true of it.
func Apart(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return // with the thread still locked
		}
		started := make(chan struct{})
		Apart(func() {
			close(started)
			f()
		})
		<-started
		runtime.UnlockOSThread()
	}()
}

// LoopbackUp sets lo up in the calling thread's network namespace.
func LoopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}
