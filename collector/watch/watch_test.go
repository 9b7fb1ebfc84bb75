package watch

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

func noInode(s *socket.Socket) { s.Inode = 0 }

func cookie(n uint64) func(*socket.Socket) { return func(s *socket.Socket) { s.Cookie = n } }

// TestSeen: what looks alone tell.
func TestSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		f.holders = map[uint64]string{1001: "one", 1002: "two"}
		g := start(t, &Watch{Source: f, Owners: true, Initial: true})
		g.after(500*time.Millisecond, "0s initial 1 ESTABLISHED by one")
		f.set(rowWith(1, socket.CloseWait), rowWith(2, socket.Established, noInode))
		g.after(time.Second, "1s change 1 CLOSE_WAIT by one changed state", "1s open 2 ESTABLISHED")
		f.set(rowWith(1, socket.CloseWait), rowWith(2, socket.Established))
		g.after(time.Second, "2s change 2 ESTABLISHED by two changed processes")
		g.after(10 * time.Second)
		f.set(rowWith(1, socket.CloseWait))
		g.after(5*time.Second, "13s close 2 ESTABLISHED by two lived 12s") // it waits for the kernel's word
		if f.asked != 3 {
			t.Errorf("holders were looked for %d times", f.asked)
		}
	})
}

// TestHandedOver: who holds a socket is asked again and again, and one that nobody
// holds any more is about to end.
func TestHandedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established), rowWith(2, socket.Established))
		f.holders = map[uint64]string{1001: "parent", 1002: "other"}
		g := start(t, &Watch{Source: f, Owners: true, Initial: true})
		g.after(500*time.Millisecond, "0s initial 1 ESTABLISHED by parent", "0s initial 2 ESTABLISHED by other")
		f.do(func() { f.holders = map[uint64]string{1001: "child"} })
		g.after(time.Second, "1s change 1 ESTABLISHED by child changed processes")
		g.after(10 * time.Second)
	})
}

// TestDestroyed: what the kernel tells is told at once, and once.
func TestDestroyed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(300 * time.Millisecond)
		f.destroy(rowWith(1, socket.Established))
		g.after(0, "300ms close 1 ESTABLISHED lived 300ms final")
		f.destroy(rowWith(5, socket.Established))
		g.after(0, "300ms open 5 CLOSE brief", "300ms close 5 CLOSE lived 300ms brief")
		f.set()
		g.after(10 * time.Second)
	})
}

// TestDestroyedDuringLook: a socket that a look has seen and that is gone by the
// end of it is opened, and then closed.
func TestDestroyedDuringLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.do(func() { f.took = 10 * time.Millisecond })
		f.set(rowWith(1, socket.Established))
		time.Sleep(505 * time.Millisecond)
		f.set()
		f.destroy(rowWith(1, socket.Established))
		g.after(time.Millisecond)
		g.after(10*time.Millisecond, "1s open 1 ESTABLISHED", "1.005s close 1 ESTABLISHED lived 5ms final")
		g.after(10 * time.Second)
	})
}

// TestBeforeTheFirstLook: nobody knows whether what ends before the first look is
// over had begun before it.
func TestBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.took = 50 * time.Millisecond
		g := start(t, &Watch{Source: f})
		f.destroy(rowWith(1, socket.Established))
		g.after(10 * time.Second)
	})
}

// TestSkipped: a look that misses a socket is no proof that it is gone.
func TestSkipped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established), rowWith(2, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.set(rowWith(2, socket.Established))
		g.after(550 * time.Millisecond)
		f.set(rowWith(1, socket.Established), rowWith(2, socket.Established))
		g.after(10 * time.Second)
		// Twice in a row, without a word from the kernel: it was disconnected.
		f.set(rowWith(2, socket.Established))
		g.after(4*time.Second, "11.1s close 1 ESTABLISHED lived 11.1s")
		g.after(10 * time.Second)
		f.destroy(rowWith(1, socket.Established)) // long after
		g.after(10 * time.Second)
	})
}

// TestTwice: a table may list a socket twice that it lists once.
func TestTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.set(rowWith(1, socket.Established), rowWith(1, socket.Established))
		g.after(time.Second, "1s open 1 ESTABLISHED")
		f.set(rowWith(1, socket.CloseWait), rowWith(1, socket.Established))
		g.after(time.Second, "2s change 1 CLOSE_WAIT changed state")
		f.set() // which counts once as well
		g.after(550 * time.Millisecond)
		f.set(rowWith(1, socket.CloseWait))
		g.after(2 * time.Second)
	})
}

