package summaryout

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

// calm is a machine on which nothing is wrong, and which has no IPv6.
func calm() *Document {
	n := summary.CountOf
	return &Document{
		Host: "box", Time: rendertest.Time,
		Counters: &summary.Counters{
			Sockets: n(15), Allocated: n(3), Orphaned: n(0), TimeWait: n(1), Established: n(1),
			IPv4: summary.Transports{Raw: n(0), UDP: n(1), TCP: n(2), Fragments: n(0)},
			Drops: summary.Drops{
				ListenOverflows: n(0), ListenDrops: n(0), RequestQueueFull: n(0), TimeWaitOverflows: n(0),
			},
		},
		Result: &summary.Result{
			Total: 4, TCP: 3, TimeWait: 1,
			Protos: []summary.ProtoCount{
				{Proto: socket.TCP, Total: 3, IPv4: 3, States: []summary.StateCount{
					{State: socket.Established, Total: 1}, {State: socket.TimeWait, Total: 1}, {State: socket.Listen, Total: 1},
				}},
				{Proto: socket.UDP, Total: 1, IPv4: 1, States: []summary.StateCount{{State: socket.Unconn, Total: 1}}},
			},
			States: []summary.StateCount{
				{State: socket.Established, Total: 1},
				{State: socket.TimeWait, Total: 1},
				{State: socket.Listen, Total: 1},
				{State: socket.Unconn, Total: 1},
			},
			Ephemeral: summary.Ephemeral{
				Known: true, First: 32768, Last: 60999, Size: 28232, TCP: 1,
				Worst: []summary.Destination{
					{Local: netip.MustParseAddr("127.0.0.1"), Remote: netip.MustParseAddr("127.0.0.1"), Port: 5432, Used: 1},
				},
			},
			Listeners: summary.Listeners{Total: 1},
		},
		Limits: summary.Limits{TimeWait: n(131072), TimeWaitReuse: n(2)},
	}
}

// outage is a machine on which everything is wrong, with names chosen to look
// like something else.
func outage() *Document {
	n := summary.CountOf
	d := &Document{
		Host: "box\xff", Time: rendertest.Time, Report: rendertest.Snapshot().Report,
		Counters: &summary.Counters{
			Sockets: n(1034567), Allocated: n(934567), Orphaned: n(4242), TimeWait: n(120000),
			IPv4: summary.Transports{Raw: n(1), UDP: n(28000), TCP: n(934000), Fragments: n(17)},
			IPv6: summary.Transports{Raw: n(2), UDP: n(3), TCP: n(500), Fragments: n(0)},
			Protos: []summary.ProtoCount{
				{Proto: socket.MPTCP, Total: 5, IPv4: 4, IPv6: 1},
				{Proto: socket.Unix, Total: 1300},
			},
			Drops: summary.Drops{ListenOverflows: n(31337), ListenDrops: n(31340), TimeWaitOverflows: n(0)},
		},
		Limits: summary.Limits{TimeWait: n(131072), TimeWaitReuse: n(0)},
	}
	r := &summary.Result{TCP: 1054567, TimeWait: 120000}
	for i, p := range socket.Protos() {
		c := summary.ProtoCount{Proto: p, Total: 1000000 + i, States: []summary.StateCount{{State: socket.Unconn, Total: 1000000 + i}}}
		if p.Inet() {
			c.IPv4, c.IPv6 = 1000000, i
		}
		if p == socket.TCP {
			c.States = nil
			for _, s := range socket.States() {
				c.States = append(c.States, summary.StateCount{State: s, Total: 7})
			}
		}
		r.Protos = append(r.Protos, c)
		r.Total += c.Total
	}
	for _, s := range socket.States() {
		r.States = append(r.States, summary.StateCount{State: s, Total: 7})
	}
	from := netip.MustParseAddr("10.0.0.7")
	r.Ephemeral = summary.Ephemeral{
		Known: true, First: 32768, Last: 60999, Size: 28000, Held: 100, TCP: 27999, UDP: 27000, Forgotten: 61,
		Worst: []summary.Destination{
			{Local: from, Remote: netip.MustParseAddr("10.0.0.5"), Port: 5432, Used: 27900, TimeWait: 26011},
			{
				Local:  netip.MustParseAddr("2001:db8:1111:2222:3333:4444:5555:6666"),
				Remote: netip.MustParseAddr("2001:db8:1111:2222:3333:4444:5555:7777"), Port: 65535,
				Used: 27000, TimeWait: 0, Missed: 61,
			},
			{
				Local:  netip.MustParseAddr("fe80::1").WithZone("e\x1b]\xff\"h"),
				Remote: netip.MustParseAddr("fe80::2").WithZone("e\x1b]\xff\"h"), Port: 80, Used: 3, TimeWait: 3,
			},
		},
	}
	listener := func(s *socket.Socket, waiting, backlog uint32) *socket.Socket {
		s.State, s.RecvQ, s.SendQ, s.Cookie = socket.Listen, waiting, backlog, 7
		return s
	}
	r.Listeners = summary.Listeners{
		Total: 1000, Full: 4, NearlyFull: 9, Unknown: 2,
		Worst: []*socket.Socket{
			listener(&socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Local: rendertest.Inet("0.0.0.0:8080")}, 4097, 4096),
			listener(&socket.Socket{Proto: socket.TCP, Family: socket.IPv6, Local: rendertest.Inet("[::]:443"), Device: "e\nth"}, 2, 1),
			listener(&socket.Socket{Proto: socket.Unix, Family: socket.FamilyUnix, Local: socket.Endpoint{Name: "/tmp/a b\n! all is well"}}, 6, 5),
			listener(&socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Local: rendertest.Inet("127.0.0.1:1")}, 128, 128),
		},
	}
	d.Result = r
	return d
}

