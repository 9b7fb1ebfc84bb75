package ending

import (
	"fmt"
	"slices"
	"syscall"
	"time"
)

// Ender ends processes.
type Ender struct {
	steps steps
	boot  time.Time
	self  int
	// ancestors are the processes that this one was started from.
	ancestors []int
}

// Process is a process that was found to be the target. It stays what it is
// whatever becomes of the pid.
type Process struct {
	Target
	steps  steps
	handle int
	start  time.Duration
}

// Open takes hold of a target. The error is a Refusal or one of the errors of
// this package, wrapped in one that names the pid.
func (e *Ender) Open(t Target) (*Process, error) {
	p, err := e.open(t)
	if err != nil {
		return nil, &Error{PID: t.PID, Err: err}
	}
	return p, nil
}

func (e *Ender) open(t Target) (*Process, error) {
	switch {
	case t.PID == 1:
		return nil, RefusedFirst
	case t.PID == e.self:
		return nil, RefusedSelf
	case slices.Contains(e.ancestors, t.PID):
		return nil, RefusedAncestor
	case t.Started.IsZero():
		return nil, ErrUnsure
	}
	handle, err := e.steps.open(t.PID)
	if err != nil {
		return nil, err
	}
	p := &Process{Target: t, steps: e.steps, handle: handle, start: t.Started.Sub(e.boot)}
	if err := p.check(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Error is a process that could not be signalled.
type Error struct {
	PID int
	Err error
}

func (e *Error) Error() string { return fmt.Sprintf("process %d: %v", e.PID, e.Err) }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// Close lets go of the process.
func (p *Process) Close() { p.steps.close(p.handle) }

// check reports whether the process is the target still. The handle is asked
// last: a process that has not ended then has had its pid all the time, so what
// was read under that pid was read of it.
func (p *Process) check() error {
	found := p.examine()
	over, err := p.over()
	switch {
	case err != nil:
		return err
	case over && found == ErrReplaced:
		return ErrReplaced
	case over:
		return ErrGone
	}
	return found
}

// examine looks at whatever has the pid.
func (p *Process) examine() error {
	is, err := p.steps.identify(p.PID)
	switch {
	case err != nil:
		return err
	case is.start != p.start:
		return ErrReplaced
	case is.kernel:
		return RefusedKernel
	}
	holds, err := p.steps.holds(p.PID, &p.Target)
	switch {
	case err != nil:
		return err
	case !holds:
		return ErrReleased
	}
	return nil
}

// over reports whether the process has ended.
func (p *Process) over() (bool, error) {
	ended, err := p.steps.ended([]int{p.handle}, 0)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	return ended[0], nil
}

// signal signals the process if it is the target still and holds a socket still.
func (p *Process) signal(sig syscall.Signal) error {
	if err := p.check(); err != nil {
		return err
	}
	return p.steps.signal(p.handle, sig)
}
