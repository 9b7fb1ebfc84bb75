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

// leavesNothing reports whether a connection leaves nothing behind here that was in
// a state last: one that the other side has closed first, or that never was.
func leavesNothing(s socket.State) bool {
	return s == socket.CloseWait || s == socket.LastAck || s == socket.SynSent
}

// brief is a socket that no look has seen. Where remains are in view, it waits for
// the next look, which may find them.
type brief struct {
	destroyed
	after time.Time // the look that it was not there at
	told  bool
}

// hearBrief takes the end of a socket that is not known. Before the first look it
// can be any.
func (r *run) hearBrief(d destroyed) {
	if !r.ready {
		return
	}
	at := tupleOf(d.socket)
	if e := r.leftover[at]; e != nil && leaves(d.socket) { // the remains were seen first
		delete(r.leftover, at)
		r.hearKnown(e, d)
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
	if !r.remains || !leaves(d.socket) {
		r.tellBrief(b, d.socket)
		if leaves(d.socket) {
			r.ghosts[at] = r.table.look
		}
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
	ends := tupleOf(s)
	if _, ok := r.ghosts[ends]; ok {
		e.closed = true
		return true
	}
	b := r.briefs[ends]
	if b == nil {
		if e.final == nil {
			r.leftover[ends] = e
		}
		return false
	}
	delete(r.briefs, ends)
	was := *b.socket
	was.Cookie = s.Cookie // that of the connection is nowhere any more
	if !r.judge(s) {
		r.tellBrief(b, &was)
		return true
	}
	b.told = true
	e.inView, e.final, e.since, e.after = true, &b.destroyed, b.at, b.after
	at := b.at // it may have been heard of while the look went on
	if r.began.After(at) {
		at = r.began
	}
	r.events = append(r.events,
		Event{Kind: Open, Time: b.at, Socket: &was, Brief: true},
		Event{Kind: Change, Time: at, Socket: s, Before: &was, Changed: r.table.changes(&was, s), Whole: true, Lived: at.Sub(b.at), Most: e.most(at)})
	return true
}

// settle ends what has waited for a complete look. That may have skipped remains,
// which the next one finds.
func (r *run) settle() {
	kept := r.waiting[:0]
	for _, b := range r.waiting {
		switch {
		case b.told:
		case b.at.Before(r.began):
			r.tellBrief(b, b.socket)
			at := tupleOf(b.socket)
			r.ghosts[at] = r.table.look
			if r.briefs[at] == b {
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
