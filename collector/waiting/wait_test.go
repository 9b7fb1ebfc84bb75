package waiting

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// history is a collector of sockets that come and go, by the time since its
// beginning.
type history struct {
	began time.Time
	rows  []episode
	asked []collector.Query
	at    []int64 // when, in milliseconds

	surveys, tries int
	tried          map[uint16]int // by port
	// known are the options that a survey finds, by cookie, and without the true
	// ones of those of which it finds none.
	known, without map[uint64]socket.Tri
	// arrives is when the address 203.0.113.9 comes.
	arrives time.Duration
	may     socket.Tri
	fault   error // of a bind that is tried
}

// Survey implements collector.Surveyor.
func (h *history) Survey(context.Context, []machine.Ports) (*collector.Survey, error) {
	h.surveys++
	return h.survey(h.known), nil
}

func (h *history) survey(options ...map[uint64]socket.Tri) *collector.Survey {
	now, limit := time.Since(h.began), uint16(1024)
	m := &machine.Machine{
		UnprivilegedPorts: &limit, IPv6: socket.Yes, V6Only: socket.No, HasLocal: true, HasLinks: true,
		Local4:        []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		NonlocalBind4: socket.No, NonlocalBind6: socket.No,
	}
	if h.arrives > 0 && now >= h.arrives {
		m.Local4 = append(m.Local4, netip.MustParsePrefix("203.0.113.9/32"))
	}
	s := &collector.Survey{Machine: m}
	for _, e := range h.rows {
		if now < e.from || e.to > 0 && now >= e.to {
			continue
		}
		row := *e.Socket
		row.Details = row.Details.Clone()
		for _, o := range options {
			if set, ok := o[row.Cookie]; ok {
				reusing(set, &row)
			}
		}
		s.Sockets = append(s.Sockets, &row)
	}
	return s
}

// May implements collector.Surveyor.
func (h *history) May(uint32) socket.Tri { return h.may }

// Try implements collector.Surveyor.
func (h *history) Try(b why.Bind) (string, error) {
	h.tries++
	if h.tried == nil {
		h.tried = map[uint16]int{}
	}
	h.tried[b.Port]++
	s := h.survey(h.known, h.without)
	return why.Decide(b, s.Machine, s.Sockets).Errno, h.fault
}

// episode is a socket and when it was there.
type episode struct {
	*socket.Socket
	from, to time.Duration
	holder   string
}

// Collect implements collector.Collector.
func (h *history) Collect(_ context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	now := time.Since(h.began)
	h.asked, h.at = append(h.asked, q), append(h.at, now.Milliseconds())
	for _, e := range h.rows {
		if now < e.from || e.to > 0 && now >= e.to || !q.States.Has(e.State) {
			continue
		}
		row := *e.Socket
		if q.Details.Has(socket.DetailOwners) && e.holder != "" {
			row.Processes = []socket.Holder{{Process: &socket.Process{PID: 7, Name: e.holder}, FD: 3}}
		}
		if err := yield(&row); err != nil {
			return socket.Report{}, err
		}
	}
	return socket.Report{Notices: []socket.Notice{{Code: "test"}}}, nil
}

// asks are the queries for processes.
func (h *history) asks() (n int) {
	for _, q := range h.asked {
		if q.Details.Has(socket.DetailOwners) {
			n++
		}
	}
	return n
}

// names are the processes of sockets.
func names(rows []*socket.Socket) (all []string) {
	for _, s := range rows {
		name := "-"
		for _, h := range s.Processes {
			name = h.Process.Name
		}
		all = append(all, name)
	}
	return all
}

func numbered(cookie uint64, s *socket.Socket) *socket.Socket {
	s.Cookie, s.Inode = cookie, cookie
	return s
}

func timeWait(cookie uint64, local string) *socket.Socket {
	s := numbered(cookie, at(socket.TCP, socket.TimeWait, local, 0))
	s.Inode = 0
	s.Details = &socket.Details{Timer: &socket.Timer{Kind: socket.TimerTimeWait, Expires: 60_000}}
	return s
}

