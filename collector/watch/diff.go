package watch

import (
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// Diff tells what has changed from one snapshot to the next, which is of the time
// that is given. A queue is worth an event when it comes to hold more than limit
// bytes, and when it does not any more. Applied to prev, the events make next, but
// for what is not told of: how much is in a queue below the limit, and details.
func Diff(prev, next []*socket.Socket, limit uint32, at time.Time) []Event {
	t := newTable(limit)
	t.full = true
	t.begin()
	for _, s := range prev {
		if e, fate := t.see(s); fate != seenTwice {
			t.take(e, s)
		}
	}
	t.end()
	var events []Event
	t.begin()
	for _, s := range next {
		e, fate := t.see(s)
		switch fate {
		case isNew:
			t.take(e, s)
			events = append(events, Event{Kind: Open, Time: at, Socket: s})
		case hasChanged:
			before := e.socket
			t.take(e, s)
			events = append(events, Event{
				Kind: Change, Time: at, Socket: s, Before: before, Changed: t.changes(before, s), Held: lastHolders(e),
			})
		}
	}
	for _, e := range t.end() {
		events = append(events, Event{Kind: Close, Time: at, Socket: e.socket, Held: lastHolders(e)})
	}
	return events
}

// lastHolders are those of a socket that nobody holds any more.
func lastHolders(e *entry) []socket.Holder {
	if len(e.socket.Processes) > 0 {
		return nil
	}
	return e.held
}
