package why_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// What the running kernel can show is compared with it in the tests of package
// collector. Here is what it has not: VRFs, old kernels, tables that tell less.

// plain is a machine with an interface, eth0, and two VRFs that have one each.
func plain() *machine.Machine {
	limit := uint16(1024)
	return &machine.Machine{
		UnprivilegedPorts: &limit, IPv6: socket.Yes, V6Only: socket.No, NonlocalBind4: socket.No, NonlocalBind6: socket.No,
		AcceptL3TCP: socket.No, AcceptL3UDP: socket.No,
		Local4: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")},
		Local6: []netip.Addr{netip.IPv6Loopback()}, HasLocal: true,
		Links: []machine.Link{
			{Index: 1, Name: "lo"},
			{Index: 2, Name: "eth0", Addr: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}},
			{Index: 3, Name: "red", Kind: "vrf", VRF: 3},
			{Index: 4, Name: "eth1", VRF: 3, Addr: []netip.Prefix{netip.MustParsePrefix("198.51.100.1/24")}},
			{Index: 5, Name: "blue", Kind: "vrf", VRF: 5},
		},
		HasLinks: true,
	}
}

func wanted(text string) why.Bind {
	b := why.Bind{Proto: socket.TCP, Port: 80, UID: 1000, Privileged: socket.Yes}
	if text != "" {
		b.Addr = netip.MustParseAddr(text)
	}
	return b
}

// row is a socket of user 1000 with options, as sock_diag and a holder tell.
func row(state socket.State, text string, options ...socket.Tri) *socket.Socket {
	addr := netip.MustParseAddr(text)
	s := &socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, State: state, Local: socket.Endpoint{Addr: addr, Port: 80},
		Cookie: 1, Inode: 1, UID: 1000, HasUID: true,
	}
	if addr.Is6() {
		s.Family = socket.IPv6
	}
	if len(options) == 2 {
		s.Details = &socket.Details{Reuse: &socket.Reuse{Address: options[0], Port: options[1]}}
	}
	return s
}

const (
	unknown = socket.Unknown
	no      = socket.No
	yes     = socket.Yes
)

