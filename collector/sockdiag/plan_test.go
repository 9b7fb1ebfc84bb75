package sockdiag

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// describe puts an explanation into lines: the protocol, the families, the
// states in kernel numbers, and what the kernel tests.
func describe(e Explanation) []string {
	var lines []string
	for _, a := range e.Asked {
		line := a.Proto.String()
		if a.IPv4 {
			line += " 4"
		}
		if a.IPv6 {
			line += " 6"
		}
		for _, s := range socket.States() {
			if a.States.Has(s) {
				line += " " + s.String()
			}
		}
		if a.Lookup {
			line += " lookup"
		}
		if a.Autobound != socket.Unknown {
			line += fmt.Sprintf(" side %d", a.Autobound)
		}
		if a.Test != nil {
			line += ": " + a.Test.String()
		}
		lines = append(lines, line)
	}
	if e.Left != nil {
		lines = append(lines, "left: "+e.Left.String())
	}
	return lines
}

// TestExplain: which tables are asked for which sockets, and who decides what.
func TestExplain(t *testing.T) {
	t.Parallel()
	const few = 1<<socket.Listen | 1<<socket.Established | 1<<socket.Bound
	tests := []struct {
		name   string
		proto  socket.Proto
		states socket.StateSet
		text   string
		want   []string
	}{
		{"a local port", socket.TCP, few, "sport = :443", []string{"tcp 4 6 ESTABLISHED LISTEN BOUND: sport = 443"}},
		{"a remote port", socket.TCP, few, "dport = :443", []string{"tcp 4 6 ESTABLISHED: dport = 443"}},
		{"a remote port of those that have none", socket.TCP, few, "dport = 0-10", []string{
			"tcp 4 6 LISTEN",
			"tcp 4 6 ESTABLISHED BOUND",
			"left: dport = 0-10",
		}},
		{"either port", socket.TCP, few, "port 443", []string{
			"tcp 4 6 LISTEN: sport = 443",
			"tcp 4 6 ESTABLISHED BOUND: sport = 443 or dport = 443",
			"left: port = 443",
		}},
		{"not a remote address", socket.TCP, 1<<socket.Listen | 1<<socket.Established, "not dst 10.0.0.0/8", []string{
			"tcp 4 6 LISTEN",
			"tcp 4 6 ESTABLISHED: not dst = 10.0.0.0/8",
		}},
		{"states and ports", socket.TCP, few, "state listening and sport = 22 or state established and dport = 443", []string{
			"tcp 4 6 LISTEN: sport = 22",
			"tcp 4 6 ESTABLISHED: dport = 443",
		}},
		{"a state alone", socket.TCP, few, "state listening", []string{"tcp 4 6 LISTEN"}},
		{"no state", socket.TCP, few, "state listening and state established", nil},
		{"a prefix of IPv6", socket.TCP, 1 << socket.Established, "src fe80::/10", []string{"tcp 6 ESTABLISHED: src = fe80::/10"}},
		{"a prefix of IPv4, which mapped addresses match", socket.TCP, 1 << socket.Established, "src 10.0.0.0/8", []string{
			"tcp 4 6 ESTABLISHED: src = 10.0.0.0/8",
		}},
		{"a family", socket.TCP, 1 << socket.Established, "family ipv4", []string{"tcp 4 ESTABLISHED"}},
		{"a family among others", socket.TCP, 1 << socket.Established, "family ipv4 or sport = 1", []string{
			"tcp 4 6 ESTABLISHED: not family ipv6 or sport = 1",
		}},
		{"what only we know", socket.TCP, 1 << socket.Established, "sport = 1 and process nginx", []string{
			"tcp 4 6 ESTABLISHED: sport = 1",
			"left: process = nginx",
		}},
		{"what only we know or something", socket.TCP, 1 << socket.Established, "sport = 1 or process nginx", []string{
			"tcp 4 6 ESTABLISHED",
			"left: sport = 1 or process = nginx",
		}},
		{"a zone", socket.TCP, 1 << socket.Established, "src [fe80::1%eth1] and sport = 1", []string{
			"tcp 6 ESTABLISHED: src = fe80::1 and sport = 1",
			"left: src = fe80::1%eth1",
		}},
		{"an interface", socket.TCP, 1 << socket.Established, "dev = eth1 and not dev = gone", []string{
			"tcp 4 6 ESTABLISHED: dev = eth1",
			"left: not dev = gone",
		}},
		{"loopback", socket.TCP, 1 << socket.Established, "local loopback", []string{
			"tcp 4 6 ESTABLISHED: src = 127.0.0.0/8 or src = ::1",
		}},
		{"auto-bound", socket.TCP, 1 << socket.Established, "autobound", []string{"tcp 4 6 ESTABLISHED side 2: autobound"}},
		{"not auto-bound", socket.TCP, 1 << socket.Established, "not autobound and sport = 1", []string{
			"tcp 4 6 ESTABLISHED side 1: sport = 1 and not autobound",
		}},
		{"auto-bound or a port", socket.TCP, 1 << socket.Established, "autobound or sport = 1", []string{
			"tcp 4 6 ESTABLISHED side 1: sport = 1 and not autobound",
			"tcp 4 6 ESTABLISHED side 2: autobound",
		}},
		{"a connection of IPv4", socket.TCP, few, "src 10.0.0.1:1 and dst 10.0.0.2:2", []string{
			"tcp 4 6 ESTABLISHED lookup: src = 10.0.0.1 and sport = 1 and dst = 10.0.0.2 and dport = 2",
		}},
		{"a connection and what a lookup does not test", socket.TCP, few, "src 10.0.0.1:1 and dst 10.0.0.2:2 and fwmark = 5", []string{
			"tcp 4 6 ESTABLISHED lookup: src = 10.0.0.1 and sport = 1 and dst = 10.0.0.2 and dport = 2",
			"left: fwmark = 0x5",
		}},
		{"almost a connection", socket.TCP, few, "src 10.0.0.1:1 and dst 10.0.0.2", []string{
			"tcp 4 6 ESTABLISHED: src = 10.0.0.1 and sport = 1 and dst = 10.0.0.2",
		}},
		{"a connection between families", socket.TCP, few, "src 10.0.0.1:1 and dst [::1]:2", []string{
			"tcp 6 ESTABLISHED: src = 10.0.0.1 and sport = 1 and dst = ::1 and dport = 2",
		}},
		{"UDP", socket.UDP, 1<<socket.Established | 1<<socket.Unconn, "sport = 53 or dport = 53", []string{
			"udp 4 ESTABLISHED UNCONN: sport = 53 or dport = 53",
			"udp 6 ESTABLISHED UNCONN: sport = 53 or dport = 53",
			"left: sport = 53 or dport = 53",
		}},
		{"sctp takes no program", socket.SCTP, 1 << socket.Established, "sport = 53", []string{
			"sctp 4 ESTABLISHED", "sctp 6 ESTABLISHED", "left: sport = 53",
		}},
		{"unix has no ports", socket.Unix, socket.AllStates, "sport = 53", nil},
		{"unix by state", socket.Unix, few, "state listening and src unix:/a*", []string{"unix LISTEN", "left: src = unix:/a*"}},
		{"another protocol", socket.UDP, few, "proto tcp and sport = 1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := filter.Parse(tt.text, filter.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := describe(Explain(Request{
				Proto: tt.proto, IPv4: true, IPv6: true, States: tt.states, Filter: f.Expr,
				IfIndex: testIfIndex, Interfaces: func() []uint32 { return []uint32{1} },
			}))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// sent are the requests of one dump and its rows' cookies.
