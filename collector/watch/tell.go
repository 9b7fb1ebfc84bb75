package watch

import (
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// tell makes events of what a look has found, and of what was heard meanwhile.
// Sockets that were seen and are destroyed by now are opened first. Those that are
// gone are closed before others are opened, which may have the same two ends.
func (r *run) tell(fresh []*entry, changed []moved, missed []*entry, complete bool) {
	r.early = false
	later := r.hearEarlier()
	for _, m := range changed {
		r.tellChange(m)
	}
	for _, e := range fresh {
		r.tellNew(e)
	}
	r.ready = true
	for _, d := range later {
		r.hear(d, true)
	}
	if r.heard != nil {
		if n := r.ear.sub.MoreMissing(); n > 0 {
			r.lose(destroyed{at: time.Now(), missing: n})
		}
	}
	if !complete {
		r.early = true
		if r.last.IsZero() {
			r.last = r.began
		}
		return
	}
	others := r.events
	r.events = nil
	for _, e := range missed {
		r.tellMissed(e)
	}
	r.events = append(r.events, others...)
	r.settle()
	r.last = r.began
}

// tellNew tells of a socket that was not there before.
func (r *run) tellNew(e *entry) {
	s := e.socket
	r.table.take(e, s)
	e.since, e.after, e.whole = r.began, r.last, r.ready
	if r.ready && isRemains(s) && r.claimed(e) {
		return
	}
	if !r.judge(s) {
		return
	}
	e.inView = true
	switch {
	case r.ready:
		r.events = append(r.events, Event{Kind: Open, Time: r.began, Socket: s, Whole: true})
	case r.Initial:
		r.events = append(r.events, Event{Kind: Initial, Time: r.began, Socket: s})
	}
}

// judge reports whether a socket is in view.
func (r *run) judge(s *socket.Socket) bool {
	if r.steady {
		return true
	}
	switch r.View.admits(s) {
	case socket.Yes:
		return true
	case socket.Unknown:
		r.undecided(s)
	}
	return false
}

// tellChange tells what has changed of a known socket.
func (r *run) tellChange(m moved) {
	e, before := m.entry, m.socket
	if e.closed { // before this look, and it has seen what is left
		return
	}
	names := r.table.changes(before, m.now)
	r.table.take(e, m.now)
	was := e.inView
	e.inView = r.judge(m.now)
	switch {
	case was && e.inView && len(names) > 0:
		r.events = append(r.events, Event{
			Kind: Change, Time: r.began, Socket: m.now, Before: before, Changed: names,
			Held: lastHolders(e), Lived: r.began.Sub(e.since), Most: e.most(r.began), Whole: e.whole,
		})
	case was != e.inView:
		r.cross(e, before)
	}
}

// judgeAgain looks whether an unchanged socket is still in view: the filter may be
// about what is not worth an event.
func (r *run) judgeAgain(e *entry, now *socket.Socket, rows *socket.Rows) {
	is := r.judge(now)
	if is == e.inView {
		return
	}
	before := e.socket
	r.table.take(e, rows.Add(now))
	e.inView = is
	r.cross(e, before)
}

// cross tells that a socket has come into view, or left it.
func (r *run) cross(e *entry, before *socket.Socket) {
	event := Event{Kind: Open, Time: r.began, Socket: e.socket, Before: before, Crossed: true}
	if !e.inView {
		event.Kind, event.Held = Close, lastHolders(e)
		event.Lived, event.Most, event.Whole = r.began.Sub(e.since), e.most(r.began), e.whole
	}
	r.events = append(r.events, event)
}

// certain is how many looks in a row have to miss a socket that nobody has told the
// end of: the kernel goes on with a long table where it was when the last datagram
// was full, by counting, and when a row before that has gone since it skips one.
const certain = 2

// late is how late the kernel may be to tell of the end of a socket: it leaves that
// to a worker, which a busy machine lets wait, for more than a second if there is
// ten times as much to do as it can.
const late = 3 * time.Second

// longGone is after how long a socket is forgotten that has left the tables and may
// be destroyed yet.
const longGone = 3 * time.Minute

// tellMissed tells of a socket that a look has not seen.
func (r *run) tellMissed(e *entry) {
	if e.missed == 0 {
		e.gone = r.began
	}
	if e.missed < certain {
		e.missed++
	}
	switch {
	case e.final != nil && e.final.at.Before(r.began):
		if e.inView {
			at := e.final.at
			if isRemains(e.socket) {
				at = e.gone
			}
			r.events = append(r.events, r.closing(e, at))
		}
		r.forget(e)
	case e.final != nil:
		r.early = true
	case e.closed:
		if !r.told(e) || r.began.Sub(e.gone) > longGone {
			r.forget(e)
		}
	case e.missed < certain:
		r.early = r.early || e.inView
	case r.told(e) && r.began.Sub(e.gone) < late:
		return
	case e.inView:
		r.events = append(r.events, r.closing(e, e.gone))
		e.inView, e.closed = false, true
	default:
		r.forget(e)
	}
}

// told reports whether the kernel may yet tell of the end of a socket.
func (r *run) told(e *entry) bool {
	s := e.socket
	return r.heard != nil && Told.Has(s.Proto) && !isRemains(s) && s.State != socket.SynRecv && s.State != socket.NewSynRecv
}

// forget removes a socket that is gone for good.
func (r *run) forget(e *entry) {
	if len(r.leftover) > 0 {
		if at := tupleOf(e.socket); r.leftover[at] == e {
			delete(r.leftover, at)
		}
	}
	r.table.forget(e)
}

// most is the most that a socket can have lived until a time, 0 where nobody knows.
func (e *entry) most(until time.Time) time.Duration {
	if !e.whole {
		return 0
	}
	return max(until.Sub(e.after), 0)
}

// closing is the end of a socket, with its last counters where they are known.
func (r *run) closing(e *entry, at time.Time) Event {
	event := Event{
		Kind: Close, Time: at, Socket: e.socket, Held: lastHolders(e),
		Lived: max(at.Sub(e.since), 0), Most: e.most(at), Whole: e.whole,
	}
	if e.final == nil {
		return event
	}
	event.Final = true
	event.Socket = withCounters(e.socket, e.final.socket)
	return event
}

// withCounters is a socket with the counters of another sight of it.
func withCounters(s, last *socket.Socket) *socket.Socket {
	if last.Details == nil || last.Details.TCP == nil {
		return s
	}
	c := *s
	if c.Details = s.Details.Clone(); c.Details == nil {
		c.Details = &socket.Details{}
	}
	c.Details.TCP = last.Details.TCP
	return &c
}