// TestIncomplete: what an interrupted look has not seen may be there.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.set()
		f.do(func() { f.notices = []socket.Notice{{Code: "table-incomplete"}} })
		g.after(5 * time.Second)
		f.do(func() { f.err = errors.New("no buffers") })
		g.after(300 * time.Millisecond)
		f.do(func() { f.err, f.notices = nil, nil })
		f.set(rowWith(1, socket.Established))
		g.after(5 * time.Second)
		if !slices.Contains(g.notices, "look-failed") {
			t.Errorf("notices %v", g.notices)
		}
	})
}

// TestLost: others are looked for at once, and what is gone is closed without its
// counters.
func TestLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(200 * time.Millisecond)
		f.set()
		f.told <- destroyed{missing: 3}
		f.told <- destroyed{missing: 4}
		synctest.Wait()
		f.do(func() { f.missing = 5 })
		g.after(250*time.Millisecond, "200ms lost 7", "300ms lost 5")
		g.after(4*time.Second, "200ms close 1 ESTABLISHED lived 200ms")
	})
}

// TestSilent: without the kernel's word there are looks.
func TestSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		f.silent = true
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.set()
		g.after(time.Second, "1s close 1 ESTABLISHED lived 1s")
		if !slices.Equal(g.notices, []string{"events-unavailable"}) {
			t.Errorf("notices %v", g.notices)
		}
	})
}

// TestEventsEnd: the kernel's word ends.
func TestEventsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(200 * time.Millisecond)
		close(f.told)
		f.set()
		g.after(time.Second, "200ms close 1 ESTABLISHED lived 200ms")
		if !slices.Equal(g.notices, []string{"events-ended"}) {
			t.Errorf("notices %v", g.notices)
		}
	})
}

// TestRemains: with TIME_WAIT in view, a connection changes to it before it is
// closed, whether or not anybody had looked at it.
func TestRemains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		f.holders[1001] = "one"
		g := start(t, &Watch{Source: f, Owners: true, View: View{
			Protos: socket.InetProtos, IPv4: true, IPv6: true, States: socket.AllStates,
		}})
		g.after(200 * time.Millisecond)
		// Known before: it keeps its cookie.
		f.set(rowWith(1, socket.TimeWait, noInode))
		f.destroy(rowWith(1, socket.Established))
		g.after(200*time.Millisecond, "200ms change 1 TIME_WAIT changed state held by one")
		// Not known: it gets another.
		f.set(rowWith(1, socket.TimeWait, noInode), rowWith(2, socket.TimeWait, noInode, cookie(22)))
		f.destroy(rowWith(2, socket.Established))
		g.after(200*time.Millisecond, "400ms open 22 CLOSE brief", "400ms change 22 TIME_WAIT changed state")
		// No remains.
		f.destroy(rowWith(3, socket.Established))
		g.after(200*time.Millisecond, "600ms open 3 CLOSE brief", "600ms close 3 CLOSE lived 200ms brief")
		f.set()
		g.after(2*time.Second, "1.7s close 1 TIME_WAIT held by one lived 1.7s final", "1.7s close 22 TIME_WAIT lived 1.3s final")
	})
}

// TestOrphans: a connection that its program has closed is there as long as the
// other side has not, and is closed when all that is left of it is out of view.
func TestOrphans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established), rowWith(2, socket.CloseWait))
		f.holders[1001] = "one"
		g := start(t, &Watch{Source: f, Owners: true, View: View{
			Protos: socket.InetProtos, IPv4: true, IPv6: true, States: socket.ConnectedStates,
		}})
		g.after(200 * time.Millisecond)
		f.set(rowWith(1, socket.FinWait2, noInode))
		f.destroy(rowWith(1, socket.Established))
		f.destroy(rowWith(2, socket.CloseWait)) // which leaves nothing
		g.after(200*time.Millisecond, "200ms close 2 CLOSE_WAIT lived 200ms final", "200ms change 1 FIN_WAIT2 changed state held by one")
		f.set()
		g.after(2*time.Second, "1.3s close 1 FIN_WAIT2 held by one lived 1.3s final")
	})
}

