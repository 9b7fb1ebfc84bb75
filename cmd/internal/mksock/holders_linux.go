package mksock

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hands is how the first socket of a spec is held, beside or instead of the
// usual descriptor in the process that made it.
type hands struct {
	forks    int    // children that inherit it
	passed   string // "both" or "only": sent to a child over SCM_RIGHTS
	inflight bool   // sent over a unix socket and not received, then closed
	iouring  bool   // registered in an io_uring, then closed
	thread   bool   // made by a thread with its own descriptor table
	away     bool   // made by a thread in its own network namespace
}

func (s *spec) takeHands() (hands, error) {
	var h hands
	var err error
	if h.forks, err = s.number("fork", 0); err != nil {
		return h, err
	}
	if passed, ok := s.take("passed"); ok {
		if passed == "" {
			passed = "both"
		}
		if passed != "both" && passed != "only" {
			return h, fmt.Errorf("option passed: %q is neither both nor only", passed)
		}
		h.passed = passed
	}
	h.inflight, h.iouring = s.flag("inflight"), s.flag("iouring")
	h.thread, h.away = s.flag("thread"), s.flag("away")
	return h, nil
}

// give does what hands asks for with the sockets that were made, and returns
// who holds them afterwards.
func (f *family) give(h hands, label string, held []holding) ([]holding, error) {
	for i := range h.forks {
		more, err := f.inherit(label+"_child"+strconv.Itoa(i+1), held[0].fd)
		if err != nil {
			return nil, err
		}
		held = append(held, more...)
	}
	if h.passed != "" {
		more, err := f.pass(label+"_receiver", held[0].fd)
		if err != nil {
			return nil, err
		}
		held = append(held, more...)
	}
	switch {
	case h.inflight:
		carriers, err := sendAway(held[0].fd, label)
		if err != nil {
			return nil, err
		}
		held = append(held, carriers...)
	case h.iouring:
		if err := register(held[0].fd); err != nil {
			return nil, err
		}
	}
	if h.inflight || h.iouring || h.passed == "only" {
		if err := unix.Close(held[0].fd); err != nil {
			return nil, fmt.Errorf("close socket: %w", err)
		}
		held[0] = held[0].lost()
	}
	return held, nil
}

// inOwnTable calls open on a thread that shares its descriptor table with
// nobody and that lives as long as the process. The table starts as a copy, so
// the thread must come before the process has sockets of its own.
func inOwnTable(open func() ([]holding, error)) ([]holding, error) {
	return apart(unix.CLONE_FILES, func() ([]holding, error) {
		held, err := open()
		for i := range held {
			held[i].tid = unix.Gettid()
		}
		return held, err
	})
}

// inOwnNetwork calls open on a thread that is in a new network namespace for as
// long as the process lives.
func inOwnNetwork(open func() ([]holding, error)) ([]holding, error) {
	return apart(unix.CLONE_NEWNET, func() ([]holding, error) {
		if err := linkUp("lo"); err != nil {
			return nil, err
		}
		return open()
	})
}

// apart calls open on a thread that has left what the process shares, and that
// stays.
func apart(what int, open func() ([]holding, error)) ([]holding, error) {
	type result struct {
		held []holding
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		var r result
		if r.err = unix.Unshare(what); r.err == nil {
			r.held, r.err = open()
		}
		done <- r
		select {}
	}()
	r := <-done
	return r.held, r.err
}

// sendAway puts a copy of fd into the queue of a socket pair that nobody reads.
func sendAway(fd int, label string) ([]holding, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make socket pair: %w", err)
	}
	if err := unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(fd), nil, 0); err != nil {
		return nil, fmt.Errorf("send descriptor: %w", err)
	}
	sender, err := hold(label+"_sender", pair[0], 0)
	if err != nil {
		return nil, err
	}
	queue, err := hold(label+"_queue", pair[1], 0)
	return []holding{sender, queue}, err
}

// ioUringParams is struct io_uring_params (include/uapi/linux/io_uring.h).
type ioUringParams [120]byte

const registerFiles = 2 // IORING_REGISTER_FILES

// register lets an io_uring hold fd. The ring stays open and is no socket.
func register(fd int) error {
	var params ioUringParams
	ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return fmt.Errorf("make io_uring: %w", errno)
	}
	files := []int32{int32(fd)}
	_, _, errno = unix.Syscall6(unix.SYS_IO_URING_REGISTER, ring, registerFiles,
		uintptr(unsafe.Pointer(&files[0])), 1, 0, 0)
	if errno != 0 {
		return fmt.Errorf("register file: %w", errno)
	}
	return nil
}

// outlive ends the first thread of the process and runs stay on another one.
// A system call through the runtime's door tells the scheduler that the thread
// is away; it never comes back.
func outlive(stay func() error) error {
	if unix.Gettid() != unix.Getpid() {
		return errors.New("exit leader: not on the first thread")
	}
	go func() {
		for leaderAlive() {
			time.Sleep(time.Millisecond)
		}
		if err := stay(); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}()
	_, _, errno := unix.Syscall(unix.SYS_EXIT, 0, 0, 0)
	return fmt.Errorf("exit leader: %w", errno)
}

// leaderAlive looks at the state letter behind the last parenthesis of stat.
func leaderAlive() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", os.Getpid()))
	i := bytes.LastIndexByte(stat, ')')
	return err == nil && i >= 0 && !bytes.HasPrefix(stat[i+1:], []byte(" Z"))
}
