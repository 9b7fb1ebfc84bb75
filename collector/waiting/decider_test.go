package waiting

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// TestDecide: when a port is free for a program with SO_REUSEADDR, and what it
// costs to know: a survey when nothing certain is in the way, a bind where that
// does not tell. As long as something is, there is one bind at the beginning.
func TestDecide(t *testing.T) {
	const s, late = time.Second, 100 * time.Millisecond
	const tcp, udp, yes, no = socket.TCP, socket.UDP, socket.Yes, socket.No
	listener := numbered(1, at(tcp, socket.Listen, "0.0.0.0:80", 0))
	client := numbered(2, at(tcp, socket.Established, "127.0.0.1:80", 0))
	bound := numbered(3, at(tcp, socket.Bound, "0.0.0.0:80", 0))
	datagrams := numbered(4, at(udp, socket.Unconn, "0.0.0.0:80", 0))
	second := numbered(5, at(tcp, socket.Established, "127.0.0.1:80", 0))
	type options = map[uint64]socket.Tri
	for name, tt := range map[string]struct {
		rows           []episode
		known, without options
		udp            bool
		free           time.Duration
		surveys        int
		tries          int // -1 for many
	}{
		"nothing":              {surveys: 1},
		"listener":             {rows: []episode{{Socket: listener, to: 50 * s}}, free: 50 * s, surveys: 1, tries: 1},
		"listener with it":     {rows: []episode{{Socket: listener, to: 5 * s}}, known: options{1: yes}, free: 5 * s, surveys: 1, tries: 1},
		"connection with it":   {rows: []episode{{Socket: client}}, known: options{2: yes}, surveys: 1},
		"connection without":   {rows: []episode{{Socket: client, to: 5 * s}}, known: options{2: no}, free: 5 * s, surveys: 2, tries: 1},
		"bound with it":        {rows: []episode{{Socket: bound}}, known: options{3: yes}, surveys: 1},
		"bound without":        {rows: []episode{{Socket: bound, to: 5 * s}}, known: options{3: no}, free: 5 * s, surveys: 2, tries: 1},
		"datagrams with it":    {rows: []episode{{Socket: datagrams}}, known: options{4: yes}, udp: true, surveys: 1},
		"datagrams without":    {rows: []episode{{Socket: datagrams, to: 5 * s}}, known: options{4: no}, udp: true, free: 5 * s, surveys: 2, tries: 1},
		"time-wait with it":    {rows: []episode{{Socket: timeWait(2, "127.0.0.1:80")}}, without: options{2: yes}, surveys: 1, tries: 1},
		"time-wait without":    {rows: []episode{{Socket: timeWait(2, "127.0.0.1:80"), to: 5 * s}}, without: options{2: no}, free: 5 * s, surveys: 1, tries: -1},
		"hidden with it":       {rows: []episode{{Socket: client}}, without: options{2: yes}, surveys: 1, tries: 1},
		"hidden without":       {rows: []episode{{Socket: client, to: 5 * s}}, without: options{2: no}, free: 5 * s, surveys: 1, tries: -1},
		"of a listener, with":  {rows: []episode{{Socket: listener, to: 5 * s}, {Socket: client}}, known: options{1: yes, 2: yes}, free: 5 * s, surveys: 1, tries: 1},
		"of a listener":        {rows: []episode{{Socket: listener, to: 5 * s}, {Socket: client, to: 9 * s}}, known: options{1: no, 2: no}, free: 9 * s, surveys: 2, tries: 1},
		"another comes":        {rows: []episode{{Socket: client, to: 5 * s}, {Socket: second, from: 4 * s, to: 9 * s}}, known: options{2: no, 5: no}, free: 9 * s, surveys: 3, tries: 1},
		"remains of a client":  {rows: []episode{{Socket: client, to: 5 * s}, {Socket: timeWait(2, "127.0.0.1:80"), from: 5 * s, to: 9 * s}}, known: options{2: no}, free: 9 * s, surveys: 2, tries: 1},
		"remains without harm": {rows: []episode{{Socket: client, to: 5 * s}, {Socket: second, to: 2 * s}, {Socket: timeWait(5, "127.0.0.1:80"), from: 2 * s}}, known: options{2: no, 5: yes}, free: 5 * s, surveys: 2, tries: 1},
		"somebody comes":       {rows: []episode{{Socket: timeWait(2, "127.0.0.1:80"), to: 5 * s}, {Socket: second, from: 2 * s}}, known: options{5: yes}, without: options{2: no}, free: 5 * s, surveys: 2, tries: -1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				proto := tcp
				if tt.udp {
					proto = udp
				}
				h := &history{rows: tt.rows, known: tt.known, without: tt.without}
				o := run(t, h, &Wait{
					Condition: Free, Targets: []Target{*target(proto, 80)}, Program: why.Bind{ReuseAddr: true},
					Timeout: time.Minute, Limited: true,
				})
				if !o.Met || o.Waited < tt.free || o.Waited > tt.free+late {
					t.Errorf("after %v: %+v", o.Waited, o)
				}
				if h.surveys != tt.surveys || h.tries != tt.tries && (tt.tries >= 0 || h.tries < 10) {
					t.Errorf("%d surveys and %d binds, want %d and %d", h.surveys, h.tries, tt.surveys, tt.tries)
				}
			})
		})
	}
}

