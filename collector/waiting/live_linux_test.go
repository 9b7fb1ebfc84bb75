package waiting

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// must ends the goroutine, which is not the test's own.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		runtime.Goexit()
	}
}

func loopback(port int) unix.Sockaddr {
	return &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}
}

// open makes a socket on 127.0.0.1 that whoever asked for it closes.
func open(t *testing.T, kind, port int) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(t, unix.Bind(fd, loopback(port)))
	return fd
}

func listener(t *testing.T, port int) int {
	t.Helper()
	fd := open(t, unix.SOCK_STREAM, port)
	must(t, unix.Listen(fd, 5))
	return fd
}

// wait makes a Wait for one port of the calling thread's namespace.
func wait(t *testing.T, c Condition, p socket.Proto, port uint16) *Wait {
	t.Helper()
	system, err := collector.New(collector.Options{})
	must(t, err)
	surveyor, ok := system.(collector.Surveyor)
	if !ok {
		must(t, errors.New("the system's collector is no surveyor"))
	}
	return &Wait{
		Condition: c, Targets: []Target{{Proto: p, Port: port}}, Collector: system, Surveyor: surveyor, Subscribe: sockdiag.DialEvents,
		Program: why.Bind{UID: uint32(os.Geteuid()), Privileged: surveyor.May(uint32(os.Geteuid()))},
		Timeout: 30 * time.Second, Limited: true, Details: socket.DetailOwners,
	}
}

// later does something after a while and tells when.
func later(after time.Duration, do func()) <-chan time.Time {
	at := make(chan time.Time, 1)
	go func() {
		time.Sleep(after)
		at <- time.Now()
		do()
	}()
	return at
}

func held(rows []*socket.Socket) bool {
	for _, s := range rows {
		for _, h := range s.Processes {
			if h.Process.PID == os.Getpid() {
				return true
			}
		}
	}
	return false
}

// asked tells when processes have been looked for.
type asked struct {
	collector.Collector
	owners chan struct{}
}

// Collect implements collector.Collector.
func (c asked) Collect(ctx context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	report, err := c.Collector.Collect(ctx, q, yield)
	if q.Details.Has(socket.DetailOwners) {
		c.owners <- struct{}{}
	}
	return report, err
}

// TestLiveFree: it is noticed at once that the last socket of a port is closed,
// and whose it was.
func TestLiveFree(t *testing.T) {
	t.Parallel()
	for name, opened := range map[string]func(t *testing.T) int{
		"listener":  func(t *testing.T) int { return listener(t, 1001) },
		"bound":     func(t *testing.T) int { return open(t, unix.SOCK_STREAM, 1001) },
		"datagrams": func(t *testing.T) int { return open(t, unix.SOCK_DGRAM, 1001) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nstest.Run(t, func(t *testing.T) {
				proto := socket.TCP
				if name == "datagrams" {
					proto = socket.UDP
				}
				best := time.Hour
				for try := 0; try < 5 && best > atOnce; try++ {
					fd := opened(t)
					w := wait(t, Free, proto, 1001)
					owners := asked{w.Collector, make(chan struct{}, 10)}
					w.Collector = owners
					closed := make(chan time.Time, 1)
					go func() {
						<-owners.owners
						time.Sleep(150 * time.Millisecond)
						closed <- time.Now()
						_ = unix.Close(fd)
					}()
					outcome, err := w.Run(t.Context())
					must(t, err)
					if !outcome.Met || !held(outcome.Targets[0].Gone) || len(outcome.Targets[0].Sockets) > 0 {
						t.Errorf("ended with %+v", outcome)
					}
					best = min(best, time.Since(<-closed))
				}
				if best > 250*time.Millisecond { // on a machine that has much else to do
					t.Errorf("noticed after %v", best)
				}
				t.Logf("noticed after %v", best)
			})
		})
	}
}

const atOnce = 5 * time.Millisecond

// slow is a collector on a machine with many connections.
type slow struct{ collector.Collector }

// Collect implements collector.Collector.
func (c slow) Collect(ctx context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	time.Sleep(200 * time.Millisecond)
	return c.Collector.Collect(ctx, q, yield)
}

// TestLiveFreeSlow: where looks are so dear that the next would come in four
// seconds or more, only the event can be what is noticed.
func TestLiveFreeSlow(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		fd := listener(t, 1001)
		w := wait(t, Free, socket.TCP, 1001)
		w.Collector, w.Details = slow{w.Collector}, 0
		closed := later(300*time.Millisecond, func() { _ = unix.Close(fd) })
		outcome, err := w.Run(t.Context())
		must(t, err)
		if took := time.Since(<-closed); took > 2500*time.Millisecond || !outcome.Met {
			t.Errorf("noticed after %v: %+v", took, outcome)
		}
	})
}

