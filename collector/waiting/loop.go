package waiting

import (
	"context"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// State is what one look has found.
type State struct {
	// Done tells that it is as it was waited for.
	Done bool
	// Fingerprint is another number when anything is different. Where things
	// change, more is about to.
	Fingerprint uint64
	// Sockets are those that the answer hangs on: what is in the way, or what has
	// come.
	Sockets []*socket.Socket
	// Told is set where no change can be missed: it is Sockets that have to go, and
	// an event tells of the end of each but those that go at Due.
	Told bool
	// Due is the time left until the last of Sockets goes by itself, if they all
	// do, and 0 where that is not known.
	Due time.Duration
}

// Look finds out how things are.
type Look func(context.Context) (State, error)

// Loop looks until what it sees is Done.
type Loop struct {
	Look Look
	// InVain, if not nil, is called after each look that is not the last. The time
	// it takes is no look's.
	InVain func(context.Context, *State) error
	// Gone are the cookies of sockets that have been destroyed; 0 is for others of
	// which nothing is known. It is nil where nobody tells, and closed when nobody
	// will any more.
	Gone <-chan uint64
	// Timeout ends it if Limited is set. A Loop that may take no time looks once.
	Timeout time.Duration
	Limited bool
}

const (
	// shortest is the pause after a change, and where a look follows the other as
	// fast as a person or a script could tell the difference.
	shortest = 10 * time.Millisecond
	// longest is what it grows to, and longestTold the same where an event is sure
	// to come: then a look serves only those who leave a port without closing
	// their socket.
	longest     = 100 * time.Millisecond
	longestTold = time.Second
	// share is how much longer than a look the pause after it is. So a look that
	// takes long, as on a machine with many connections, comes seldom.
	share, shareTold = 20, 100
)

// Run returns what the last look has found, whose Done is unset only when time
// was up. Any error is that of a look or of InVain, or the context's.
func (l *Loop) Run(ctx context.Context) (State, error) {
	deadline := time.Now().Add(l.Timeout)
	var (
		pause time.Duration
		last  State
	)
	for {
		began := time.Now()
		state, err := l.Look(ctx)
		if err != nil || state.Done || l.Limited && !began.Before(deadline) {
			return state, err
		}
		took := time.Since(began)
		if l.InVain != nil {
			if err := l.InVain(ctx, &state); err != nil {
				return state, err
			}
		}
		// Where events tell, change is what a busy server is made of.
		if pause == 0 || state.Fingerprint != last.Fingerprint && !l.told(&state) {
			pause = shortest
		} else {
			pause += pause / 2
		}
		most, times := longest, time.Duration(share)
		if l.told(&state) {
			most, times = longestTold, shareTold
		}
		pause = min(pause, most)
		last = state
		rest := max(pause, times*took)
		if state.Due > 0 {
			rest = min(rest, max(state.Due, took))
		}
		if l.Limited {
			rest = min(rest, time.Until(deadline))
		}
		if err := l.wait(ctx, rest, took, &state); err != nil {
			return state, err
		}
	}
}

func (l *Loop) told(s *State) bool { return s.Told && l.Gone != nil }

// wait returns when it is time for another look: after the pause, or when the
// last of the sockets has been destroyed. That of one among many says nothing.
func (l *Loop) wait(ctx context.Context, pause, took time.Duration, s *State) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	began := time.Now()
	// shorten lets the pause end at least that long after its beginning.
	shorten := func(least time.Duration) {
		if left := least - time.Since(began); least < pause {
			pause = least
			timer.Reset(max(left, 0))
		}
	}
	there := map[uint64]struct{}{}
	for _, one := range s.Sockets {
		there[one.Cookie] = struct{}{}
	}
	_, nameless := there[0] // from a table without cookies: any event may be about it
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case cookie, open := <-l.Gone:
			delete(there, cookie)
			switch {
			case !open:
				l.Gone = nil
				shorten(max(longest, share*took))
			case cookie == 0, nameless:
				// Where events come in floods, each look is one too many.
				shorten(share * took)
			case len(there) == 0:
				shorten(took)
			}
		}
	}
}
