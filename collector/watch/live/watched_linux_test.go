package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watched is a watch of this namespace that runs.
type watched struct {
	t      *testing.T
	mu     sync.Mutex
	events []watch.Event
	looks  int
	idle   int       // times in a row that there was nothing
	last   time.Time // that there was something
	all    bool      // states are in view
	stop   context.CancelFunc
	end    chan error
}

// begin starts a watch, and returns when it has taken its first look.
func begin(t *testing.T, states socket.StateSet, protos socket.ProtoSet) *watched {
	t.Helper()
	c, err := collector.New(collector.Options{})
	must(t, err)
	source, view := New(c, collector.Query{
		Protos: protos, IPv4: true, IPv6: true, States: states, Details: socket.DetailOwners,
	}, nil)
	w := &watched{t: t, all: states == socket.AllStates, end: make(chan error, 1)}
	one := watch.Watch{
		Source: source, View: view, Owners: true, Interval: 200 * time.Millisecond, Share: 0.3, Queue: 1 << 16,
		Notice: func(n socket.Notice) {
			if n.Code != "owners-hidden" { // a sandbox may have a process that is refused to root
				t.Errorf("notice: %s", n.Message)
			}
		},
	}
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-w.end; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		for try := 0; runtime.NumGoroutine() > before; try++ {
			if try > 100 {
				all := make([]byte, 1<<16)
				t.Errorf("goroutines are left:\n%s", all[:runtime.Stack(all, true)])
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	go func() {
		w.end <- one.Run(ctx, func(events []watch.Event) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, events...)
			w.looks++
			if w.idle++; len(events) > 0 {
				w.idle, w.last = 0, time.Now()
			}
			return nil
		})
	}()
	t.Cleanup(w.stop)
	w.until("the first look", func() bool { return w.looks > 0 })
	return w
}

// until waits longer than it ever takes.
func (w *watched) until(what string, come func() bool) {
	w.t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		done := come()
		w.mu.Unlock()
		if done {
			return
		}
		if time.Since(began) > 20*time.Second {
			w.t.Fatalf("%s has not come; %d events:\n%s", what, len(w.events), strings.Join(w.told(func(watch.Event) bool { return true }), "\n"))
		}
	}
}

// settle waits until nothing was told for a time, and in some looks.
func (w *watched) settle(quiet time.Duration) {
	w.t.Helper()
	w.mu.Lock()
	w.idle, w.last = 0, time.Now()
	w.mu.Unlock()
	w.until("quiet", func() bool { return w.idle >= 4 && time.Since(w.last) >= quiet })
}

// told are the events that a test asks for, in short.
func (w *watched) told(about func(watch.Event) bool) []string {
	var lines []string
	for _, e := range w.events {
		if !about(e) {
			continue
		}
		if e.Kind == watch.Lost {
			lines = append(lines, fmt.Sprintf("lost %d", e.Missing))
			continue
		}
		line := fmt.Sprintf("%s %d-%d %s", e.Kind, e.Socket.Local.Port, e.Socket.Remote.Port, e.Socket.State)
		if len(e.Changed) > 0 {
			line += " changed " + strings.Join(e.Changed, ",")
		}
		switch {
		case len(e.Socket.Processes) > 0 && e.Socket.Processes[0].Process.PID == os.Getpid():
			line += " here"
		case len(e.Held) > 0 && e.Held[0].Process.PID == os.Getpid():
			line += " was here"
		}
		if e.Final {
			line += " final"
		}
		if e.Brief {
			line += " brief"
		}
		lines = append(lines, line)
	}
	return lines
}

// open makes a socket on 127.0.0.1.
func open(t *testing.T, kind, port int) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(t, unix.Bind(fd, loopback(port)))
	return fd
}

func loopback(port int) unix.Sockaddr {
	return &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}
}

func listener(t *testing.T, port int) int {
	t.Helper()
	fd := open(t, unix.SOCK_STREAM, port)
	must(t, unix.Listen(fd, 1024))
	return fd
}