func sent(t *testing.T, k *inetKernel, c *Client, r Request) (log []string, rows []uint64) {
	t.Helper()
	k.log = nil
	err := c.Dump(context.Background(), r, func(s *socket.Socket) error {
		rows = append(rows, s.Cookie)
		return nil
	})
	if err != nil {
		t.Errorf("dump: %v", err)
	}
	slices.Sort(rows)
	return k.log, rows
}

// town4 are three sockets: a listener on port 80 and both ends of a connection.
func town4() []inetSocket {
	here := []byte{127, 0, 0, 1}
	end := func(cookie uint64, state uint8, sport, dport uint16) inetSocket {
		return inetSocket{protocol: 6, state: state, cookie: cookie, entry: entry{
			family: afInet, src: here, dst: here, sport: sport, dport: dport, locked: true,
		}}
	}
	return []inetSocket{end(1, 10, 80, 0), end(2, 1, 80, 5000), end(3, 1, 5000, 80)}
}

func everyTCP(t *testing.T, text string) Request {
	return Request{
		Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.AllStates, Details: filterDetails,
		Filter: parseFilter(t, text), IfIndex: testIfIndex,
	}
}

// TestRefusalIsRemembered: what a kernel did not take once is not tried again.
func TestRefusalIsRemembered(t *testing.T) {
	t.Parallel()
	k := &inetKernel{t: t, sockets: town4(), interpreter: interpreter{unknown: map[uint8]bool{11: true, 12: true}}}
	c := NewClient(k, testIfName)
	r := everyTCP(t, "state established and (sport = 80 or dport = 80)")
	log, rows := sent(t, k, c, r)
	want := []string{
		"0/6 states 2 program of 20 invalid argument",
		"0/6 states 0",
		"0/6 states 2 program of 36",
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint64{2, 3}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	log, _ = sent(t, k, c, r)
	if diff := cmp.Diff(want[2:], log); diff != "" {
		t.Errorf("the second time (-want +got):\n%s", diff)
	}
}

// TestOtherRefusals: what is no fault of the program does not cost it, and is
// told.
func TestOtherRefusals(t *testing.T) {
	t.Parallel()
	k := &inetKernel{t: t, sockets: town4(), noCompat: true}
	c := NewClient(k, testIfName)
	log, rows := sent(t, k, c, everyTCP(t, "state established and (sport = 80 or dport = 80)"))
	want := []string{
		"0/6 states 2 program of 20",
		"0/6 states 0",
		"2/6 states 2 program of 20",
		"10/6 states 2 program of 20",
	}
	if diff := cmp.Diff(want, log); diff != "" || len(rows) != 2 {
		t.Errorf("%d rows, requests (-want +got):\n%s", len(rows), diff)
	}

	k = &inetKernel{t: t, noModule: true}
	err := NewClient(k, testIfName).Dump(context.Background(), everyTCP(t, "sport = 80 or dport = 80"), nil)
	var failed *Error
	if !errors.As(err, &failed) || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("no module: %v", err)
	}
}