// TestDecideAddress: an address that is not here may come, and that is noticed
// without a survey.
func TestDecideAddress(t *testing.T) {
	const arrives = 3 * time.Second
	for _, limit := range []time.Duration{time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			h := &history{arrives: arrives}
			o := run(t, h, &Wait{
				Condition: Free, Targets: []Target{*target(socket.TCP, 80, "203.0.113.9")}, Timeout: limit, Limited: true,
				Subscribe: func(socket.ProtoSet, []uint16) (sockdiag.EventConn, error) { // which has nothing to say of it
					return &announcer{closed: make(chan struct{})}, nil
				},
			})
			one := o.Targets[0]
			switch {
			case limit > arrives && (!o.Met || o.Waited < arrives || o.Waited > arrives+100*time.Millisecond):
				t.Errorf("after %v: %+v", o.Waited, o)
			case limit < arrives && (o.Met || one.Verdict != why.Refused || one.Errno != "EADDRNOTAVAIL" || one.Reason.Rule != why.RuleNoAddress):
				t.Errorf("in vain: %+v", o)
			}
			if h.surveys != 1 {
				t.Errorf("%d surveys", h.surveys)
			}
		})
	}
}

// TestDecideHost: of what a name stands for, an address that is not here does not
// count, unless none is.
func TestDecideHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{rows: []episode{{Socket: numbered(1, at(socket.TCP, socket.Listen, "127.0.0.1:80", 0)), to: time.Second}}}
		o := run(t, h, &Wait{Condition: Free, Targets: []Target{*target(socket.TCP, 80, "::1", "127.0.0.1")}, Timeout: time.Minute, Limited: true})
		if !o.Met || o.Waited < time.Second || o.Waited > 2*time.Second {
			t.Errorf("after %v: %+v", o.Waited, o)
		}
	})
}

// TestDecideNever: what waiting does not bring is an error at once, even if the
// port is taken too, or if it is one of several.
func TestDecideNever(t *testing.T) {
	taken := []episode{{Socket: numbered(1, at(socket.TCP, socket.Listen, "0.0.0.0:80", 0))}}
	for name, tt := range map[string]struct {
		rows    []episode
		targets []Target
		program why.Bind
		rule    why.Rule
	}{
		"privilege":       {nil, []Target{*target(socket.TCP, 80)}, why.Bind{Privileged: socket.No}, why.RulePrivileged},
		"taken":           {taken, []Target{*target(socket.TCP, 80)}, why.Bind{Privileged: socket.No}, why.RulePrivileged},
		"one of several":  {taken, []Target{*target(socket.TCP, 8080), *target(socket.TCP, 80), *target(socket.TCP, 81)}, why.Bind{Privileged: socket.No}, why.RulePrivileged},
		"another's":       {taken, []Target{*target(socket.TCP, 80), *target(socket.UDP, 80)}, why.Bind{Privileged: socket.No}, why.RulePrivileged},
		"scope":           {nil, []Target{*target(socket.TCP, 8080, "fe80::1")}, why.Bind{}, why.RuleNoScope},
		"not the address": {nil, []Target{*target(socket.TCP, 8080, "ff02::1%lo")}, why.Bind{}, why.RuleBadAddress},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &history{began: time.Now(), rows: tt.rows}
				if tt.program.Privileged == socket.Unknown {
					tt.program.Privileged = socket.Yes
				}
				w := &Wait{Condition: Free, Targets: tt.targets, Program: tt.program, Collector: h, Surveyor: h}
				_, err := w.Run(t.Context())
				var never *NeverError
				if !errors.As(err, &never) || never.Reason == nil || never.Reason.Rule != tt.rule || time.Since(h.began) > 0 {
					t.Errorf("ended with %v after %v", err, time.Since(h.began))
				}
			})
		})
	}
}

// TestDecideCannot: where even a bind cannot be tried, it is waited for what is
// certain, and said that it is not.
func TestDecideCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{rows: []episode{{Socket: timeWait(2, "127.0.0.1:80"), to: 5 * time.Second}}, fault: collector.ErrCannotTry}
		w := &Wait{Condition: Free, Targets: []Target{*target(socket.TCP, 80)}, Program: why.Bind{ReuseAddr: true}, Timeout: time.Second, Limited: true}
		if o := run(t, h, w); o.Met || o.Targets[0].Verdict != why.Unclear || len(o.Targets[0].Sockets) != 1 {
			t.Errorf("in vain: %+v", o)
		}
		w.Timeout = time.Minute
		if o := run(t, h, w); !o.Met || o.Waited > 5100*time.Millisecond {
			t.Errorf("after %v: %+v", o.Waited, o)
		}
	})
}

