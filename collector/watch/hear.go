package watch

import (
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// A connection that is closed first on this side leaves a small socket behind, in
// FIN_WAIT2 or TIME_WAIT, while the connection's own is destroyed. It has the same
// cookie, unless nobody had asked for that before: then the two have nothing in
// common but the four-tuple.

// tuple is what a connection and its remains have in common.
type tuple struct{ local, remote socket.Endpoint }

func tupleOf(s *socket.Socket) tuple { return tuple{s.Local, s.Remote} }

// isRemains reports whether a row can be what is left of a connection.
func isRemains(s *socket.Socket) bool {
	return s.Proto == socket.TCP && s.Inode == 0 && (s.State == socket.TimeWait || s.State == socket.FinWait2)
}

// leaves reports whether a destroyed socket can have left remains behind.
func leaves(s *socket.Socket) bool { return s.Proto == socket.TCP && !s.Remote.IsZero() }

// brief is a socket that no look has seen. Where remains are in view, it waits for
// the next look, which may find them.
type brief struct {
	destroyed
	after time.Time // the look that it was not there at
	told  bool
}

// drain takes all that was heard so far.
func (r *run) drain() {
	for range len(r.heard) {
		d, ok := <-r.heard
		r.hear(d, ok)
	}
}

// hearUnseen takes what was heard during a look of sockets that it has not seen,
// and returns the rest.
func (r *run) hearUnseen() (rest []destroyed) {
	for range len(r.heard) {
		d, ok := <-r.heard
		if ok && d.socket != nil && r.table.cookies[d.socket.Cookie] != nil {
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
		r.notice(socket.Notice{
			Code:    "events-ended",
			Message: "the kernel does not tell of destroyed sockets any more, so those that live shorter than from one look to the next are missed",
		})
		return
	case d.socket == nil:
		r.lose(d)
		return
	}
	e := r.table.cookies[d.socket.Cookie]
	switch {
	case e == nil:
		r.hearBrief(d)
	case e.closed:
		if e.final == nil && e.missed > 0 {
			r.table.forget(e) // it was told of when it left the tables
		}
	case !e.inView:
		e.final = &d
	case r.remains && leaves(d.socket):
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

// hearBrief takes the end of a socket that is not known. Before the first look it
// can be any.
func (r *run) hearBrief(d destroyed) {
	if !r.ready {
		return
	}
	switch r.View.admitsBrief(d.socket) {
	case socket.Unknown:
		r.undecided(d.socket)
		return
	case socket.No:
		return
	}
	d.socket.NoProcess = socket.ReasonUnknown
	b := &brief{destroyed: d, after: r.last}
	at := tupleOf(d.socket)
	if !r.remains || !leaves(d.socket) {
		r.tellBrief(b, d.socket)
		if leaves(d.socket) {
			r.ghosts[at] = r.table.look
		}
		return
	}
	if e := r.leftover[at]; e != nil { // the remains were seen first
		e.final = &d
		delete(r.leftover, at)
		return
	}
	r.waiting = append(r.waiting, b)
	r.briefs[at] = b
	r.early = true
}

// tellBrief tells that a socket came and went.
func (r *run) tellBrief(b *brief, s *socket.Socket) {
	b.told = true
	opened := Event{Kind: Open, Time: b.at, Socket: s, Brief: true}
	closed := Event{Kind: Close, Time: b.at, Socket: s, Brief: true, Final: true, Lived: b.at.Sub(b.after)}
	r.events = append(r.events, opened, closed)
}

// claimed reports whether a new row is but what is left of a connection that was
// told of, or is told of now.
func (r *run) claimed(e *entry) bool {
	s := e.socket
	at := tupleOf(s)
	if _, ok := r.ghosts[at]; ok {
		e.closed = true
		return true
	}
	b := r.briefs[at]
	if b == nil {
		r.leftover[at] = e
		return false
	}
	delete(r.briefs, at)
	was := *b.socket
	was.Cookie = s.Cookie // that of the connection is nowhere any more
	if !r.judge(s) {
		r.tellBrief(b, &was)
		return true
	}
	b.told = true
	e.inView, e.final, e.since = true, &b.destroyed, b.at
	r.events = append(r.events,
		Event{Kind: Open, Time: b.at, Socket: &was, Brief: true},
		Event{Kind: Change, Time: r.began, Socket: s, Before: &was, Changed: r.table.changes(&was, s), Whole: true, Lived: r.began.Sub(b.at)})
	return true
}

// settle ends what has waited for a complete look.
func (r *run) settle() {
	kept := r.waiting[:0]
	for _, b := range r.waiting {
		switch {
		case b.told:
		case b.at.Before(r.began):
			r.tellBrief(b, b.socket)
			if at := tupleOf(b.socket); r.briefs[at] == b {
				delete(r.briefs, at)
			}
		default:
			kept = append(kept, b)
		}
	}
	clear(r.waiting[len(kept):])
	r.waiting = kept
	r.early = r.early || len(kept) > 0
	for at, look := range r.ghosts {
		if look < r.table.look {
			delete(r.ghosts, at)
		}
	}
}
