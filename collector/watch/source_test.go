package watch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// fake is a machine whose sockets a test changes.
type fake struct {
	mu      sync.Mutex
	rows    []*socket.Socket
	notices []socket.Notice
	took    time.Duration // of a look
	err     error
	looks   []time.Time
	asked   int // sockets whose holders were looked for
	holders map[uint64]string
	told    chan destroyed
	silent  bool
	missing int
}

func newFake(rows ...*socket.Socket) *fake {
	return &fake{rows: rows, told: make(chan destroyed, 100), holders: map[uint64]string{}}
}

func (f *fake) set(rows ...*socket.Socket) { f.do(func() { f.rows = rows }) }

// do changes something while no look begins.
func (f *fake) do(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// destroy tells of the end of a socket.
func (f *fake) destroy(s *socket.Socket) {
	d := *s
	d.State, d.Inode = socket.Close, 0
	d.Details = &socket.Details{TCP: &socket.TCPInfo{BytesSent: 7}}
	f.told <- destroyed{socket: &d}
}

func (f *fake) Look(_ context.Context, yield func(*socket.Socket) error) (socket.Report, error) {
	f.mu.Lock()
	rows, notices, took, err := f.rows, f.notices, f.took, f.err
	f.looks = append(f.looks, time.Now())
	f.mu.Unlock()
	var row socket.Socket
	for _, s := range rows {
		row = *s
		if err := yield(&row); err != nil {
			return socket.Report{}, err
		}
	}
	time.Sleep(took)
	return socket.Report{Notices: notices}, err
}

func (f *fake) Identify(_ context.Context, rows []*socket.Socket) (socket.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range rows {
		f.asked++
		s.Processes, s.NoProcess = nil, socket.ReasonUnknown
		if name := f.holders[s.Inode]; name != "" {
			s.Processes, s.NoProcess = []socket.Holder{{Process: &socket.Process{Name: name}}}, socket.ReasonNone
		}
	}
	return socket.Report{}, nil
}

// Held goes by the name of the process.
func (f *fake) Held(s *socket.Socket) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return s.Processes[0].Process.Name == f.holders[s.Inode]
}

func (f *fake) Subscribe() (Subscription, error) {
	if f.silent {
		return nil, errors.ErrUnsupported
	}
	return f, nil
}

func (f *fake) Listen(ctx context.Context, hear func(*socket.Socket, int) error) error {
	for {
		select {
		case d, ok := <-f.told:
			if !ok {
				return errors.New("closed")
			}
			if err := hear(d.socket, d.missing); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *fake) MoreMissing() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.missing
	f.missing = 0
	return n
}

func (f *fake) Close() error { return nil }

// watching is a watch that runs.
type watching struct {
	t       *testing.T
	begun   time.Time
	mu      sync.Mutex
	lines   []string
	notices []string
	end     chan error
}

// start runs a watch in the bubble of the test until that ends.
func start(t *testing.T, w *Watch) *watching {
	t.Helper()
	if w.View.Protos == 0 {
		w.View.Protos, w.View.IPv4, w.View.IPv6 = socket.InetProtos, true, true
	}
	if w.View.States == 0 {
		w.View.States = socket.ConnectedStates &^ socket.StateSetOf(socket.FinWait2) // where nothing is waited for
	}
	if w.Interval == 0 {
		w.Interval = time.Second
	}
	g := &watching{t: t, begun: time.Now(), end: make(chan error, 1)}
	w.Notice = func(n socket.Notice) { g.notices = append(g.notices, n.Code) }
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		g.end <- w.Run(ctx, func(events []Event) error {
			g.mu.Lock()
			defer g.mu.Unlock()
			for i := range events {
				g.lines = append(g.lines, line(g.begun, &events[i]))
			}
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-g.end; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	return g
}

// line is an event in short: when, what, which cookie and state, and the rest.
func line(begun time.Time, e *Event) string {
	text := fmt.Sprintf("%v %s", e.Time.Sub(begun), e.Kind)
	if e.Kind == Lost {
		return fmt.Sprintf("%s %d", text, e.Missing)
	}
	text += fmt.Sprintf(" %d %s", e.Socket.Cookie, e.Socket.State)
	for _, h := range e.Socket.Processes {
		text += " by " + h.Process.Name
	}
	if len(e.Changed) > 0 {
		text += " changed " + strings.Join(e.Changed, ",")
	}
	for _, h := range e.Held {
		text += " held by " + h.Process.Name
	}
	if e.Kind == Close {
		text += fmt.Sprintf(" lived %v", e.Lived)
	}
	if e.Crossed {
		text += " crossed"
	}
	switch {
	case e.Brief:
		text += " brief"
	case e.Final && e.Socket.Details.TCP.BytesSent == 7:
		text += " final"
	}
	return text
}

// after lets time pass, and checks what was told meanwhile.
func (g *watching) after(d time.Duration, want ...string) {
	g.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := strings.Join(g.lines, "\n"); got != strings.Join(want, "\n") {
		g.t.Errorf("after %v:\n%s\nwant:\n%s", time.Since(g.begun), got, strings.Join(want, "\n"))
	}
	g.lines = nil
}

// parse reads a filter.
func parse(t *testing.T, text string) filter.Expr {
	t.Helper()
	f, err := filter.Parse(text, filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f.Expr
}
