package watch

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// TestNeverWhole: where every look is incomplete, things are told nevertheless.
func TestNeverWhole(t *testing.T) {
	t.Parallel()
	for code, within := range map[string]time.Duration{"table-unreadable": time.Second, "table-malformed": time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(rowWith(1, socket.Established))
			f.notices = []socket.Notice{{Code: code, Message: "raw"}}
			g := start(t, &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.AllStates}})
			g.after(500 * time.Millisecond)
			f.destroy(rowWith(1, socket.Established))
			f.destroy(rowWith(2, socket.Established))
			f.set()
			g.after(within, "500ms close 1 ESTABLISHED lived 500ms final", "500ms open 2 CLOSE brief", "500ms close 2 CLOSE lived 500ms brief")
		})
	}
	synctest.Test(t, func(t *testing.T) { // one that could be read before is another matter
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.do(func() { f.notices = []socket.Notice{{Code: "table-unreadable", Message: "tcp"}} })
		f.set()
		g.after(300 * time.Millisecond)
		f.do(func() { f.notices = nil })
		f.set(rowWith(1, socket.Established))
		g.after(5 * time.Second)
	})
}

// TestComesBack: a socket that was disconnected has left the tables, and may come
// into them again.
func TestComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.set()
		g.after(5*time.Second, "1s close 1 ESTABLISHED lived 1s")
		f.set(rowWith(1, socket.SynSent))
		g.after(time.Second, "6.1s open 1 SYN_SENT")
		f.destroy(rowWith(1, socket.SynSent))
		g.after(time.Second, "6.5s close 1 SYN_SENT lived 400ms final")
	})
}

// TestFastLooks: how long the kernel's word is waited for is no matter of how many
// looks there are meanwhile.
func TestFastLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f, Interval: 10 * time.Millisecond})
		g.after(505 * time.Millisecond)
		f.set()
		g.after(4*time.Second, "510ms close 1 ESTABLISHED lived 510ms")
		g.after(time.Minute)
		f.destroy(rowWith(1, socket.Established)) // the same
		g.after(time.Second)
	})
}

// TestReused: who takes the two ends of a TIME_WAIT is another socket, and comes
// after it.
func TestReused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.AllStates}})
		g.after(500 * time.Millisecond)
		f.set(rowWith(1, socket.TimeWait, noInode))
		f.destroy(rowWith(1, socket.Established))
		g.after(500*time.Millisecond, "500ms change 1 TIME_WAIT changed state")
		f.set(rowWith(1, socket.Established, cookie(2)))
		g.after(time.Second, "1.5s close 1 TIME_WAIT lived 1.5s final", "1.5s open 2 ESTABLISHED")
	})
}

// TestLateWord: the kernel may tell of an end when its remains were seen by several
// looks, and it is that of the same connection.
func TestLateWord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		g := start(t, &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.AllStates}})
		g.after(500 * time.Millisecond)
		f.set(rowWith(1, socket.TimeWait, noInode, cookie(11)))
		g.after(3*time.Second, "1s open 11 TIME_WAIT")
		f.destroy(rowWith(1, socket.Established))
		g.after(time.Second)
		f.set()
		g.after(time.Second, "5.5s close 11 TIME_WAIT lived 4.5s final")
	})
	synctest.Test(t, func(t *testing.T) { // and without TIME_WAIT in view
		f := newFake()
		g := start(t, &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.ConnectedStates}})
		g.after(500 * time.Millisecond)
		f.set(rowWith(1, socket.FinWait2, noInode, cookie(11)))
		g.after(3*time.Second, "1s open 11 FIN_WAIT2")
		f.destroy(rowWith(1, socket.Established))
		g.after(time.Second)
		f.set()
		g.after(5*time.Second, "5.5s close 11 FIN_WAIT2 lived 4.5s final")
	})
	synctest.Test(t, func(t *testing.T) { // of a socket that several looks have missed
		f := newFake(rowWith(1, socket.Established))
		g := start(t, &Watch{Source: f})
		g.after(500 * time.Millisecond)
		f.set()
		g.after(time.Second)
		f.destroy(rowWith(1, socket.Established))
		g.after(time.Second, "1.5s close 1 ESTABLISHED lived 1.5s final")
	})
}

// TestHeardDuringLook: a brief connection that is heard of during the look that
// finds its remains is opened before it changes.
func TestHeardDuringLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		g := start(t, &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.AllStates}})
		g.after(500 * time.Millisecond)
		f.do(func() { f.took = 10 * time.Millisecond })
		f.set(rowWith(1, socket.TimeWait, noInode, cookie(11)))
		g.after(505 * time.Millisecond)
		f.destroy(rowWith(1, socket.Established))
		g.after(time.Millisecond)
		g.after(10*time.Millisecond, "1.005s open 11 CLOSE brief", "1.005s change 11 TIME_WAIT changed state")
	})
}

// TestSkippedRemains: a look may skip what is left of a connection, whose end is
// told of by then.
func TestSkippedRemains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		g := start(t, &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.AllStates}})
		g.after(500 * time.Millisecond)
		f.destroy(rowWith(1, socket.Established))
		g.after(550*time.Millisecond, "500ms open 1 CLOSE brief", "500ms close 1 CLOSE lived 500ms brief")
		f.set(rowWith(1, socket.TimeWait, noInode, cookie(11)))
		g.after(5 * time.Second)
	})
}

// TestHeardBeforeLook: an end that was heard of before a look, and waited until that
// was over, is not followed by a change of what is left.
func TestHeardBeforeLook(t *testing.T) {
	t.Parallel()
	f := newFake(rowWith(1, socket.Established))
	heard := make(chan destroyed, 1)
	r := &run{
		Watch: &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.ConnectedStates}},
		table: newTable(0), steady: true, noticed: map[string]bool{}, unread: map[string]bool{},
		ghosts: map[tuple]uint32{}, leftover: map[tuple]*entry{}, heard: heard, ear: &ear{sub: f},
	}
	if err := r.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	heard <- destroyed{socket: rowWith(1, socket.Close), at: time.Now()}
	f.set(rowWith(1, socket.FinWait2, noInode))
	if err := r.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.events) != 1 || r.events[0].Kind != Close || r.events[0].Socket.State != socket.Established {
		t.Errorf("%+v", r.events)
	}
	// That the watch itself ends is no news.
	r.Notice = func(n socket.Notice) { t.Errorf("notice %s", n.Code) }
	r.ear.why = context.Canceled
	r.hear(destroyed{}, false)
}

// TestRefused: a connect that was refused leaves a socket without a peer, which was
// no listener.
func TestRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		g := start(t, &Watch{Source: f, View: View{Protos: socket.InetProtos, IPv4: true, States: socket.ListeningStates}})
		g.after(500 * time.Millisecond)
		alone := func(s *socket.Socket) { s.Remote = socket.Endpoint{} }
		f.destroy(rowWith(1, socket.Close, alone))
		g.after(0, "500ms open 1 CLOSE brief", "500ms close 1 CLOSE lived 500ms brief")
		refused := rowWith(2, socket.Close, alone)
		refused.Details = &socket.Details{TCP: &socket.TCPInfo{AdvMSS: 1460}}
		f.told <- destroyed{socket: refused}
		g.after(5 * time.Second)
	})
}
