package live

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

const tcpAndUDP = socket.ProtoSet(1<<socket.TCP | 1<<socket.UDP)

// conversation plays one, and waits after each line of it until that was told of.
func conversation(t *testing.T, w *watched) {
	said := 0
	next := func(n int) {
		t.Helper()
		said += n
		w.until(strconv.Itoa(said)+" events", func() bool { return len(w.events) >= said })
	}
	listens := listener(t, 1001)
	client := open(t, unix.SOCK_STREAM, 1002)
	must(t, unix.Connect(client, loopback(1001)))
	next(countOf(w, 3, 2))
	server, _, err := unix.Accept4(listens, unix.SOCK_CLOEXEC)
	must(t, err)
	next(1)
	_, err = unix.Write(client, []byte("hello"))
	must(t, err)
	_, err = unix.Read(server, make([]byte, 5)) // else closing it would reset the connection
	must(t, err)
	w.settle()
	must(t, unix.Close(client)) // its remains are FIN_WAIT2, until the server closes
	next(2)
	w.settle()
	must(t, unix.Close(server))
	next(countOf(w, 2, 1)) // and TIME_WAIT then
	must(t, unix.Close(listens))
	next(countOf(w, 1, 0))
	w.settle()
}

// countOf is how many events there are with all states in view, or with those of
// connections.
func countOf(w *watched, all, connected int) int {
	if w.all {
		return all
	}
	return connected
}

// TestLiveConversation: each thing that happens is told of once, and in order.
func TestLiveConversation(t *testing.T) {
	if !private(t) {
		return
	}
	w := begin(t, socket.AllStates, tcpAndUDP)
	conversation(t, w)
	for port, want := range map[uint32][]string{
		1001: {
			"open 1001-0 LISTEN here",
			"open 1001-1002 ESTABLISHED",
			"change 1001-1002 ESTABLISHED changed processes here",
			"change 1001-1002 CLOSE_WAIT changed state here",
			"close 1001-1002 CLOSE_WAIT here final",
			"close 1001-0 LISTEN here final",
		},
		1002: {
			"open 1002-1001 ESTABLISHED here",
			"change 1002-1001 FIN_WAIT2 changed state was here",
			"change 1002-1001 TIME_WAIT changed state was here",
		},
	} {
		got := w.told(func(e watch.Event) bool { return e.Socket.Local.Port == port })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("port %d (-want +got):\n%s", port, diff)
		}
	}
}

// TestLiveConnections: without TIME_WAIT in view, a connection is closed when its
// program has closed it.
func TestLiveConnections(t *testing.T) {
	if !private(t) {
		return
	}
	w := begin(t, socket.ConnectedStates, tcpAndUDP)
	conversation(t, w)
	for port, want := range map[uint32][]string{
		1001: {
			"open 1001-1002 ESTABLISHED",
			"change 1001-1002 ESTABLISHED changed processes here",
			"change 1001-1002 CLOSE_WAIT changed state here",
			"close 1001-1002 CLOSE_WAIT here final",
		},
		1002: {
			"open 1002-1001 ESTABLISHED here",
			"close 1002-1001 ESTABLISHED here final",
		},
	} {
		got := w.told(func(e watch.Event) bool { return e.Socket.Local.Port == port })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("port %d (-want +got):\n%s", port, diff)
		}
	}
	i := slices.IndexFunc(w.events, func(e watch.Event) bool { return e.Kind == watch.Close })
	if tcp := w.events[i].Socket.Details.TCP; tcp.BytesSent != 5 {
		t.Errorf("%d bytes were sent", tcp.BytesSent)
	}
}

// TestLiveDatagrams: of UDP the kernel tells as well.
func TestLiveDatagrams(t *testing.T) {
	if !private(t) {
		return
	}
	w := begin(t, socket.AllStates, tcpAndUDP)
	fd := open(t, unix.SOCK_DGRAM, 1001)
	w.until("one event", func() bool { return len(w.events) == 1 })
	must(t, unix.Connect(fd, loopback(1002)))
	w.until("two events", func() bool { return len(w.events) == 2 })
	must(t, unix.Close(fd))
	must(t, unix.Close(open(t, unix.SOCK_DGRAM, 1003)))
	w.until("five events", func() bool { return len(w.events) >= 5 })
	time.Sleep(500 * time.Millisecond)
	w.stop()
	got := strings.Join(w.told(func(watch.Event) bool { return true }), "\n")
	if want := `open 1001-0 UNCONN here
change 1001-1002 ESTABLISHED changed state,remote here
close 1001-1002 ESTABLISHED here final
open 1003-0 UNCONN brief
close 1003-0 UNCONN final brief`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestLiveBrief: a thousand connections that live a millisecond each, of which both
// ends are told of, once.
func TestLiveBrief(t *testing.T) {
	if !private(t) {
		return
	}
	for name, states := range map[string]socket.StateSet{"connections": socket.ConnectedStates, "all": socket.AllStates} {
		w := begin(t, states, tcpAndUDP)
		listens := listener(t, 1001)
		const n = 1000
		first := 10_000
		if name == "all" {
			first += n
		}
		for i := range n {
			client := open(t, unix.SOCK_STREAM, first+i)
			must(t, unix.Connect(client, loopback(1001)))
			server, _, err := unix.Accept4(listens, unix.SOCK_CLOEXEC)
			must(t, err)
			time.Sleep(time.Millisecond)
			must(t, unix.Close(client))
			must(t, unix.Close(server))
		}
		must(t, unix.Close(listens))
		w.settle()
		w.stop()
		type tally struct{ opens, closes, remains int }
		ends := map[[2]uint32]*tally{}
		for _, e := range w.events {
			if e.Kind == watch.Lost {
				t.Errorf("%s: %d events are lost", name, e.Missing)
				continue
			}
			s := e.Socket
			if s.Remote.IsZero() || e.Kind == watch.Change && s.State != socket.TimeWait {
				continue
			}
			at := [2]uint32{s.Local.Port, s.Remote.Port}
			if ends[at] == nil {
				ends[at] = &tally{}
			}
			switch e.Kind {
			case watch.Open:
				ends[at].opens++
			case watch.Close:
				ends[at].closes++
				if ends[at].opens != 1 || !e.Final {
					t.Errorf("%s: %v is closed after %d opens, final %v", name, at, ends[at].opens, e.Final)
				}
			case watch.Change:
				ends[at].remains++
			}
		}
		if len(ends) != 2*n {
			t.Errorf("%s: %d ends", name, len(ends))
		}
		wrong := 0
		for at, tally := range ends {
			closed := *tally == struct{ opens, closes, remains int }{1, 1, 0}
			left := *tally == struct{ opens, closes, remains int }{1, 0, 1}
			if !closed && (name != "all" || !left || at[1] != 1001) {
				if wrong++; wrong < 10 {
					t.Errorf("%s: %v: %+v", name, at, *tally)
				}
			}
		}
	}
}

// TestLiveOwners: the process is looked for once for each socket.
func TestLiveOwners(t *testing.T) {
	if !private(t) {
		return
	}
	w := begin(t, socket.ListeningStates, tcpAndUDP)
	fd := listener(t, 1001)
	w.until("the listener", func() bool { return len(w.events) > 0 })
	if p := w.events[0].Socket.Processes; len(p) != 1 || p[0].Process.PID != os.Getpid() || p[0].FD != fd {
		t.Errorf("held by %+v", p)
	}
}
