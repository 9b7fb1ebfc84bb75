package netns

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

// Handle is an open namespace. It keeps the namespace alive, whatever becomes
// of its processes.
type Handle struct {
	fd    int
	ns    Namespace
	label string
}

// Open opens a namespace by the first of its paths that still leads there. It
// needs no privilege for the namespace of a process of one's own.
func Open(ns Namespace) (*Handle, error) {
	label := ns.Label()
	err := error(ErrGone)
	for _, path := range ns.Paths {
		fd, openErr := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if openErr != nil {
			if !errors.Is(openErr, fs.ErrNotExist) && !errors.Is(openErr, unix.ESRCH) {
				err = cmp.Or(unlessGone(err), error(&fs.PathError{Op: "open", Path: path, Err: openErr}))
			}
			continue
		}
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Ino == ns.Inode && (ns.dev == 0 || st.Dev == ns.dev) {
			return &Handle{fd: fd, ns: ns, label: label}, nil
		}
		_ = unix.Close(fd) // of something else: the pid or the name was given again
	}
	return nil, fmt.Errorf("enter network namespace %s: %w", label, err)
}

// unlessGone lets a better reason take the place of ErrGone.
func unlessGone(err error) error {
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// Close lets go of the namespace.
func (h *Handle) Close() {
	_ = unix.Close(h.fd) // a namespace has nothing to lose
}

// NetNS names the namespace that is open.
func (h *Handle) NetNS() Namespace { return h.ns }

// Do runs f in the namespace and returns its error. What f opens stays there:
// sockets, tables below /proc/thread-self/net and settings below /proc/sys/net.
// Goroutines that f starts run elsewhere.
//
// f runs on a thread that nothing else uses meanwhile. If the thread cannot go
// back it is given up: a goroutine that ends while it is locked to its thread
// takes the thread with it.
//
// Entering takes CAP_SYS_ADMIN over the namespace and in one's own user
// namespace; the error says so. The namespace that the program is in anyway is
// entered by everybody.
func (h *Handle) Do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errNoReturn
		defer func() { done <- err }()
		runtime.LockOSThread()
		back, enterErr := h.enter()
		defer func() {
			if back() {
				runtime.UnlockOSThread()
			}
		}()
		if err = enterErr; err == nil {
			err = errNoReturn
			err = f()
		}
	}()
	return <-done
}

// errNoReturn is what Do returns for a function that ended its goroutine.
var errNoReturn = errors.New("the function in the network namespace did not return")

// enter moves the calling thread. The function that it returns moves it back
// and reports whether it could.
func (h *Handle) enter() (back func() bool, err error) {
	stay := func() bool { return true }
	home, homeErr := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if homeErr == nil {
		var st unix.Stat_t
		if unix.Fstat(home, &st) == nil && st.Ino == h.ns.Inode {
			_ = unix.Close(home) // a namespace has nothing to lose
			return stay, nil
		}
	}
	if err := unix.Setns(h.fd, unix.CLONE_NEWNET); err != nil {
		if homeErr == nil {
			_ = unix.Close(home)
		}
		if errors.Is(err, unix.EPERM) {
			return stay, fmt.Errorf("enter network namespace %s: %w (it takes CAP_SYS_ADMIN)", h.label, err)
		}
		return stay, fmt.Errorf("enter network namespace %s: %w", h.label, err)
	}
	if homeErr != nil {
		return func() bool { return false }, nil
	}
	return func() bool {
		defer unix.Close(home)
		return unix.Setns(home, unix.CLONE_NEWNET) == nil
	}, nil
}

// Do is Handle.Do for a namespace that is entered once.
func Do(ns Namespace, f func() error) error {
	h, err := Open(ns)
	if err != nil {
		return err
	}
	defer h.Close()
	return h.Do(f)
}

// Addresses returns the addresses of all interfaces of a namespace, without
// zones.
func Addresses(ns Namespace) ([]netip.Addr, error) {
	var all []netip.Addr
	err := Do(ns, func() error {
		found, err := net.InterfaceAddrs()
		if err != nil {
			return fmt.Errorf("list addresses of network namespace %s: %w", ns.Label(), err)
		}
		for _, a := range found {
			if prefix, ok := a.(*net.IPNet); ok {
				if addr, ok := netip.AddrFromSlice(prefix.IP); ok {
					all = append(all, addr.Unmap())
				}
			}
		}
		return nil
	})
	return all, err
}
