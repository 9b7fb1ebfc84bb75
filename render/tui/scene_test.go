package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/internal/rendertest"
)

// scene is a machine on which exactly what a test says happens. It is the Source
// of the tests and their clock.
type scene struct {
	mu      sync.Mutex
	clock   time.Time
	sockets []*socket.Socket
	deliver func(Batch)
	wants   []Want
	looked  chan struct{} // one for each first batch
}

func newScene() *scene {
	c := &scene{clock: rendertest.Time, looked: make(chan struct{}, 100)}
	c.sockets = []*socket.Socket{
		c.inet(1, socket.Listen, "0.0.0.0:22", "", "sshd", 100),
		c.inet(2, socket.Listen, "127.0.0.1:5432", "", "postgres", 200),
		c.inet(3, socket.Established, "192.0.2.10:22", "198.51.100.7:50022", "sshd", 110),
		c.inet(4, socket.Established, "127.0.0.1:5432", "127.0.0.1:40001", "postgres", 210),
		c.inet(5, socket.Established, "127.0.0.1:40001", "127.0.0.1:5432", "データベース", 300),
		c.inet(6, socket.TimeWait, "192.0.2.10:22", "198.51.100.8:50100", "", 0),
		c.inet(7, socket.Established, "[2001:db8::10]:443", "[2001:db8::7]:61000", "e\x1b[2Jvil\u202e,x[1]", 400),
	}
	return c
}

func (c *scene) inet(cookie uint64, state socket.State, local, remote, process string, pid int) *socket.Socket {
	s := &socket.Socket{
		Proto: socket.TCP, Type: socket.Stream, Family: socket.IPv4, State: state, Cookie: cookie, Inode: 1000 + cookie,
		Local: rendertest.Inet(local), Remote: rendertest.Inet(remote), UID: 33, HasUID: true, User: "www-data",
		NoProcess: socket.ReasonTimeWait,
	}
	if s.Local.Addr.Is6() {
		s.Family = socket.IPv6
	}
	if process != "" {
		s.Processes = []socket.Holder{{Process: &socket.Process{PID: pid, Name: process}, FD: 3}}
		s.NoProcess = socket.ReasonNone
	}
	if state == socket.Established {
		s.Details = &socket.Details{TCP: &socket.TCPInfo{Size: 300, RTT: 1530}}
	}
	return s
}