// run waits on a clock of its own.
func run(t *testing.T, h *history, w *Wait) Outcome {
	t.Helper()
	h.began = time.Now()
	w.Collector, w.Surveyor = h, h
	if w.Program.Privileged == socket.Unknown {
		w.Program.Privileged = socket.Yes
	}
	o, err := w.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestWaitListening: the kernel is asked for listeners and nothing else, and for
// processes once, of what has come.
func TestWaitListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{rows: []episode{
			{Socket: numbered(1, at(socket.TCP, socket.Listen, "127.0.0.1:80", 0)), from: 30 * time.Millisecond, holder: "one"},
			{Socket: numbered(2, at(socket.TCP, socket.Listen, "0.0.0.0:81", 0)), from: 200 * time.Millisecond, holder: "two"},
			{Socket: numbered(3, at(socket.TCP, socket.Listen, "127.0.0.1:83", 0)), holder: "three"},
			{Socket: numbered(4, at(socket.TCP, socket.Established, "127.0.0.1:81", 0)), holder: "four"},
		}}
		w := &Wait{Targets: []Target{*target(socket.TCP, 81), *target(socket.TCP, 80), *target(socket.TCP, 83)}, Details: socket.DetailOwners}
		o := run(t, h, w)
		if !o.Met || o.Waited < 200*time.Millisecond || o.Waited > 300*time.Millisecond {
			t.Errorf("after %v: %+v", o.Waited, o)
		}
		want := [][]string{{"two"}, {"one"}, {"three"}}
		for i, target := range o.Targets {
			if diff := cmp.Diff(want[i], names(target.Sockets)); diff != "" || !target.Met || target.Gone != nil {
				t.Errorf("port %d (-want +got):\n%s", target.Port, diff)
			}
		}
		if h.asks() != 1 {
			t.Errorf("%d of %d looks were for processes", h.asks(), len(h.at))
		}
		q := h.asked[0]
		if q.States != socket.ListeningStates || q.Details != 0 || !q.IPv4 || !q.IPv6 || q.Protos != 1<<socket.TCP {
			t.Errorf("asked for %+v", q)
		}
		wantFilter := filter.Port{End: filter.Local, Ranges: filter.Ranges{{First: 80, Last: 81}, {First: 83, Last: 83}}}
		if diff := cmp.Diff(wantFilter, q.Filter); diff != "" {
			t.Errorf("filter (-want +got):\n%s", diff)
		}
		if len(o.Report.Notices) != 1 {
			t.Errorf("notices %v", o.Report.Notices)
		}
	})
}

// TestWaitTogether: ports have to be as they should at one time.
func TestWaitTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{rows: []episode{
			{Socket: numbered(1, at(socket.TCP, socket.Listen, "127.0.0.1:80", 0)), to: time.Second},
			{Socket: numbered(2, at(socket.TCP, socket.Listen, "0.0.0.0:81", 0)), from: time.Second},
			{Socket: numbered(3, at(socket.TCP, socket.Listen, "127.0.0.1:80", 0)), from: 3 * time.Second},
		}}
		o := run(t, h, &Wait{Targets: []Target{*target(socket.TCP, 80), *target(socket.TCP, 81)}})
		if !o.Met || o.Waited < 3*time.Second || h.asks() != 0 {
			t.Errorf("after %v, %d looks for processes: %+v", o.Waited, h.asks(), o)
		}
	})
}

// TestWaitUnclear: a listener that may be IPv6's only is not taken for one of
// IPv4, and that is said.
func TestWaitUnclear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{rows: []episode{{Socket: at(socket.TCP, socket.Listen, "[::]:80", socket.Unknown)}}}
		o := run(t, h, &Wait{Targets: []Target{*target(socket.TCP, 80, "127.0.0.1")}, Limited: true})
		if o.Met || len(o.Report.Notices) != 2 || o.Report.Notices[1].Code != "v6only-unknown" {
			t.Errorf("ended with %+v", o)
		}
	})
}

// TestWaitFree: who has gone is remembered, through what remains of them; and
// processes are looked for only when somebody is new.
func TestWaitFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const s = time.Second
		listener := numbered(1, at(socket.TCP, socket.Listen, "0.0.0.0:80", 0))
		client := numbered(2, at(socket.TCP, socket.Established, "127.0.0.1:80", 0))
		h := &history{rows: []episode{
			{Socket: listener, to: 2 * s, holder: "first"},
			{Socket: client, from: s, to: 3 * s, holder: "first"},
			{Socket: numbered(3, at(socket.TCP, socket.Listen, "0.0.0.0:80", 0)), from: 4 * s, to: 6 * s, holder: "second"},
			{Socket: timeWait(2, "127.0.0.1:80"), from: 3 * s, to: 8 * s}, // of the client
		}}
		o := run(t, h, &Wait{Condition: Free, Targets: []Target{*target(socket.TCP, 80), *target(socket.UDP, 80)}, Details: socket.DetailOwners})
		if !o.Met || o.Waited < 8*s || o.Waited > 8*s+100*time.Millisecond {
			t.Errorf("after %v: %+v", o.Waited, o)
		}
		tcp, udp := o.Targets[0], o.Targets[1]
		if diff := cmp.Diff([]string{"second"}, names(tcp.Gone)); diff != "" {
			t.Errorf("gone (-want +got):\n%s", diff)
		}
		if len(tcp.Last) != 1 || tcp.Last[0].State != socket.TimeWait || len(tcp.Last[0].Processes) > 0 || len(tcp.Sockets) != 0 {
			t.Errorf("seen last %+v", tcp.Last)
		}
		if !udp.Met || len(udp.Gone)+len(udp.Last) > 0 {
			t.Errorf("the other protocol has %+v", udp)
		}
		// One at the beginning, one when only the client is left, one for the second.
		if h.asks() != 3 {
			t.Errorf("%d looks for processes", h.asks())
		}
	})
}