// TestPortsInRequests: the request itself names what ports it can.
func TestPortsInRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"state established and sport = 80", "0/6 states 2 sport 80"},
		{"state established and dport = 80", "0/6 states 2 dport 80"},
		{"state established and sport = 5000 and dport = 80 and not dev = eth1", "0/6 states 2 sport 5000 dport 80 program of 12"},
		{"state listening and sport = 80", "0/6 states 400 sport 80"},
		{"sport = 80 and state bound-inactive", "0/6 states 2000 sport 80 program of 8"},
		{"state established and sport = 80 and sport = 81", "0/6 states 2 sport 80 program of 8"},
		{"state established and sport = 0", "0/6 states 2 program of 8"},
		{"state established and sport != 80", "0/6 states 2 program of 20"},
	} {
		k := &inetKernel{t: t, sockets: town4()}
		log, _ := sent(t, k, NewClient(k, testIfName), everyTCP(t, tt.text))
		if diff := cmp.Diff([]string{tt.want}, log); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tt.text, diff)
		}
	}
}

// TestTooLongToSend: a program that does not fit into the socket's buffer is
// left out, and a shorter one is sent all the same.
func TestTooLongToSend(t *testing.T) {
	t.Parallel()
	k := &inetKernel{t: t, sockets: town4(), tooLong: 104}
	c := NewClient(k, testIfName)
	log, rows := sent(t, k, c, everyTCP(t, "state established and sport = 80,82,84"))
	if diff := cmp.Diff([]string{"0/6 states 0", "0/6 states 2"}, log); diff != "" || len(rows) != 2 {
		t.Errorf("%d rows, requests (-want +got):\n%s", len(rows), diff)
	}
	log, _ = sent(t, k, c, everyTCP(t, "state established and sport = 80,82"))
	if diff := cmp.Diff([]string{"0/6 states 2 program of 20"}, log); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
}

// TestAutoboundUnknown: a kernel without programs tells nothing of it, and the
// rows come unmarked, once.
func TestAutoboundUnknown(t *testing.T) {
	t.Parallel()
	refused := map[uint8]bool{}
	for code := range uint8(20) {
		refused[code] = true
	}
	k := &inetKernel{t: t, sockets: town4(), interpreter: interpreter{unknown: refused}}
	r := everyTCP(t, "autobound or not autobound and sport = 80")
	n := 0
	err := NewClient(k, testIfName).Dump(context.Background(), r, func(s *socket.Socket) error {
		n++
		if got := filter.Eval(filter.Autobound{}, s, filterDetails); got != socket.Unknown {
			t.Errorf("cookie %d: autobound is %v", s.Cookie, got)
		}
		return nil
	})
	if err != nil || n != 3 {
		t.Errorf("%d rows, %v\n%s", n, err, strings.Join(k.log, "\n"))
	}
}