func draw(t *testing.T, d *Document, palette text.Palette, some bool) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewText(&out, palette)
	if d.Counters != nil {
		if err := w.Counters(d.Counters); err != nil {
			t.Fatal(err)
		}
	}
	if d.Result != nil {
		if err := w.Result(d.Result, &d.Limits, some); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	counters := calm()
	counters.Result = nil
	unknown := &Document{Counters: &summary.Counters{}, Result: &summary.Result{
		TCP: 1, TimeWait: 1,
		Ephemeral: summary.Ephemeral{TCP: 1, Worst: outage().Result.Ephemeral.Worst[:1]},
	}}
	tests := []struct {
		name    string
		doc     *Document
		palette text.Palette
		some    bool
	}{
		{"summary-calm", calm(), text.Palette{}, false},
		{"summary-outage", outage(), text.Palette{}, false},
		{"summary-color", outage(), text.Basic(), true},
		{"summary-counters", counters, text.Palette{}, false},
		{"summary-unknown", unknown, text.Palette{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := draw(t, tt.doc, tt.palette, tt.some)
			rendertest.Golden(t, tt.name+".txt", got)
			var out bytes.Buffer
			if err := JSON(&out, tt.doc); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(out.Bytes()) {
				t.Error("not valid JSON")
			}
			if tt.name == "summary-color" {
				return // the same as without
			}
			rendertest.Golden(t, tt.name+".json.txt", out.Bytes())
		})
	}
}

// TestWidth: no line is longer than 80 columns, but for long addresses, and no
// name can begin a line of its own or act on the terminal.
func TestWidth(t *testing.T) {
	for _, d := range []*Document{calm(), outage()} {
		for line := range bytes.Lines(draw(t, d, text.Palette{}, true)) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if text.Width(line) > width && !bytes.HasPrefix(line, []byte("! ")) {
				t.Errorf("%d columns: %s", text.Width(line), line)
			}
			if bytes.HasSuffix(line, []byte(" ")) || bytes.ContainsFunc(line, func(r rune) bool { return !text.Visible(r) }) {
				t.Errorf("%q", line)
			}
			if bytes.HasPrefix(line, []byte("! all")) {
				t.Errorf("forged: %s", line)
			}
		}
	}
}

// TestJSON reads back what a script would look for.
func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := JSON(&out, outage()); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Schema  string
		Notices []struct{ Code string }
		Summary struct {
			Counters struct {
				TCP struct {
					Total, Closed int
					Established   *int
				}
				Transports map[string]map[string]*int
			}
			Sockets struct {
				Protocols map[string]struct{ States map[string]int }
			}
			Ephemeral struct {
				Destinations []struct {
					Local map[string]any
					Free  int
				}
			}
			Listeners struct {
				Worst []struct {
					Full   bool
					Socket struct{ Local map[string]any }
				}
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	s := doc.Summary
	if doc.Schema != "sockls/v1" || len(doc.Notices) != 2 {
		t.Errorf("head %+v", doc)
	}
	if tcp := s.Counters.TCP; tcp.Total != 1054567 || tcp.Closed != 120067 || tcp.Established != nil {
		t.Errorf("tcp %+v", tcp)
	}
	if n := s.Counters.Transports["inet"]["ipv6"]; n == nil || *n != 505 {
		t.Errorf("inet %v", n)
	}
	if n := s.Sockets.Protocols["unix"].States["UNCONN"]; n != 1000007 {
		t.Errorf("unix %d", n)
	}
	if d := s.Ephemeral.Destinations; len(d) != 3 || d[0].Free != 0 || len(d[0].Local) != 1 || d[2].Local["zone_base64"] != "ZRtd/yJo" {
		t.Errorf("destinations %+v", d)
	}
	if w := s.Listeners.Worst; len(w) != 4 || !w[0].Full || w[3].Full || w[2].Socket.Local["path"] != "/tmp/a b\n! all is well" {
		t.Errorf("worst %+v", w)
	}
}

// TestNoAddress: a saved row may lack what the kernel always tells.
func TestNoAddress(t *testing.T) {
	d := calm()
	d.Result.Ephemeral.Worst[0].Local = netip.Addr{}
	var out bytes.Buffer
	if err := JSON(&out, d); err != nil || !json.Valid(out.Bytes()) || !strings.Contains(out.String(), `{"local":null,"remote":{"address":"127.0.0.1","port":5432},`) {
		t.Errorf("%v in\n%s", err, out.String())
	}
}

// TestPieces: the first part is handed over before the second is known.
func TestPieces(t *testing.T) {
	var pieces piecewise
	w := NewText(&pieces, text.Palette{})
	d := outage()
	if err := w.Counters(d.Counters); err != nil || len(pieces) != 1 {
		t.Errorf("%d pieces, %v", len(pieces), err)
	}
	if err := w.Result(d.Result, &d.Limits, false); err != nil || len(pieces) != 2 || strings.Contains(pieces[1], "Transport") {
		t.Errorf("pieces %q, %v", pieces, err)
	}
}

type piecewise []string

func (p *piecewise) Write(b []byte) (int, error) {
	*p = append(*p, string(b))
	return len(b), nil
}
