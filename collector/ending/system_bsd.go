//go:build darwin || freebsd || openbsd

package ending

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/portable"
	"github.com/sockls/sockls/collector/procfs"
)

// New returns an Ender for the processes of this system.
func New(procfs.FS) (*Ender, error) {
	tables, err := portable.New()
	if err != nil {
		return nil, err
	}
	self := os.Getpid()
	s := &system{tables: tables, watched: map[int]*watched{}}
	// Start times are compared as the collector tells them: since 1970.
	return &Ender{steps: s, boot: time.UnixMilli(0), self: self, ancestors: s.ancestors(self)}, nil
}

// system is the running system. A handle is a kqueue that waits for the end of one
// process (EVFILT_PROC with NOTE_EXIT of kqueue(2)), whatever becomes of its pid. There
// is no way to signal by it: a signal goes to the pid, right after the process was
// found to be the target and not to have ended.
type system struct {
	tables *portable.Collector

	mu      sync.Mutex
	watched map[int]*watched
}

// watched is the process of a handle.
type watched struct {
	pid  int
	over bool
}

func (s *system) open(pid int) (int, error) {
	handle, err := unix.Kqueue()
	if err != nil {
		return -1, fmt.Errorf("kqueue: %w", err)
	}
	unix.CloseOnExec(handle)
	var change unix.Kevent_t
	unix.SetKevent(&change, pid, unix.EVFILT_PROC, unix.EV_ADD)
	change.Fflags = unix.NOTE_EXIT
	_, err = unix.Kevent(handle, []unix.Kevent_t{change}, nil, nil)
	if err != nil {
		_ = unix.Close(handle) // nothing is lost with it
		if errors.Is(err, unix.ESRCH) {
			return -1, ErrGone
		}
		return -1, fmt.Errorf("watch process: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched[handle] = &watched{pid: pid}
	return handle, nil
}

func (s *system) close(handle int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watched, handle)
	_ = unix.Close(handle) // a kqueue holds no data
}

// identify tells who has this pid now. A shell that gives what it starts a process
// group of its own is one that a person types into.
func (s *system) identify(pid int) (identity, error) {
	created, name, parent, err := s.tables.Identify(context.Background(), pid)
	switch {
	case errors.Is(err, portable.ErrGone):
		return identity{}, ErrGone
	case err != nil:
		return identity{}, fmt.Errorf("%w: %w", ErrUnsure, err)
	case created.IsZero():
		return identity{}, fmt.Errorf("%w: when it was started is not known", ErrUnsure)
	}
	is := identity{start: created.Sub(time.UnixMilli(0)), kernel: pid == 0, name: name, parent: parent, terminal: true}
	if is.group, err = unix.Getpgid(pid); err != nil {
		is.terminal = false
	}
	return is, nil
}

// ancestors are the processes above one, as far as this user may see them.
func (s *system) ancestors(pid int) (above []int) {
	for {
		is, err := s.identify(pid)
		if err != nil || is.parent == 0 || slices.Contains(above, is.parent) {
			return above
		}
		pid = is.parent
		above = append(above, pid)
	}
}

func (s *system) holds(pid int, t *Target) (bool, error) {
	holds, err := s.tables.Holds(context.Background(), pid, t.Sockets)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	return holds, nil
}

// ended asks each handle now and then.
func (s *system) ended(handles []int, wait time.Duration) ([]bool, error) {
	const often = 10 * time.Millisecond
	for deadline := time.Now().Add(wait); ; {
		over, any, err := s.over(handles)
		left := time.Until(deadline)
		if err != nil || any || left <= 0 {
			return over, err
		}
		time.Sleep(min(often, left))
	}
}

func (s *system) over(handles []int) (all []bool, some bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all = make([]bool, len(handles))
	for i, handle := range handles {
		w := s.watched[handle]
		if !w.over {
			var events [1]unix.Kevent_t
			n, err := unix.Kevent(handle, nil, events[:], &unix.Timespec{})
			if err != nil && !errors.Is(err, unix.EINTR) {
				return nil, false, fmt.Errorf("wait for a process: %w", err)
			}
			w.over = n > 0
		}
		all[i] = w.over
		some = some || w.over
	}
	return all, some, nil
}

func (s *system) signal(handle int, sig syscall.Signal) error {
	over, _, err := s.over([]int{handle})
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnsure, err)
	case over[0]:
		return ErrGone
	}
	s.mu.Lock()
	pid := s.watched[handle].pid
	s.mu.Unlock()
	if err := unix.Kill(pid, sig); errors.Is(err, unix.ESRCH) {
		return ErrGone
	} else if err != nil {
		return err
	}
	return nil
}
