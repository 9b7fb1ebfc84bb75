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
	// leastGone is how many closed rows are kept at the same time on the smallest
	// screen, and half a screen of them on others. A machine that closes thousands
	// of connections a second would show nothing else.
	leastGone = 10
)

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
	dropped                 bool
	kin                     kin
}

// store are all sockets.
type store struct {
	entries map[identity]*entry
	order   []*entry // in the order of the table, or nearly
	gone    []*entry // those closed and still shown, the first closed first
	// mostGone is how many of these are kept.
	mostGone int
	round    int
	look     time.Time // the last one
	// fading is when nothing will be lit any more.
	fading time.Time
	// moved is set when a row has come, gone or become another since the table
	// was put in order.
	moved bool
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

func newStore() store {
	return store{entries: make(map[identity]*entry), mostGone: leastGone}
}

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
		t.rename(ev.Before, ev.Socket)
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
			e.closed, t.moved = now, true
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
	if e.now != s {
		e.now, t.moved = s, true
	}
	e.round = t.round
	return e
}

// rename is for a socket without a cookie whose ends have changed.
func (t *store) rename(before, now *socket.Socket) {
	if before == nil || before.Cookie != 0 {
		return
	}
	from, to := identify(before), identify(now)
	if e := t.entries[from]; e != nil && from != to && t.entries[to] == nil {
		delete(t.entries, from)
		e.id, t.entries[to] = to, e
	}
}

// looked ends a look: rates are those since the look before.
func (t *store) looked(b *Batch) {
	took := time.Duration(0)
	if !t.look.IsZero() {
		took = b.Time.Sub(t.look)
	}
	for _, e := range t.order {
		if b.Fresh { // some of what is there now was not watched, and a sum of the rest would be wrong
			e.rate = rate{}
		}
		if e.rate.measure(e.now, took) {
			t.moved = true
		}
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
// there were any.
func (t *store) fade(now time.Time) bool {
	n := max(0, len(t.gone)-t.mostGone)
	for n < len(t.gone) && now.Sub(t.gone[n].closed) >= goneTime {
		n++
	}
	if n == 0 {
		return false
	}
	for _, e := range t.gone[:n] {
		t.drop(e)
	}
	t.gone = slices.Delete(t.gone, 0, n)
	t.order = slices.DeleteFunc(t.order, (*entry).isDropped)
	return true
}

// forget drops rows that are of no interest any more.
func (t *store) forget(is func(e *entry) bool) {
	for _, e := range t.order {
		if is(e) {
			t.drop(e)
			t.moved = true
		}
	}
	t.order = slices.DeleteFunc(t.order, (*entry).isDropped)
	t.gone = slices.DeleteFunc(t.gone, (*entry).isDropped)
}

func (t *store) drop(e *entry) {
	e.dropped = true
	delete(t.entries, e.id)
}

func (e *entry) isDropped() bool { return e.dropped }

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