// TestLookup against a kernel whose sockets can be bound to interfaces.
func TestLookup(t *testing.T) {
	t.Parallel()
	const text = "src 127.0.0.1:80 and dst 127.0.0.1:5000"
	only := func(devices ...uint32) []inetSocket {
		sockets := town4()[:1]
		for i, device := range devices {
			s := town4()[1]
			s.device, s.cookie = device, uint64(10+i)
			sockets = append(sockets, s)
		}
		return sockets
	}
	nothing := []string{"2/6 one, device 0 sport 80 dport 5000", "2/6 one, device 1 sport 80 dport 5000", "2/6 states 0"}
	half := only(0)
	half[1].state = 12
	six := only(0)
	six[1].family, six[1].src, six[1].dst = afInet6, mappedBytes(), mappedBytes()
	tests := []struct {
		name       string
		sockets    []inetSocket
		interfaces []uint32
		text       string
		v4, v6     bool
		want       []uint64
		log        []string
	}{
		{"found", only(0), []uint32{1, 2}, text, true, true, []uint64{10}, []string{
			"2/6 one, device 0 sport 80 dport 5000", "2/6 one, device 1 sport 80 dport 5000", "2/6 one, device 2 sport 80 dport 5000",
		}},
		{"bound to an interface", only(2), []uint32{1, 2}, text, true, true, []uint64{10}, nil},
		{"one on each interface", only(2, 1), []uint32{1, 2}, text, true, true, []uint64{10, 11}, nil},
		{"half open", half, []uint32{1}, text, true, true, []uint64{10}, nil},
		{"of an IPv6 socket", six, []uint32{1}, text, true, true, []uint64{10}, nil},
		{"of an IPv6 socket that is not wanted", six, []uint32{1}, text, true, false, nil, nil},
		{"of an IPv4 socket that is not wanted", only(0), []uint32{1}, text, false, true, nil, nil},
		{"a listener is not it", only(), []uint32{1}, text, true, true, nil, nothing},
		{"nothing", nil, []uint32{1}, text, true, true, nil, nothing},
		{"many interfaces", only(0), make([]uint32, 65), text, true, true, []uint64{10}, []string{
			"0/6 states 1b7e sport 80 dport 5000 program of 32",
		}},
		{"unknown interfaces", only(0, 3), nil, text, true, true, []uint64{10, 11}, []string{
			"0/6 states 1b7e sport 80 dport 5000 program of 32",
		}},
		{"a listener can match, too", only(0), []uint32{1}, text + " or state listening", true, true, []uint64{1, 10}, []string{
			"0/6 states 400", "0/6 states 1b7e sport 80 dport 5000 program of 32",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := &inetKernel{t: t, sockets: tt.sockets}
			r := everyTCP(t, tt.text)
			r.IPv4, r.IPv6 = tt.v4, tt.v6
			r.Interfaces = func() []uint32 { return tt.interfaces }
			log, rows := sent(t, k, NewClient(k, testIfName), r)
			if diff := cmp.Diff(tt.want, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.log, log); diff != "" && tt.log != nil {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("no module", func(t *testing.T) {
		t.Parallel()
		k := &inetKernel{t: t, noModule: true}
		r := everyTCP(t, text)
		r.Interfaces = func() []uint32 { return []uint32{1} }
		err := NewClient(k, testIfName).Dump(context.Background(), r, nil)
		if !errors.Is(err, syscall.ENOENT) {
			t.Errorf("a missing module passes for no connection: %v", err)
		}
	})
}

// TestLookupRequest spells a lookup out as the structures of the uapi headers.
func TestLookupRequest(t *testing.T) {
	t.Parallel()
	const seq, ack, byFamily = 0x01020304, 0x5, 20 // NLM_F_REQUEST|NLM_F_ACK, SOCK_DIAG_BY_FAMILY
	addr := func(b ...byte) []byte { return append(b, make([]byte, 16-len(b))...) }
	r := inetRequest(afInet, protoTCP, inetQuery{states: 0xabcd, extensions: 0x42, id: sockid{
		sport: 80, dport: 5000, local: netip.MustParseAddr("10.1.2.3"), remote: netip.MustParseAddr("10.4.5.6"), device: 7, cookie: noCookie,
	}})
	r.one = true
	body := pack(uint8(2), uint8(6), uint8(0x42), uint8(0), uint32(0xabcd), // struct inet_diag_req_v2
		be(80), be(5000), addr(10, 1, 2, 3), addr(10, 4, 5, 6), uint32(7), ^uint64(0)) // struct inet_diag_sockid
	want := pack(uint32(16+56), uint16(byFamily), uint16(ack), uint32(seq), uint32(0), body)
	if diff := cmp.Diff(want, r.encode(seq)); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func mappedBytes() []byte { return []byte{10: 0xff, 11: 0xff, 12: 127, 15: 1} }
