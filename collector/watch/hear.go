package watch

import (
	"context"
	"errors"

	"github.com/sockls/sockls/collector/socket"
)

// drain takes all that was heard so far.
func (r *run) drain() {
	for range len(r.heard) {
		d, ok := <-r.heard
		r.hear(d, ok)
	}
}

// hearEarlier takes what was heard before a look, and during it of sockets that
// it has not seen, and returns the rest.
func (r *run) hearEarlier() (rest []destroyed) {
	for range len(r.heard) {
		d, ok := <-r.heard
		if ok && d.socket != nil && r.table.cookies[d.socket.Cookie] != nil && !d.at.Before(r.began) {
			rest = append(rest, d)
		} else {
			r.hear(d, ok)
		}
	}
	return rest
}

// hear takes what the kernel has told, or that it tells no more.
func (r *run) hear(d destroyed, ok bool) {
	switch {
	case !ok:
		r.heard, r.early = nil, true
		if why := r.ear.why; !errors.Is(why, context.Canceled) && !errors.Is(why, context.DeadlineExceeded) { // that is the end of the watch
			r.notice(socket.Notice{
				Code:    "events-ended",
				Message: "the kernel does not tell of destroyed sockets any more, so those that live shorter than from one look to the next are missed: " + why.Error(),
			})
		}
		return
	case d.socket == nil:
		r.lose(d)
		return
	}
	if e := r.table.cookies[d.socket.Cookie]; e != nil {
		r.hearKnown(e, d)
	} else {
		r.hearBrief(d)
	}
}

// hearKnown takes the end of a socket that a look has seen, or its remains.
func (r *run) hearKnown(e *entry, d destroyed) {
	switch {
	case e.closed:
		if e.final == nil && e.missed > 0 {
			r.forget(e) // it was told of when it left the tables
		}
	case !e.inView:
		e.final = &d
	case r.remains && leaves(d.socket) && !leavesNothing(e.state):
		e.final, r.early = &d, true
	default:
		e.final = &d
		r.events = append(r.events, r.closing(e, d.at))
		e.inView, e.closed = false, true
	}
}

// lose tells that events are missing.
func (r *run) lose(d destroyed) {
	r.early = true
	if n := len(r.events); n > 0 && r.events[n-1].Kind == Lost {
		r.events[n-1].Missing += d.missing
		return
	}
	r.events = append(r.events, Event{Kind: Lost, Time: d.at, Missing: d.missing})
}