// TestGhosts: with neither FIN_WAIT2 nor TIME_WAIT in view the connection is closed
// when its program has closed it, and the FIN_WAIT2 that it leaves is not another one.
func TestGhosts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(200 * time.Millisecond)
		f.set(rowWith(1, socket.FinWait2, noInode), rowWith(2, socket.FinWait2, noInode, cookie(22)))
		f.destroy(rowWith(1, socket.Established))
		f.destroy(rowWith(2, socket.Established))
		g.after(0, "200ms close 1 ESTABLISHED lived 200ms final", "200ms open 2 CLOSE brief", "200ms close 2 CLOSE lived 200ms brief")
		g.after(10 * time.Second)
		f.set(rowWith(2, socket.Established, cookie(222)))
		g.after(time.Second, "11s open 222 ESTABLISHED")
	})
}

// TestFilter: what a filter says of state and processes is judged again and again,
// and leaving its view is no end.
func TestFilter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established), rowWith(2, socket.CloseWait), rowWith(3, socket.Established))
		f.holders = map[uint64]string{1001: "one", 1002: "one", 1003: "two"}
		g := start(t, &Watch{Source: f, Owners: true, Initial: true, View: View{
			Protos: socket.InetProtos, IPv4: true, IPv6: true, States: socket.StateSetOf(socket.Established),
			Filter: parse(t, "state established and process = one"), Details: socket.DetailOwners,
		}})
		g.after(500*time.Millisecond, "0s initial 1 ESTABLISHED by one")
		f.set(rowWith(1, socket.CloseWait), rowWith(2, socket.CloseWait), rowWith(3, socket.Established))
		g.after(time.Second, "1s close 1 CLOSE_WAIT by one lived 1s crossed")
		f.set()
		for id := range uint64(3) {
			f.destroy(rowWith(id+1, socket.Close))
		}
		g.after(5 * time.Second)
		f.destroy(rowWith(9, socket.Established)) // whose it was nobody knows
		g.after(5 * time.Second)
		if !slices.Equal(g.notices, []string{"filter-undecided"}) {
			t.Errorf("notices %v", g.notices)
		}
	})
}

// TestFamilies: the flags choose among what the kernel tells, too.
func TestFamilies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		g := start(t, &Watch{Source: f, View: View{
			Protos: socket.ProtoSetOf(socket.TCP), IPv6: true, States: socket.ListeningStates, Filter: parse(t, "sport = :10001"),
		}})
		g.after(100 * time.Millisecond)
		six := func(s *socket.Socket) { s.Family, s.Remote = socket.IPv6, socket.Endpoint{} }
		f.destroy(rowWith(1, socket.Listen, func(s *socket.Socket) { s.Remote = socket.Endpoint{} }))
		f.destroy(rowWith(2, socket.Listen, six))
		f.destroy(rowWith(1, socket.Listen, six, func(s *socket.Socket) { s.Remote.Port = 9 }))
		f.destroy(rowWith(1, socket.Listen, six, func(s *socket.Socket) { s.Proto = socket.UDP }))
		f.destroy(rowWith(1, socket.Listen, six, cookie(7)))
		g.after(5*time.Second, "100ms open 7 CLOSE brief", "100ms close 7 CLOSE lived 100ms brief")
	})
}

// TestPace: looks take no more than their share, and what waits for one does not
// wait for the next second.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.took = 80 * time.Millisecond
		g := start(t, &Watch{Source: f})
		g.after(time.Minute)
		busy := time.Duration(len(f.looks)) * f.took
		if share := float64(busy) / float64(time.Minute); share > 0.042 || share < 0.035 {
			t.Errorf("%d looks in a minute", len(f.looks))
		}
	})
}

// TestRows: whoever draws a table gets all rows after each look, with what is
// remembered of them.
func TestRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established), rowWith(2, socket.Established))
		f.holders[1001] = "one"
		var last []*socket.Socket
		g := start(t, &Watch{Source: f, Owners: true, Queue: 100, Rows: func(_ time.Time, rows []*socket.Socket) { last = rows }})
		g.after(500 * time.Millisecond)
		f.set(rowWith(1, socket.Established, func(s *socket.Socket) { s.RecvQ = 5 }))
		f.destroy(rowWith(2, socket.Established))
		g.after(time.Second, "500ms close 2 ESTABLISHED lived 500ms final")
		if len(last) != 1 || last[0].RecvQ != 5 || len(last[0].Processes) != 1 {
			t.Errorf("rows %+v", last)
		}
	})
}

// TestYieldEnds: an error of yield ends the watch, and its goroutines.
func TestYieldEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		stop := errors.New("enough")
		w := &Watch{Source: f, Interval: time.Second, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.ConnectedStates}}
		if err := w.Run(context.Background(), func([]Event) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("ended with %v", err)
		}
	})
}
