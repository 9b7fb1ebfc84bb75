package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// privateTest names the test that a child of the test binary is to run.
const privateTest = "LIVE_PRIVATE_TEST"

// private runs the calling test in a child with a network namespace of its own, and
// reports whether this is that child. The caller returns where it is false.
func private(t *testing.T) bool {
	t.Helper()
	if os.Getenv(privateTest) == t.Name() {
		must(t, loopbackUp())
		return true
	}
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("making a network namespace needs root")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), privateTest+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Errorf("%v\n%s", err, out)
	case err != nil:
		t.Skipf("making a namespace: %v", err)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	default:
		t.Logf("%s", out)
	}
	return false
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}

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
	idle   int  // times in a row that there was nothing
	all    bool // states are in view
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
	}, Subscribe(nil))
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
				w.idle = 0
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

// settle waits until some looks have had nothing to tell.
func (w *watched) settle() {
	w.t.Helper()
	w.mu.Lock()
	w.idle = 0
	w.mu.Unlock()
	w.until("quiet", func() bool { return w.idle >= 4 })
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
