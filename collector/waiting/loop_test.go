package waiting

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// timeline runs a loop on a clock that moves only when everybody sleeps, and
// returns when it looked, in milliseconds since the start.
func timeline(t *testing.T, l Loop, states func(n int, at time.Duration) (State, time.Duration)) (looks []int64, last State, err error) {
	t.Helper()
	began := time.Now()
	l.Look = func(context.Context) (State, error) {
		at := time.Since(began)
		looks = append(looks, at.Milliseconds())
		state, takes := states(len(looks), at)
		time.Sleep(takes)
		return state, nil
	}
	last, err = l.Run(t.Context())
	return looks, last, err
}

// after is done from that time on.
func after(done time.Duration, state State) func(int, time.Duration) (State, time.Duration) {
	return func(_ int, at time.Duration) (State, time.Duration) {
		state.Done = at >= done
		return state, 0
	}
}

func rows(cookies ...uint64) (all []*socket.Socket) {
	for _, c := range cookies {
		all = append(all, &socket.Socket{Cookie: c})
	}
	return all
}

func expectLooks(t *testing.T, want, got []int64) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("looks at (-want +got):\n%s", diff)
	}
}

// TestPauses: they grow as long as nothing happens, and not beyond a tenth of a
// second.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks, last, err := timeline(t, Loop{}, after(420*time.Millisecond, State{}))
		expectLooks(t, []int64{0, 10, 25, 47, 81, 131, 207, 307, 407, 507}, looks)
		if err != nil || !last.Done {
			t.Errorf("ended with %+v, %v", last, err)
		}
	})
}

// TestPausesAfterChange: where something has changed, the next look is soon.
func TestPausesAfterChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks, _, _ := timeline(t, Loop{}, func(n int, _ time.Duration) (State, time.Duration) {
			state := State{Done: n == 7}
			if n >= 4 {
				state.Fingerprint = 1
			}
			return state, 0
		})
		expectLooks(t, []int64{0, 10, 25, 47, 57, 72, 95}, looks)
	})
}

// TestPausesAfterLongLooks: a look that takes long comes seldom, whatever else
// took its time.
func TestPausesAfterLongLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Loop{InVain: func(context.Context, *State) error {
			time.Sleep(time.Second)
			return nil
		}}
		looks, _, _ := timeline(t, l, func(n int, _ time.Duration) (State, time.Duration) {
			return State{Done: n == 3}, 30 * time.Millisecond
		})
		expectLooks(t, []int64{0, 1630, 3260}, looks)
	})
}

// TestTimeout: the last look is when time is up, and a loop without any time
// looks once.
func TestTimeout(t *testing.T) {
	for _, tt := range []struct {
		timeout time.Duration
		done    time.Duration
		want    []int64
		met     bool
	}{
		{0, time.Hour, []int64{0}, false},
		{0, 0, []int64{0}, true},
		{60 * time.Millisecond, time.Hour, []int64{0, 10, 25, 47, 60}, false},
		{60 * time.Millisecond, 50 * time.Millisecond, []int64{0, 10, 25, 47, 60}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			looks, last, err := timeline(t, Loop{Timeout: tt.timeout, Limited: true}, after(tt.done, State{}))
			expectLooks(t, tt.want, looks)
			if err != nil || last.Done != tt.met {
				t.Errorf("%v: ended with %+v, %v", tt.timeout, last, err)
			}
		})
	}
}

// TestEvents: the end of the last socket brings a look at once, that of another
// none.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan uint64, 10)
		go func() {
			for i, cookie := range []uint64{1, 99, 2} {
				time.Sleep(time.Duration(5*i+1) * time.Millisecond)
				gone <- cookie // at 1, 7 and 18 ms
			}
		}()
		looks, _, _ := timeline(t, Loop{Gone: gone}, func(n int, _ time.Duration) (State, time.Duration) {
			there := rows(1, 2)
			if n > 1 { // the first went meanwhile
				there = rows(2)
			}
			return State{Done: n == 4, Told: true, Sockets: there}, 0
		})
		expectLooks(t, []int64{0, 10, 18, 40}, looks)
	})
}

// TestEventsTold: where events are sure to come there is hardly a look without,
// and change alone is no reason for one.
func TestEventsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks, _, _ := timeline(t, Loop{Gone: make(chan uint64)}, func(n int, at time.Duration) (State, time.Duration) {
			return State{Done: at > 6*time.Second, Fingerprint: uint64(n), Told: true, Sockets: rows(1)}, 0
		})
		expectLooks(t, []int64{0, 10, 25, 47, 81, 131, 207, 321, 492, 748, 1133, 1709, 2574, 3574, 4574, 5574, 6574}, looks)
	})
}

// TestEventsLost: nobody knows what was lost, so there is a look; in a flood, no
// more of them than without events.
func TestEventsLost(t *testing.T) {
	for name, state := range map[string]State{
		"lost":     {Told: true, Sockets: rows(1)},
		"nameless": {Told: true, Sockets: rows(0)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gone := make(chan uint64, 1)
				ctx, cancel := context.WithCancel(t.Context())
				var flood sync.WaitGroup
				defer flood.Wait()
				defer cancel()
				cookie := uint64(0)
				if name == "nameless" {
					cookie = 5
				}
				flood.Go(func() {
					for ctx.Err() == nil {
						time.Sleep(time.Millisecond)
						select {
						case gone <- cookie:
						default:
						}
					}
				})
				looks, _, _ := timeline(t, Loop{Gone: gone}, func(n int, _ time.Duration) (State, time.Duration) {
					state.Done = n == 4
					return state, 10 * time.Millisecond
				})
				expectLooks(t, []int64{0, 210, 420, 630}, looks)
			})
		})
	}
}

// TestEventsEnd: without events it looks as often as if there never had been any.
func TestEventsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan uint64)
		go func() {
			time.Sleep(2600 * time.Millisecond)
			close(gone)
		}()
		looks, _, _ := timeline(t, Loop{Gone: gone}, after(3*time.Second, State{Told: true, Sockets: rows(1)}))
		i := slices.Index(looks, 2574)
		if i < 0 {
			t.Fatalf("looks at %v", looks)
		}
		expectLooks(t, []int64{2574, 2674, 2774, 2874, 2974, 3074}, looks[i:])
	})
}

// TestDue: it looks when the last socket is to go by itself, and if that is late,
// often.
func TestDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ends = 2 * time.Second
		looks, _, _ := timeline(t, Loop{Gone: make(chan uint64)}, func(_ int, at time.Duration) (State, time.Duration) {
			left := max(ends-at, 0)
			return State{Done: at >= ends+150*time.Millisecond, Due: left, Told: left > 0, Sockets: rows(1)}, 0
		})
		i := slices.Index(looks, ends.Milliseconds())
		if i < 0 {
			t.Fatalf("looks at %v", looks)
		}
		expectLooks(t, []int64{2000, 2100, 2200}, looks[i:])
	})
}

func TestLoopErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fault := errors.New("fault")
		fails := func(context.Context, *State) error { return fault }
		if _, err := (&Loop{Look: func(context.Context) (State, error) { return State{}, fault }}).Run(t.Context()); !errors.Is(err, fault) {
			t.Errorf("look: %v", err)
		}
		if _, _, err := timeline(t, Loop{InVain: fails}, after(time.Hour, State{})); !errors.Is(err, fault) {
			t.Errorf("in vain: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := (&Loop{Look: func(context.Context) (State, error) { return State{}, nil }}).Run(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("context: %v after %v", err, time.Since(began))
		}
	})
}