// TestWaitRemains: what remains of a connection has its cookie and is nobody's.
func TestWaitRemains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := numbered(2, at(socket.TCP, socket.Established, "127.0.0.1:80", 0))
		h := &history{rows: []episode{
			{Socket: client, to: time.Second, holder: "server"},
			{Socket: timeWait(2, "127.0.0.1:80"), from: time.Second, to: 2 * time.Second},
		}}
		o := run(t, h, &Wait{Condition: Free, Targets: []Target{*target(socket.TCP, 80)}, Details: socket.DetailOwners})
		if diff := cmp.Diff([]string{"server"}, names(o.Targets[0].Gone)); diff != "" {
			t.Errorf("gone (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"-"}, names(o.Targets[0].Last)); diff != "" || o.Targets[0].Last[0].State != socket.TimeWait {
			t.Errorf("seen last (-want +got):\n%s", diff)
		}
	})
}

// TestWaitFreeTimeout: it is said who still is there.
func TestWaitFreeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{rows: []episode{
			{Socket: numbered(1, at(socket.TCP, socket.Listen, "0.0.0.0:80", 0)), to: time.Second, holder: "first"},
			{Socket: numbered(2, at(socket.TCP, socket.Listen, "0.0.0.0:80", 0)), from: time.Second, holder: "second"},
		}}
		w := &Wait{
			Condition: Free, Targets: []Target{*target(socket.TCP, 80)}, Details: socket.DetailOwners,
			Timeout: 1010 * time.Millisecond, Limited: true,
		}
		o := run(t, h, w)
		if diff := cmp.Diff([]string{"second"}, names(o.Targets[0].Sockets)); diff != "" || o.Met || o.Targets[0].Gone != nil {
			t.Errorf("ended with %+v", o)
		}
		if o.Waited != w.Timeout {
			t.Errorf("after %v", o.Waited)
		}
	})
}

// destroyed is the message about an IPv4 TCP socket.
func destroyed(port uint16, cookie uint64) []byte {
	const header, row, attr = 16, 72, 8
	b := make([]byte, header+row+attr)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], 20) // SOCK_DIAG_BY_FAMILY
	b[header], b[header+1] = 2, 7
	binary.BigEndian.PutUint16(b[header+4:], port)
	binary.NativeEndian.PutUint32(b[header+44:], uint32(cookie))
	binary.NativeEndian.PutUint32(b[header+48:], uint32(cookie>>32))
	binary.NativeEndian.PutUint16(b[header+row:], attr)
	binary.NativeEndian.PutUint16(b[header+row+2:], 10) // INET_DIAG_PROTOCOL
	b[header+row+4] = 6
	return b
}

// announcer is an EventConn that says something after a while.
type announcer struct {
	after   time.Duration
	message []byte
	closed  chan struct{}
}

func (a *announcer) Receive(b []byte) (int, error) {
	if a.message != nil {
		time.Sleep(a.after)
		n := copy(b, a.message)
		a.message = nil
		return n, nil
	}
	<-a.closed
	return 0, errors.New("closed")
}

func (a *announcer) Close() error {
	select {
	case <-a.closed:
	default:
		close(a.closed)
	}
	return nil
}

// TestWaitEvents: an event about the port brings a look at once, another none,
// and without events it is as if there were none. The look that finds nothing in
// the way is followed by a survey, and another.
func TestWaitEvents(t *testing.T) {
	const at600 = 600 * time.Millisecond
	told := slices.Clip([]int64{0, 10, 25, 47, 81, 131, 207, 321, 492})
	for name, tt := range map[string]struct {
		message []byte
		refused bool
		protos  []socket.Proto
		want    []int64
	}{
		"the port":     {message: destroyed(80, 1), want: append(told, 600, 600)},
		"another port": {message: destroyed(81, 1), want: append(told, 748, 748)},
		"another row":  {message: destroyed(80, 2), want: append(told, 748, 748)},
		"lost":         {message: []byte{1}, want: append(told, 600, 600)},
		"refused":      {refused: true, want: []int64{0, 10, 25, 47, 81, 131, 207, 307, 407, 507, 607, 607}},
		"udplite":      {protos: []socket.Proto{socket.UDPLite}, want: []int64{0, 10, 25, 47, 81, 131, 207, 307, 407, 507, 607, 607}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &history{rows: []episode{{Socket: numbered(1, at(socket.TCP, socket.Listen, "0.0.0.0:80", 0)), to: at600}}}
				w := &Wait{Condition: Free, Targets: []Target{*target(socket.TCP, 80)}}
				for _, p := range tt.protos {
					w.Targets = append(w.Targets, *target(p, 80))
				}
				conn := &announcer{after: at600, message: tt.message, closed: make(chan struct{})}
				w.Subscribe = func(protos socket.ProtoSet, ports []uint16) (sockdiag.EventConn, error) {
					if tt.refused {
						return nil, errors.New("refused")
					}
					if protos != 1<<socket.TCP || len(ports) != 1 || ports[0] != 80 {
						t.Errorf("subscribed to %v of %x", ports, protos)
					}
					return conn, nil
				}
				run(t, h, w)
				if diff := cmp.Diff(tt.want, h.at); diff != "" {
					t.Errorf("looks at (-want +got):\n%s", diff)
				}
			})
		})
	}
}