func TestDecide(t *testing.T) {
	t.Parallel()
	type change func(*why.Bind, *machine.Machine, *socket.Socket)
	device := func(mine, theirs string) change {
		return func(b *why.Bind, _ *machine.Machine, s *socket.Socket) { b.Device, s.Device = mine, theirs }
	}
	port := func(b *why.Bind, _ *machine.Machine, _ *socket.Socket) { b.ReusePort = true }
	addr := func(b *why.Bind, _ *machine.Machine, _ *socket.Socket) { b.ReuseAddr = true }
	timeWait := func(_ *why.Bind, _ *machine.Machine, s *socket.Socket) { s.UID, s.HasUID, s.Inode = 0, false, 0 }
	procNet := func(_ *why.Bind, _ *machine.Machine, s *socket.Socket) { s.Cookie = 0 }
	tests := []struct {
		name    string
		bind    why.Bind
		socket  *socket.Socket
		changes []change
		verdict why.Verdict
		clash   why.Clash
	}{
		{"a listener", wanted("127.0.0.1"), row(socket.Listen, "127.0.0.1", no, no), nil, why.Taken, why.Clash{Overlap: why.OverlapSame, Blocking: yes}},
		{"any address", wanted(""), row(socket.Listen, "127.0.0.1", no, no), nil, why.Taken, why.Clash{Overlap: why.OverlapDualOwn, Blocking: yes}},
		{
			"any address without IPv6", wanted(""), row(socket.Listen, "127.0.0.1", no, no),
			[]change{func(_ *why.Bind, m *machine.Machine, _ *socket.Socket) { m.IPv6 = no }},
			why.Taken,
			why.Clash{Overlap: why.OverlapIncludes, Blocking: yes},
		},
		{"any IPv4 address, and IPv6 only", wanted("0.0.0.0"), v6only(row(socket.Listen, "::", no, no), yes), nil, why.Free, why.Clash{Overlap: why.ApartV6Only, Blocking: no}},
		{"a connection of a program that bound it", wanted("0.0.0.0"), v6only(row(socket.Established, "::1", no, no), yes), nil, why.Free, why.Clash{Overlap: why.ApartAddress, Blocking: no}},
		{"a connection of one that did not", wanted("0.0.0.0"), v6only(row(socket.Established, "::1", no, no), no), nil, why.Taken, why.Clash{Overlap: why.OverlapNotOnly, Blocking: yes}},
		{"one of which that is not known", wanted("0.0.0.0"), row(socket.Established, "::1", no, no), nil, why.Unclear, why.Clash{Overlap: why.OverlapNotOnly, Blocking: unknown}},
		{"the same, where it does not matter", wanted("0.0.0.0"), row(socket.Established, "::1", yes, no), []change{addr}, why.Free, why.Clash{Overlap: why.OverlapNotOnly, Blocking: no, Shares: why.SharesReuseAddr}},

		{"options unknown, and none wanted", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0"), nil, why.Taken, why.Clash{Overlap: why.OverlapSame, Blocking: yes}},
		{"options unknown of a listener, address wanted", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0"), []change{addr}, why.Taken, why.Clash{Overlap: why.OverlapSame, Blocking: yes}},
		{"options unknown of a listener, port wanted", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0"), []change{port}, why.Unclear, why.Clash{Overlap: why.OverlapSame, Blocking: unknown}},
		{"options unknown of another address", wanted("127.0.0.2"), row(socket.Listen, "127.0.0.1"), []change{port}, why.Free, why.Clash{Overlap: why.ApartAddress, Blocking: no}},
		{
			"options unknown of another user's", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0"),
			[]change{port, func(_ *why.Bind, _ *machine.Machine, s *socket.Socket) { s.UID = 1 }},
			why.Taken,
			why.Clash{Overlap: why.OverlapSame, Blocking: yes},
		},
		{"TIME_WAIT, no options", wanted("0.0.0.0"), row(socket.TimeWait, "127.0.0.1"), []change{timeWait}, why.Taken, why.Clash{Overlap: why.OverlapIncludes, Blocking: yes}},
		{"TIME_WAIT, address wanted", wanted("0.0.0.0"), row(socket.TimeWait, "127.0.0.1"), []change{timeWait, addr}, why.Unclear, why.Clash{Overlap: why.OverlapIncludes, Blocking: unknown}},
		{"TIME_WAIT of whomever", wanted("0.0.0.0"), row(socket.TimeWait, "127.0.0.1", no, yes), []change{timeWait, port}, why.Free, why.Clash{Overlap: why.OverlapIncludes, Blocking: no, Shares: why.SharesReusePort}},
		{
			"FIN_WAIT2 that the timer says is gone", wanted("0.0.0.0"), row(socket.FinWait2, "127.0.0.1", no, yes),
			[]change{timeWait, port, func(_ *why.Bind, _ *machine.Machine, s *socket.Socket) {
				s.Details.Timer = &socket.Timer{Kind: socket.TimerTimeWait}
			}},
			why.Free,
			why.Clash{Overlap: why.OverlapIncludes, Blocking: no, Shares: why.SharesReusePort},
		},
		{"FIN_WAIT2 without a timer", wanted("0.0.0.0"), row(socket.FinWait2, "127.0.0.1", no, yes), []change{timeWait, port}, why.Unclear, why.Clash{Overlap: why.OverlapIncludes, Blocking: unknown}},
		{
			"an orphan of an old kernel, which tells no owner", wanted("0.0.0.0"), row(socket.FinWait1, "127.0.0.1", no, yes),
			[]change{timeWait, port},
			why.Unclear,
			why.Clash{Overlap: why.OverlapIncludes, Blocking: unknown},
		},
		{"a state that is not known", wanted("0.0.0.0"), row(socket.StateUnknown, "0.0.0.0", yes, no), []change{addr}, why.Unclear, why.Clash{Overlap: why.OverlapSame, Blocking: unknown}},
		{"a request", wanted("0.0.0.0"), row(socket.SynRecv, "127.0.0.1"), []change{timeWait}, why.Free, why.Clash{Blocking: no, Shares: why.NotInTable}},
		{"a simultaneous open", wanted("0.0.0.0"), row(socket.SynRecv, "127.0.0.1"), nil, why.Taken, why.Clash{Overlap: why.OverlapIncludes, Blocking: yes}},
		{"a connection that was reset", wanted("0.0.0.0"), row(socket.Close, "127.0.0.1", no, no), nil, why.Free, why.Clash{Blocking: no, Shares: why.NotInTable}},

		{"other interfaces", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{device("lo", "eth0")}, why.Free, why.Clash{Overlap: why.ApartDevice, Blocking: no}},
		{"an interface and none", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{device("lo", "")}, why.Taken, why.Clash{Overlap: why.OverlapSame, Blocking: yes}},
		{"an interface that the table does not tell", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{device("lo", ""), procNet}, why.Unclear, why.Clash{Overlap: why.OverlapSame, Blocking: unknown}},
		{"no interface, where it does not matter", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{procNet, func(_ *why.Bind, m *machine.Machine, _ *socket.Socket) { m.Links = m.Links[:2] }}, why.Taken, why.Clash{Overlap: why.OverlapSame, Blocking: yes}},
		{"no interface, and VRFs", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{procNet}, why.Unclear, why.Clash{Overlap: why.OverlapSame, Blocking: unknown}},
		{"the default VRF and another", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{device("", "red")}, why.Free, why.Clash{Overlap: why.ApartVRF, Blocking: no}},
		{"two VRFs", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{device("blue", "red")}, why.Free, why.Clash{Overlap: why.ApartVRF, Blocking: no}},
		{"two interfaces of a VRF", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{device("eth1", "red")}, why.Free, why.Clash{Overlap: why.ApartDevice, Blocking: no}},
		{"a VRF", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no), []change{device("red", "red")}, why.Taken, why.Clash{Overlap: why.OverlapSame, Blocking: yes}},
		{
			"a VRF, and who serves all", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no),
			[]change{device("", "red"), func(_ *why.Bind, m *machine.Machine, _ *socket.Socket) { m.AcceptL3TCP = yes }},
			why.Taken,
			why.Clash{Overlap: why.OverlapSame, Blocking: yes},
		},
		{
			"a VRF, and who knows", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no),
			[]change{device("", "red"), func(_ *why.Bind, m *machine.Machine, _ *socket.Socket) { m.AcceptL3TCP = unknown }},
			why.Unclear,
			why.Clash{Overlap: why.OverlapSame, Blocking: unknown},
		},
		{
			"a VRF for UDP", wanted("0.0.0.0"), row(socket.Unconn, "0.0.0.0", no, no),
			[]change{device("", "red"), func(b *why.Bind, _ *machine.Machine, s *socket.Socket) { b.Proto, s.Proto = socket.UDP, socket.UDP }},
			why.Taken,
			why.Clash{Overlap: why.OverlapSame, Blocking: yes},
		},
		{
			"an interface that has gone, perhaps out of a VRF", wanted("0.0.0.0"), row(socket.Listen, "0.0.0.0", no, no),
			[]change{device("", "if9")},
			why.Unclear,
			why.Clash{Overlap: why.OverlapSame, Blocking: unknown},
		},
		{
			"a zone before an interface", wanted("fe80::1%lo"), row(socket.Listen, "fe80::1", no, no),
			[]change{device("eth0", "lo"), func(_ *why.Bind, m *machine.Machine, _ *socket.Socket) {
				m.Local6 = append(m.Local6, netip.MustParseAddr("fe80::1"))
				m.Links[0].Addr = []netip.Prefix{netip.MustParsePrefix("fe80::1/64")}
			}},
			why.Taken,
			why.Clash{Overlap: why.OverlapSame, Blocking: yes},
		},

		{"a connection that somebody else accepted", wanted("127.0.0.1"), row(socket.Established, "127.0.0.1", no, yes), []change{port, other}, why.Unclear, why.Clash{Overlap: why.OverlapSame, Blocking: unknown}},
		{
			"one that a program bound", wanted("127.0.0.1"), row(socket.Established, "127.0.0.1", no, yes),
			[]change{port, other, func(_ *why.Bind, _ *machine.Machine, s *socket.Socket) {
				s.Details.Extended = &socket.Extended{Autobound: no}
			}},
			why.Taken,
			why.Clash{Overlap: why.OverlapSame, Blocking: yes},
		},
		{"a listener of somebody else", wanted("127.0.0.1"), row(socket.Listen, "127.0.0.1", no, yes), []change{port, other}, why.Taken, why.Clash{Overlap: why.OverlapSame, Blocking: yes}},
		{"a listener of the same user", wanted("127.0.0.1"), row(socket.Listen, "127.0.0.1", no, yes), []change{port}, why.Free, why.Clash{Overlap: why.OverlapSame, Blocking: no, Shares: why.SharesReusePort}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := plain()
			for _, change := range tt.changes {
				change(&tt.bind, m, tt.socket)
			}
			tt.clash.Socket = tt.socket
			got := why.Decide(tt.bind, m, []*socket.Socket{tt.socket})
			want := why.Decision{Verdict: tt.verdict, Clashes: []why.Clash{tt.clash}}
			if want.Verdict == why.Taken {
				want.Errno = "EADDRINUSE"
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func other(_ *why.Bind, _ *machine.Machine, s *socket.Socket) { s.UID = 7 }

// v6only tells IPV6_V6ONLY of a socket.
func v6only(s *socket.Socket, only socket.Tri) *socket.Socket {
	s.V6Only = only
	return s
}

// TestDecideObstacles is about facts of the machine that are not known.
func TestDecideObstacles(t *testing.T) {
	t.Parallel()
	taken := []*socket.Socket{row(socket.Listen, "0.0.0.0", no, no)}
	bind := func(text string, change func(*why.Bind)) why.Bind {
		b := wanted(text)
		if change != nil {
			change(&b)
		}
		return b
	}
	unsure := func(b *why.Bind) { b.Privileged = unknown }
	tests := []struct {
		name    string
		bind    why.Bind
		machine func(*machine.Machine)
		sockets []*socket.Socket
		want    why.Decision
	}{
		{"nothing known", bind("", nil), func(m *machine.Machine) { *m = machine.Machine{} }, nil, why.Decision{Verdict: why.Free}},
		{"nothing known of an address", bind("192.0.2.1", nil), func(m *machine.Machine) { *m = machine.Machine{} }, nil, why.Decision{Verdict: why.Unclear, Obstacle: why.RuleNoAddress}},
		{"an address that may be elsewhere", bind("192.0.2.9", nil), func(m *machine.Machine) { m.NonlocalBind4 = unknown }, nil, why.Decision{Verdict: why.Unclear, Obstacle: why.RuleNoAddress}},
		{"an address that is here, whatever", bind("192.0.2.1", nil), func(m *machine.Machine) { m.NonlocalBind4 = unknown }, nil, why.Decision{Verdict: why.Free}},
		{"an address of a VRF", bind("198.51.100.1", func(b *why.Bind) { b.Device = "red" }), nil, nil, why.Decision{Verdict: why.Free}},
		{"an address that a VRF's table may have", bind("198.51.100.9", func(b *why.Bind) { b.Device = "red" }), nil, nil, why.Decision{Verdict: why.Unclear, Obstacle: why.RuleNoAddress}},
		{"an address of a VRF, outside", bind("198.51.100.1", nil), nil, nil, why.Decision{Verdict: why.Refused, Errno: "EADDRNOTAVAIL", Obstacle: why.RuleNoAddress}},
		{"an interface that nobody listed", bind("", func(b *why.Bind) { b.Device = "eth7" }), func(m *machine.Machine) { m.HasLinks = false }, nil, why.Decision{Verdict: why.Unclear, Obstacle: why.RuleNoDevice}},
		{"no IPv6", bind("::1", nil), func(m *machine.Machine) { m.IPv6 = no }, nil, why.Decision{Verdict: why.Refused, Errno: "EAFNOSUPPORT", Obstacle: why.RuleNoIPv6}},
		{"IPv6, who knows", bind("::", nil), func(m *machine.Machine) { m.IPv6, m.Local6 = unknown, nil }, nil, why.Decision{Verdict: why.Unclear, Obstacle: why.RuleNoIPv6}},
		{"IPv6, by its addresses", bind("::1", nil), func(m *machine.Machine) { m.IPv6 = unknown }, nil, why.Decision{Verdict: why.Free}},
		{"a tentative address", bind("2001:db8::1", nil), func(m *machine.Machine) { m.Tentative6 = []netip.Addr{netip.MustParseAddr("2001:db8::1")} }, nil, why.Decision{Verdict: why.Refused, Errno: "EADDRNOTAVAIL", Obstacle: why.RuleNoAddress}},
		{"privileged, perhaps", bind("", unsure), nil, nil, why.Decision{Verdict: why.Unclear, Obstacle: why.RulePrivileged}},
		{"not privileged, perhaps, and no limit known", bind("", unsure), func(m *machine.Machine) { m.UnprivilegedPorts = nil }, nil, why.Decision{Verdict: why.Unclear, Obstacle: why.RulePrivileged}},
		{"privileged or not", bind("", func(b *why.Bind) { b.Privileged, b.Port = unknown, 1024 }), nil, nil, why.Decision{Verdict: why.Free}},
		{"not privileged", bind("", func(b *why.Bind) { b.Privileged = no }), nil, taken, why.Decision{Verdict: why.Refused, Errno: "EACCES", Obstacle: why.RulePrivileged}},
		{"privileged, perhaps, and taken anyway", bind("", unsure), nil, taken, why.Decision{Verdict: why.Taken, Errno: "EADDRINUSE", Obstacle: why.RulePrivileged}},
		{"privileged, perhaps, and elsewhere anyway", bind("::ffff:192.0.2.9", unsure), nil, nil, why.Decision{Verdict: why.Refused, Errno: "EADDRNOTAVAIL", Obstacle: why.RuleNoAddress}},
	}
	for _, tt := range tests {
		m := plain()
		if tt.machine != nil {
			tt.machine(m)
		}
		got := why.Decide(tt.bind, m, tt.sockets)
		got.Clashes = nil
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := why.Decide(wanted(""), nil, taken); got.Verdict != why.Taken {
		t.Errorf("without a machine: %+v", got)
	}
}

// TestDecideAllies is about sockets that leave it open whether the kernel looks
// at the one in the way.
func TestDecideAllies(t *testing.T) {
	t.Parallel()
	udp := func(s *socket.Socket) *socket.Socket {
		s.Proto, s.State = socket.UDP, socket.Unconn
		return s
	}
	on := func(device string, s *socket.Socket) *socket.Socket {
		s.Device = device
		return s
	}
	b := wanted("0.0.0.0")
	b.ReusePort = true
	d := b
	d.Proto = socket.UDP
	both, dual, only := d, b, b
	both.ReuseAddr = true
	dual.Addr, only.Addr, only.V6Only = netip.IPv6Unspecified(), netip.IPv6Unspecified(), yes
	tests := []struct {
		name    string
		bind    why.Bind
		sockets []*socket.Socket
		want    why.Verdict
	}{
		{"an ally on another interface", b, []*socket.Socket{on("lo", row(socket.Listen, "0.0.0.0", no, no)), on("eth0", row(socket.Listen, "0.0.0.0", no, yes))}, why.Unclear},
		{"an ally at an address that is not all of it", b, []*socket.Socket{on("lo", row(socket.Listen, "0.0.0.0", no, no)), on("eth0", row(socket.Listen, "192.0.2.1", no, yes))}, why.Taken},
		{"a listener, and what is left of connections", b, []*socket.Socket{row(socket.Listen, "0.0.0.0", yes, no), row(socket.TimeWait, "127.0.0.1")}, why.Taken},
		{"a listener, and its connections", b, []*socket.Socket{row(socket.Listen, "0.0.0.0", yes, no), row(socket.Established, "127.0.0.1", yes, no)}, why.Taken},
		{"an ally in another VRF", b, []*socket.Socket{on("lo", row(socket.Listen, "0.0.0.0", no, no)), on("red", row(socket.Listen, "0.0.0.0", no, yes))}, why.Taken},
		{"an ally that is taken to cover IPv6, too", dual, []*socket.Socket{on("lo", row(socket.Listen, "0.0.0.0", no, no)), on("eth0", row(socket.Listen, "0.0.0.0", no, yes))}, why.Unclear},
		{"one that does not cover IPv6 only", only, []*socket.Socket{on("lo", v6only(row(socket.Listen, "::", no, no), yes)), on("eth0", row(socket.Listen, "0.0.0.0", no, yes))}, why.Taken},
		{"datagrams: an ally that is passed over", both, []*socket.Socket{udp(on("lo", row(socket.Unconn, "0.0.0.0", no, no))), udp(on("eth0", row(socket.Unconn, "0.0.0.0", yes, yes)))}, why.Taken},
		{"datagrams: an ally and another", d, []*socket.Socket{udp(on("lo", row(socket.Unconn, "0.0.0.0", no, no))), udp(on("eth0", row(socket.Unconn, "0.0.0.0", no, yes)))}, why.Unclear},
		{"datagrams: only others", d, []*socket.Socket{udp(on("lo", row(socket.Unconn, "0.0.0.0", no, no))), udp(on("eth0", row(socket.Unconn, "0.0.0.0", yes, no)))}, why.Taken},
		{"datagrams: only allies", d, []*socket.Socket{udp(on("lo", row(socket.Unconn, "0.0.0.0", no, yes))), udp(on("eth0", row(socket.Unconn, "0.0.0.0", yes, yes)))}, why.Free},
	}
	for _, tt := range tests {
		if got := why.Decide(tt.bind, plain(), tt.sockets); got.Verdict != tt.want {
			t.Errorf("%s: %v, want %v: %+v", tt.name, got.Verdict, tt.want, got.Clashes)
		}
	}
}