// TestLiveFreeFlood: connections that come and go do not matter as long as the
// listener is there, however many there are.
func TestLiveFreeFlood(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		fd := listener(t, 1001)
		other := listener(t, 1002)
		defer unix.Close(other)
		w := wait(t, Free, socket.TCP, 1001)
		looks := 0
		w.Collector = counted{w.Collector, &looks}
		w.Details = 0
		w.Program.ReuseAddr = true // or the TIME_WAIT they leave are waited for
		ended := make(chan struct{})
		outcome := make(chan Outcome, 1)
		// Whatever opens sockets has to stay on this thread.
		conn, err := sockdiag.DialEvents(socket.ProtoSetOf(socket.TCP), []uint16{1001})
		must(t, err)
		w.Subscribe = func(socket.ProtoSet, []uint16) (sockdiag.EventConn, error) { return conn, nil }
		here, err := os.Open("/proc/thread-self/ns/net")
		must(t, err)
		defer here.Close()
		go func() {
			defer close(ended)
			runtime.LockOSThread() // and never let it go: it is in another namespace
			if err := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); err != nil {
				t.Error(err)
				return
			}
			o, err := w.Run(context.Background())
			if err != nil {
				t.Error(err)
			}
			outcome <- o
		}()
		for began := time.Now(); time.Since(began) < time.Second; {
			for _, port := range []int{1001, 1002} {
				client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				must(t, err)
				must(t, unix.Connect(client, loopback(port)))
				on := fd
				if port == 1002 {
					on = other
				}
				server, _, err := unix.Accept4(on, unix.SOCK_CLOEXEC)
				must(t, err)
				must(t, unix.Close(client))
				must(t, unix.Close(server))
			}
		}
		must(t, unix.Close(fd))
		<-ended
		if o := <-outcome; !o.Met {
			t.Errorf("ended with %+v", o)
		}
		// The pauses of one second take no more than these; each connection would
		// be another one.
		if looks > 15 {
			t.Errorf("%d looks", looks)
		}
	})
}

// counted counts what a collector is asked.
type counted struct {
	collector.Collector
	n *int
}

// Collect implements collector.Collector.
func (c counted) Collect(ctx context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	*c.n++
	return c.Collector.Collect(ctx, q, yield)
}

// TestLiveTimeWait: what a connection leaves behind is in the way of a plain bind
// and not of a server's, and it is known until when.
func TestLiveTimeWait(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		fd := listener(t, 1001)
		client := open(t, unix.SOCK_STREAM, 0)
		must(t, unix.Connect(client, loopback(1001)))
		server, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
		must(t, err)
		must(t, unix.Close(fd))
		must(t, unix.Close(server)) // first, so that it is the one to wait
		must(t, unix.Close(client))
		w := wait(t, Free, socket.TCP, 1001)
		w.Timeout = 0
		plain, err := w.Run(t.Context())
		must(t, err)
		sockets := plain.Targets[0].Sockets
		if plain.Met || len(sockets) != 1 || sockets[0].State != socket.TimeWait {
			t.Errorf("ended with %+v", plain)
			return
		}
		state, err := newLooker(w).lookFree(t.Context(), sockets)
		must(t, err)
		if state.Due < 50*time.Second || state.Due > 60*time.Second {
			t.Errorf("due in %v", state.Due)
		}
		w.Program.ReuseAddr = true
		if servers, err := w.Run(t.Context()); err != nil || !servers.Met {
			t.Errorf("with SO_REUSEADDR ended with %+v, %v", servers, err)
		}
	})
}

func TestLiveListening(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		here, err := os.Open("/proc/thread-self/ns/net")
		must(t, err)
		defer here.Close()
		for _, proto := range []socket.Proto{socket.TCP, socket.UDP} {
			w := wait(t, Listening, proto, 1001)
			w.Targets[0].Addrs = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
			opened := make(chan int, 1)
			came := later(300*time.Millisecond, func() {
				runtime.LockOSThread() // and never let it go
				if err := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); err != nil {
					t.Error(err)
				}
				if proto == socket.UDP {
					opened <- open(t, unix.SOCK_DGRAM, 1001)
				} else {
					opened <- listener(t, 1001)
				}
			})
			outcome, err := w.Run(t.Context())
			must(t, err)
			if took := time.Since(<-came); took > 8*time.Second {
				t.Errorf("noticed after %v", took)
			}
			if !outcome.Met || !held(outcome.Targets[0].Sockets) {
				t.Errorf("%s: ended with %+v", proto, outcome)
			}
			must(t, unix.Close(<-opened))
		}
	})
}

// TestLiveEnd: a wait that is called off leaves nothing behind.
func TestLiveEnd(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		fd := listener(t, 1001)
		defer unix.Close(fd)
		ctx, cancel := context.WithCancel(t.Context())
		var conn tracked
		w := wait(t, Free, socket.TCP, 1001)
		w.Subscribe = func(protos socket.ProtoSet, ports []uint16) (sockdiag.EventConn, error) {
			c, err := sockdiag.DialEvents(protos, ports)
			conn = tracked{EventConn: c, closed: make(chan struct{}, 10)}
			return conn, err
		}
		later(100*time.Millisecond, cancel)
		began := time.Now()
		if _, err := w.Run(ctx); !errors.Is(err, context.Canceled) || time.Since(began) > 20*time.Second {
			t.Errorf("ended after %v with %v", time.Since(began), err)
		}
		if len(conn.closed) == 0 {
			t.Error("the subscription is still open")
		}
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for stack := range strings.SplitSeq(string(stacks), "\n\n") {
			if strings.Contains(stack, "sockdiag.tracked") || strings.Contains(stack, "waiting.tracked") {
				t.Errorf("still running:\n%s", stack)
			}
		}
	})
}

// tracked tells when it is closed.
type tracked struct {
	sockdiag.EventConn
	closed chan struct{}
}

func (c tracked) Close() error {
	c.closed <- struct{}{}
	return c.EventConn.Close()
}

// Receive is there so that a stack tells who is in it.
func (c tracked) Receive(b []byte) (int, error) { return c.EventConn.Receive(b) }
