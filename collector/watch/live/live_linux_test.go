package live

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/netns/nstest"
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
	w.settle(0)
	must(t, unix.Close(client)) // its remains are FIN_WAIT2, until the server closes
	next(2)
	w.settle(0)
	must(t, unix.Close(server))
	next(countOf(w, 2, 1)) // and TIME_WAIT then
	must(t, unix.Close(listens))
	next(countOf(w, 1, 0))
	w.settle(0)
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
	if !nstest.Child(t, 0) {
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

// TestLiveConnections: without TIME_WAIT in view, a connection is closed when nothing
// but that is left of it.
func TestLiveConnections(t *testing.T) {
	if !nstest.Child(t, 0) {
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
			"change 1002-1001 FIN_WAIT2 changed state was here",
			"close 1002-1001 FIN_WAIT2 was here final",
		},
	} {
		got := w.told(func(e watch.Event) bool { return e.Socket.Local.Port == port })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("port %d (-want +got):\n%s", port, diff)
		}
	}
	i := slices.IndexFunc(w.events, func(e watch.Event) bool { return e.Kind == watch.Close && e.Socket.Local.Port == 1002 })
	if tcp := w.events[i].Socket.Details.TCP; tcp.BytesSent != 5 {
		t.Errorf("%d bytes were sent", tcp.BytesSent)
	}
}

// TestLiveDatagrams: of UDP the kernel tells as well.
func TestLiveDatagrams(t *testing.T) {
	if !nstest.Child(t, 0) {
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
// ends are told of, once, and with their last counters.
func TestLiveBrief(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	const n = 1000
	w := begin(t, socket.ConnectedStates, tcpAndUDP)
	briefly(t, 10_000, n)
	w.settle(3 * time.Second)
	w.stop()
	ends := endsOf(t, w)
	if len(ends) != 2*n {
		t.Errorf("%d ends", len(ends))
	}
	for at, end := range ends {
		if end.opens != 1 || end.closes != 1 {
			t.Errorf("%v: %+v", at, end)
		}
	}
	// With TIME_WAIT in view, the end that was closed first is there still.
	w = begin(t, socket.AllStates, tcpAndUDP)
	briefly(t, 20_000, n)
	w.settle(3 * time.Second)
	w.stop()
	ends = endsOf(t, w)
	stand := 0
	for at, end := range ends {
		if at[1] >= 20_000 || at[0] < 20_000 || end.closes == 1 {
			if end.opens != 1 || end.closes != 1 {
				t.Errorf("%v: %+v", at, end)
			}
			continue
		}
		stand++
		if end.opens != 1 || end.last != socket.TimeWait {
			t.Errorf("%v: %+v", at, end)
		}
	}
	if stand < n/2 {
		t.Errorf("%d in TIME_WAIT", stand)
	}
}

// briefly makes n connections, one after the other, from the ports from first on.
func briefly(t *testing.T, first, n int) {
	t.Helper()
	listens := listener(t, 1001)
	for i := range n {
		client := open(t, unix.SOCK_STREAM, first+i)
		must(t, unix.Connect(client, loopback(1001)))
		server, _, err := unix.Accept4(listens, unix.SOCK_CLOEXEC)
		must(t, err)
		_, err = unix.Write(client, []byte("abc"))
		must(t, err)
		_, err = unix.Read(server, make([]byte, 3))
		must(t, err)
		time.Sleep(time.Millisecond)
		must(t, unix.Close(client))
		must(t, unix.Close(server))
	}
	must(t, unix.Close(listens))
}

// ending is what was told of one end of a connection.
type ending struct {
	opens, closes int
	last          socket.State
}

// endsOf are both ends of all connections, by their ports. Nothing is to be told
// after an end is closed, and that with what went through it.
func endsOf(t *testing.T, w *watched) map[[2]uint32]*ending {
	t.Helper()
	ends := map[[2]uint32]*ending{}
	for _, e := range w.events {
		if e.Kind == watch.Lost {
			t.Errorf("%d events are lost", e.Missing)
			continue
		}
		s := e.Socket
		if s.Remote.IsZero() {
			continue
		}
		at := [2]uint32{s.Local.Port, s.Remote.Port}
		end := ends[at]
		if end == nil {
			end = &ending{}
			ends[at] = end
		}
		if end.closes > 0 {
			t.Errorf("%v: %s after its close", at, e.Kind)
		}
		end.last = s.State
		switch e.Kind {
		case watch.Open:
			end.opens++
		case watch.Close:
			end.closes++
			var counted uint64
			if e.Final {
				counted = max(s.Details.TCP.BytesSent, s.Details.TCP.BytesReceived)
			}
			if counted != 3 && counted != 4 { // a FIN is received like a byte
				t.Errorf("%v: final %v, %d bytes", at, e.Final, counted)
			}
		}
	}
	return ends
}

// TestLiveOwners: the process is looked for once for each socket.
func TestLiveOwners(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	w := begin(t, socket.ListeningStates, tcpAndUDP)
	fd := listener(t, 1001)
	w.until("the listener", func() bool { return len(w.events) > 0 })
	if p := w.events[0].Socket.Processes; len(p) != 1 || p[0].Process.PID != os.Getpid() || p[0].FD != fd {
		t.Errorf("held by %+v", p)
	}
}

// TestLiveNetlink: a watch does not tell of the sockets by which it looks.
func TestLiveNetlink(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	w := begin(t, socket.AllStates, socket.ProtoSetOf(socket.Netlink))
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	must(t, err)
	must(t, unix.Bind(fd, &unix.SockaddrNetlink{Pid: 12345}))
	file := os.NewFile(uintptr(fd), "netlink")
	holder := exec.Command("sleep", "60") // else it would be one of this program
	holder.ExtraFiles = []*os.File{file}
	must(t, holder.Start())
	must(t, file.Close())
	w.until("one event", func() bool { return len(w.events) > 0 })
	must(t, holder.Process.Kill())
	if err := holder.Wait(); err == nil {
		t.Error("the holder has ended by itself")
	}
	w.until("two events", func() bool { return len(w.events) > 1 })
	w.settle(0)
	w.stop()
	if len(w.events) != 2 || w.events[0].Kind != watch.Open || w.events[1].Kind != watch.Close || w.events[1].Socket.Local.Port != 12345 {
		t.Errorf("%q", w.told(func(watch.Event) bool { return true }))
	}
}