// Watch shows all that is there, and then waits.
func (c *scene) Watch(ctx context.Context, w Want, deliver func(Batch)) error {
	c.mu.Lock()
	c.wants = append(c.wants, w)
	c.deliver = deliver
	first := c.fresh(w)
	c.mu.Unlock()
	deliver(first)
	c.looked <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// fresh is the first batch for a question.
func (c *scene) fresh(w Want) Batch {
	b := Batch{Time: c.clock, Fresh: true, Looked: true}
	for _, s := range c.sockets {
		if w.Selection.Listening && s.State != socket.Listen {
			continue
		}
		if w.Filter != nil && filter.Eval(w.Filter.Expr, s, w.Details) != socket.Yes {
			continue
		}
		b.Events = append(b.Events, watch.Event{Kind: watch.Initial, Time: c.clock, Socket: s})
	}
	return b
}

// change is a socket with another state; the old one stays as it was.
func (c *scene) change(cookie uint64, alter func(s *socket.Socket)) (now, before *socket.Socket) {
	i := slices.IndexFunc(c.sockets, func(s *socket.Socket) bool { return s.Cookie == cookie })
	before = c.sockets[i]
	copied := *before
	copied.Details = before.Details.Clone()
	alter(&copied)
	c.sockets[i] = &copied
	return &copied, before
}

// happen is one step of the story: what the next look sees.
func (c *scene) happen(step string) Batch {
	b := Batch{Time: c.clock, Looked: true}
	event := func(k watch.Kind, s *socket.Socket) {
		b.Events = append(b.Events, watch.Event{Kind: k, Time: c.clock, Socket: s})
	}
	switch step {
	case "open":
		s := c.inet(20, socket.Established, "192.0.2.10:22", "203.0.113.9:40404", "sshd", 111)
		c.sockets = append(c.sockets, s)
		event(watch.Open, s)
	case "first":
		s := c.inet(21, socket.Listen, "127.0.0.1:21", "", "ftpd", 90)
		c.sockets = append(c.sockets, s)
		event(watch.Open, s)
	case "change":
		s, before := c.change(4, func(s *socket.Socket) { s.State = socket.CloseWait })
		event(watch.Change, s)
		b.Events[0].Before, b.Events[0].Changed = before, []string{"state"}
	case "close":
		s, _ := c.change(3, func(s *socket.Socket) { s.Details.TCP.BytesReceived += 10 })
		c.sockets = slices.DeleteFunc(c.sockets, func(o *socket.Socket) bool { return o == s })
		event(watch.Close, s)
		// The kernel's message about the end knows of no process.
		b.Events[0].Held, s.Processes = s.Processes, nil
	case "brief":
		s := c.inet(22, socket.Close, "192.0.2.10:22", "203.0.113.9:40405", "", 0)
		event(watch.Open, s)
		event(watch.Close, s)
		b.Looked = false
	case "traffic":
		for i, cookie := range []uint64{4, 5, 7} {
			s, _ := c.change(cookie, func(s *socket.Socket) {
				s.Details.TCP.BytesReceived += 1_530_000 * uint64(i)
				s.Details.TCP.BytesSent += 400
				s.Details.TCP.TotalRetrans += uint32(i)
			})
			b.Rows = append(b.Rows, s)
		}
	case "lost":
		b.Events = []watch.Event{{Kind: watch.Lost, Time: c.clock, Missing: 12}}
	case "notice":
		b.Notices = []socket.Notice{{Code: "owners-hidden", Count: 3, Message: "3 sockets\x1b[2J are of others", Hint: "be root"}}
	case "fail":
		b.Err = errors.New("look: no such\x1b[2J thing")
	case "many":
		for i := range 500 {
			s := c.inet(uint64(1000+i), socket.Established, fmt.Sprintf("192.0.2.10:%d", 10+i%2*9000), fmt.Sprintf("203.0.113.%d:%d", i%250+1, 30000+i), "nginx", 500)
			c.sockets = append(c.sockets, s)
			event(watch.Initial, s)
		}
	}
	return b
}

// fields are the columns of the listing.
func fields(list string) []field.Field {
	f, err := field.Parse(list, nil)
	if err != nil {
		panic(err)
	}
	return f
}

// options are those of a screen that looks at the scene.
func (c *scene) options() Options {
	return Options{
		Host: "example", Fields: fields("proto,state,local,remote,process"), Interval: time.Second,
		Now: func() time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.clock
		},
		Parse: func(text string) (*filter.Filter, error) { return filter.Parse(text, filter.Options{}) },
		Inspect: func(_ context.Context, s *socket.Socket) (Inspection, error) {
			copied := *s
			copied.Processes = slices.Clone(s.Processes)
			if len(copied.Processes) > 0 {
				p := *copied.Processes[0].Process
				p.Command, p.Exe = p.Name+" --serve", "/usr/sbin/served"
				copied.Processes[0].Process = &p
			}
			known := Inspection{Socket: &copied}
			for _, o := range c.sockets {
				if o.Local == s.Remote && !s.Remote.IsZero() {
					known.Peers = append(known.Peers, o)
				}
			}
			return known, nil
		},
		Kill: func(s *socket.Socket, in io.Reader, out, _ io.Writer) error {
			fmt.Fprintf(out, "end %s? [y/N] ", peerLine(s))
			var answer string
			_, _ = fmt.Fscanln(in, &answer)
			fmt.Fprintf(out, "answer %q\n", answer)
			return nil
		},
		Export: func(path string, rows []*socket.Socket, fields []field.Field) error {
			return os.WriteFile(path, fmt.Appendf(nil, "%d rows, %d columns\n", len(rows), len(fields)), 0o600)
		},
	}
}

// nilRow is what no Source hands over: the screen breaks down over it.
func nilRow() []*socket.Socket { return []*socket.Socket{nil} }
