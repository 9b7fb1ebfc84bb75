package tui

import (
	"slices"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// How long rows stay lit, and how long those that are closed stay.
const (
	litTime  = 1500 * time.Millisecond
	fadeTime = 4 * time.Second
	goneTime = 2500 * time.Millisecond
	// mostGone is how many closed rows are kept at the same time. A machine that
	// closes thousands of connections a second would fill the screen with them.
	mostGone = 200
)

// identity tells a socket from all others: by its cookie, and where it has none
// by its ends.
type identity struct {
	cookie        uint64
	inode         uint64
	local, remote socket.Endpoint
	proto         socket.Proto
	family        socket.Family
}

func identify(s *socket.Socket) identity {
	if s.Cookie != 0 {
		return identity{cookie: s.Cookie}
	}
	return identity{
		inode: s.Inode, local: s.Local, remote: s.Remote,
		proto: s.Proto, family: s.Family,
	}
}

// entry is a socket on the screen.
type entry struct {
	id  identity
	now *socket.Socket
	// opened, altered and closed are when that was seen to happen, zero where it
	// was not. Changed are the columns that altered is about.
	opened, altered, closed time.Time
	changed                 []string
	rate                    rate
	round                   int // of the Fresh batch that has it
}

// store are all sockets.
type store struct {
	entries map[identity]*entry
	order   []*entry // in the order of the table, or nearly
	gone    []*entry // those closed and still shown, the first closed first
	round   int
	look    time.Time // the last one
	// fading is when nothing will be lit any more.
	fading time.Time
	// Opens and closes are counts since the last look, history those of the
	// looks before, the latest last.
	opens, closes int
	history       []tally
	lost          int
}

// tally is what happened between two looks.
type tally struct {
	opens, closes int
	took          time.Duration
}

// longest is how many looks the history has.
const longest = 300

func newStore() store { return store{entries: make(map[identity]*entry)} }

// apply takes a batch in.
func (t *store) apply(b *Batch, now time.Time) {
	if b.Fresh {
		t.round++
	}
	for i := range b.Events {
		t.happen(&b.Events[i], now)
	}
	for _, s := range b.Rows {
		if e := t.entries[identify(s)]; e == nil || e.closed.IsZero() {
			t.put(s)
		}
	}
	if b.Fresh {
		t.forget(func(e *entry) bool { return e.round != t.round })
	}
	if b.Looked {
		t.looked(b)
	}
}

// happen is one event.
func (t *store) happen(ev *watch.Event, now time.Time) {
	switch ev.Kind {
	case watch.Lost:
		t.lost += max(1, ev.Missing)
		return
	case watch.Initial:
		t.put(ev.Socket)
		return
	case watch.Open:
		t.opens++
		e := t.put(ev.Socket)
		if !e.closed.IsZero() {
			// It has no cookie, and what was closed a moment ago had its ends.
			t.gone = slices.DeleteFunc(t.gone, func(o *entry) bool { return o == e })
		}
		e.opened, e.closed = now, time.Time{}
		t.light(now.Add(fadeTime))
	case watch.Change:
		e := t.put(ev.Socket)
		e.altered, e.changed = now, ev.Changed
		t.light(now.Add(fadeTime))
	case watch.Close:
		t.closes++
		last := ev.Socket
		if len(last.Processes) == 0 && len(ev.Held) > 0 {
			// Whose it was is of more interest than that nobody has it any more.
			last = new(*last)
			last.Processes = ev.Held
		}
		e := t.put(last)
		if e.closed.IsZero() {
			e.closed = now
			t.gone = append(t.gone, e)
			t.light(now.Add(goneTime))
		}
	}
}

func (t *store) light(until time.Time) {
	if until.After(t.fading) {
		t.fading = until
	}
}

// put takes in a socket as it is now.
func (t *store) put(s *socket.Socket) *entry {
	id := identify(s)
	e := t.entries[id]
	if e == nil {
		e = &entry{id: id}
		t.entries[id] = e
		t.order = append(t.order, e)
	}
	e.now, e.round = s, t.round
	return e
}

// looked ends a look: rates are those since the look before.
func (t *store) looked(b *Batch) {
	took := time.Duration(0)
	if !t.look.IsZero() {
		took = b.Time.Sub(t.look)
	}
	for _, e := range t.order {
		e.rate.measure(e.now, took)
	}
	if !b.Fresh {
		t.history = append(t.history, tally{t.opens, t.closes, took})
		if len(t.history) > longest {
			t.history = slices.Delete(t.history, 0, len(t.history)-longest)
		}
	}
	t.look, t.opens, t.closes = b.Time, 0, 0
}

// fade drops the rows that have been closed for long enough, and reports whether
// anything is lit or struck through still.
func (t *store) fade(now time.Time) bool {
	n := max(0, len(t.gone)-mostGone)
	for n < len(t.gone) && now.Sub(t.gone[n].closed) >= goneTime {
		n++
	}
	for _, e := range t.gone[:n] {
		delete(t.entries, e.id)
	}
	t.gone = slices.Delete(t.gone, 0, n)
	if n > 0 {
		t.order = slices.DeleteFunc(t.order, func(e *entry) bool { return t.entries[e.id] != e })
	}
	return now.Before(t.fading)
}

// forget drops rows that are of no interest any more.
func (t *store) forget(drop func(e *entry) bool) {
	t.order = slices.DeleteFunc(t.order, func(e *entry) bool {
		if drop(e) {
			delete(t.entries, e.id)
			return true
		}
		return false
	})
	t.gone = slices.DeleteFunc(t.gone, drop)
}

// frozen copies all entries as they are now. The copies never change.
func (t *store) frozen() []*entry {
	values := make([]entry, len(t.order))
	all := make([]*entry, len(t.order))
	for i, e := range t.order {
		values[i] = *e
		all[i] = &values[i]
	}
	return all
}
