package ending

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"
)

// Options are how processes are ended.
type Options struct {
	// Signal is what asks them to end, Timeout how long they have.
	Signal  syscall.Signal
	Timeout time.Duration
	// Kill is set where those that hold on after Timeout get SIGKILL.
	Kill bool
}

// killGrace is how long the kernel may take to end a process that was killed. A
// process that waits for a device can take for ever.
const killGrace = 5 * time.Second

// Result is what became of a process.
type Result string

// The results. The names are stable and made for scripts.
const (
	Ended    Result = "ended"    // after a signal
	Released Result = "released" // it closed the sockets after a signal, and goes on
	Remains  Result = "remains"  // it holds a socket still
	Gone     Result = "gone"     // it ended or let go of the sockets before any signal
	Refused  Result = "refused"  // it is never signalled, or the kernel did not let this user
	Unsure   Result = "unsure"   // it could not be told whether it is the same process
)

// Outcome is what was done to a process.
type Outcome struct {
	PID     int
	Result  Result
	Signals []syscall.Signal // those that were sent
	// Err is why no signal, or no further one, was sent; nil where all were.
	Err error
}

// Settled reports whether the process is no longer in the way.
func (o Outcome) Settled() bool { return o.Result == Ended || o.Result == Released || o.Result == Gone }

// Failed is the outcome of a process that was not signalled for this reason.
func Failed(pid int, err error) Outcome { return Outcome{PID: pid, Result: resultOf(err), Err: err} }

func resultOf(err error) Result {
	var refusal Refusal
	switch {
	case errors.Is(err, ErrGone), errors.Is(err, ErrReplaced), errors.Is(err, ErrReleased):
		return Gone
	case errors.As(err, &refusal), errors.Is(err, syscall.EPERM):
		return Refused
	}
	return Unsure
}

// End signals the processes, waits until each has ended or closed its sockets,
// and kills those that have done neither in time. When ctx is done nothing more is
// signalled, and nothing is waited for: the result of a process that was not
// signalled by then is "", of one that was it is what was known.
func (e *Ender) End(ctx context.Context, processes []*Process, o Options) []Outcome {
	all := make([]Outcome, len(processes))
	var pending, deaf []*ended
	for i, p := range processes {
		all[i].PID = p.PID
		if ctx.Err() != nil {
			all[i].Err = ErrInterrupted
			continue
		}
		one := &ended{Process: p, Outcome: &all[i]}
		switch sent := one.send(o.Signal); {
		case sent:
			pending = append(pending, one)
		case errors.Is(one.Err, ErrDeaf) && o.Kill:
			deaf = append(deaf, one) // there is nothing to wait for
		}
	}
	pending = e.await(ctx, pending, o.Timeout)
	if ctx.Err() != nil {
		interrupt(pending)
		return all
	}
	if !o.Kill {
		return all
	}
	var killed []*ended
	for _, one := range append(pending, deaf...) {
		one.Err = nil
		if one.send(syscall.SIGKILL) {
			killed = append(killed, one)
		}
	}
	if killed = e.await(ctx, killed, killGrace); ctx.Err() != nil {
		interrupt(killed)
	}
	return all
}

// interrupt tells that nobody has waited for these to end.
func interrupt(pending []*ended) {
	for _, one := range pending {
		one.Err = ErrInterrupted
	}
}

// ended is a process and what becomes of it.
type ended struct {
	*Process
	*Outcome
	released time.Time // since when it is known to hold nothing
}

// lastBreath is how long a process may be there that has nothing open any more
// and is about to end: its files are closed before it is over (do_exit in
// kernel/exit.c).
const lastBreath = 200 * time.Millisecond

// farewell reports whether a process that has let go of its sockets goes on.
func (p *ended) farewell() bool {
	if p.released.IsZero() {
		p.released = time.Now()
	}
	return time.Since(p.released) >= lastBreath
}

// send reports whether the signal was sent, and what follows has to be waited for.
func (p *ended) send(sig syscall.Signal) bool {
	err := p.signal(sig)
	if err == nil {
		p.Signals = append(p.Signals, sig)
		p.Result = Remains
		return true
	}
	switch {
	case len(p.Signals) == 0:
		p.Result, p.Err = resultOf(err), err
	case errors.Is(err, ErrGone), errors.Is(err, ErrReplaced):
		p.Result = Ended
	case errors.Is(err, ErrReleased):
		p.Result = Released
	default:
		p.Err = err
	}
	return false
}

// Whether a process has closed its sockets is asked now and then, more and more
// seldom; when it has ended is told at once.
const (
	soonest = 5 * time.Millisecond
	seldom  = 100 * time.Millisecond
)

// await waits for the processes and returns those that neither have ended nor
// closed their sockets.
func (e *Ender) await(ctx context.Context, pending []*ended, timeout time.Duration) []*ended {
	deadline := time.Now().Add(timeout)
	for pause := soonest; len(pending) > 0 && ctx.Err() == nil; pause = min(2*pause, seldom) {
		left := time.Until(deadline)
		if left <= 0 {
			break
		}
		handles := make([]int, len(pending))
		for i, p := range pending {
			handles[i] = p.handle
		}
		over, err := e.steps.ended(handles, min(pause, left))
		if err != nil {
			break // who is left remains, as far as can be told
		}
		still := pending[:0]
		for i, p := range pending {
			if !over[i] {
				err := p.check()
				over[i] = errors.Is(err, ErrGone) || errors.Is(err, ErrReplaced)
				if errors.Is(err, ErrReleased) && p.farewell() {
					p.Result = Released
					continue
				}
			}
			if over[i] {
				p.Result = Ended
				continue
			}
			still = append(still, p)
		}
		pending = still
	}
	return slices.DeleteFunc(pending, func(p *ended) bool {
		if !p.released.IsZero() {
			p.Result = Released
		}
		return p.Result == Released
	})
}