// TestDecideDeparted: what is told to have gone is not there any more.
func TestDecideDeparted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{
			rows: []episode{
				{Socket: numbered(1, at(socket.TCP, socket.Established, "127.0.0.1:80", 0)), to: time.Second, holder: "old"},
				{Socket: timeWait(2, "127.0.0.1:80")},
				{Socket: timeWait(3, "127.0.0.1:80"), to: 2 * time.Second},
			},
			known: map[uint64]socket.Tri{1: socket.No}, without: map[uint64]socket.Tri{2: socket.Yes, 3: socket.No},
		}
		o := run(t, h, &Wait{
			Condition: Free, Targets: []Target{*target(socket.TCP, 80)}, Program: why.Bind{ReuseAddr: true},
			Details: socket.DetailOwners, Timeout: time.Minute, Limited: true,
		})
		if diff := cmp.Diff([]string{"old"}, names(o.Targets[0].Gone)); diff != "" || !o.Met {
			t.Errorf("gone (-want +got):\n%s", diff)
		}
		if last := o.Targets[0].Last; len(last) != 1 || last[0].Cookie != 3 {
			t.Errorf("was there last %+v", last)
		}
	})
}

// TestDecideAll: at the end it is known of each target, also of those that did not
// matter as long as another was held.
func TestDecideAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{rows: []episode{{Socket: numbered(1, at(socket.TCP, socket.Listen, "0.0.0.0:80", 0))}}}
		o := run(t, h, &Wait{
			Condition: Free, Targets: []Target{*target(socket.TCP, 80), *target(socket.TCP, 81), *target(socket.TCP, 82, "203.0.113.9")},
			Timeout: time.Second, Limited: true,
		})
		var got []why.Verdict
		for _, one := range o.Targets {
			got = append(got, one.Verdict)
		}
		if diff := cmp.Diff([]why.Verdict{why.Taken, why.Free, why.Refused}, got); diff != "" || o.Met {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if h.surveys != 1 {
			t.Errorf("%d surveys", h.surveys)
		}
	})
}

// TestDecideOrder: a port that a bind would get is left alone as long as another
// is held.
func TestDecideOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{
			rows:    []episode{{Socket: timeWait(2, "127.0.0.1:80")}, {Socket: timeWait(3, "127.0.0.1:81"), to: 5 * time.Second}},
			without: map[uint64]socket.Tri{2: socket.Yes, 3: socket.No},
		}
		o := run(t, h, &Wait{
			Condition: Free, Targets: []Target{*target(socket.TCP, 80), *target(socket.TCP, 81)}, Program: why.Bind{ReuseAddr: true},
			Timeout: time.Minute, Limited: true,
		})
		// Of 80: one that finds it free, one that asks whether waiting is of use, and
		// the last. Of 81 one each tenth of a second, or so.
		if !o.Met || h.tried[80] > 3 || h.tried[81] < 10 {
			t.Errorf("binds by port %v: %+v", h.tried, o)
		}
	})
}

// TestDecideKept: what was known of a connection is known of its remains, also
// after another survey, which can ask nobody.
func TestDecideKept(t *testing.T) {
	t.Parallel()
	client := numbered(2, at(socket.TCP, socket.Established, "127.0.0.1:80", 0))
	remains := timeWait(2, "127.0.0.1:80")
	h := &history{began: time.Now(), known: map[uint64]socket.Tri{2: socket.No}}
	d := newDecider(&Wait{Surveyor: h, Targets: []Target{*target(socket.TCP, 80)}, Program: why.Bind{ReuseAddr: true}}, nil)
	for _, row := range []*socket.Socket{client, remains, remains} {
		h.rows = []episode{{Socket: row}}
		if err := d.inspect(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.known = nil
		again := *row
		again.Details = again.Details.Clone()
		if !d.weigh([]*socket.Socket{&again}) {
			t.Errorf("%s is not certainly in the way", row.State)
		}
	}
}

func TestDecideFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{began: time.Now(), rows: []episode{{Socket: timeWait(2, "127.0.0.1:80")}}, fault: errors.New("fault")}
		w := &Wait{
			Condition: Free, Targets: []Target{*target(socket.TCP, 80, netip.IPv4Unspecified().String())},
			Program: why.Bind{ReuseAddr: true, Privileged: socket.Yes}, Collector: h, Surveyor: h,
		}
		if _, err := w.Run(t.Context()); !errors.Is(err, h.fault) {
			t.Errorf("ended with %v", err)
		}
	})
}
