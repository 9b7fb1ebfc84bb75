package waiting

import (
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// at is a TCP or UDP socket of a local address.
func at(p socket.Proto, state socket.State, local string, v6only socket.Tri) *socket.Socket {
	end := netip.MustParseAddrPort(local)
	s := &socket.Socket{Proto: p, Family: socket.IPv4, State: state, V6Only: v6only, Cookie: 1}
	if end.Addr().Is6() {
		s.Family = socket.IPv6
	}
	s.Local = socket.Endpoint{Addr: end.Addr(), Port: uint32(end.Port())}
	return s
}

// on binds a socket to an interface.
func on(device string, s *socket.Socket) *socket.Socket {
	s.Device = device
	return s
}

func target(p socket.Proto, port uint16, addrs ...string) *Target {
	t := &Target{Proto: p, Port: port}
	for _, a := range addrs {
		t.Addrs = append(t.Addrs, netip.MustParseAddr(a))
	}
	return t
}

func TestListens(t *testing.T) {
	t.Parallel()
	const tcp, udp, listen = socket.TCP, socket.UDP, socket.Listen
	const yes, no, unknown = socket.Yes, socket.No, socket.Unknown
	for _, tt := range []struct {
		s    *socket.Socket
		t    *Target
		want socket.Tri
	}{
		{at(tcp, listen, "127.0.0.1:80", unknown), target(tcp, 80), yes},
		{at(tcp, listen, "[::1]:80", yes), target(tcp, 80), yes},
		{at(tcp, listen, "127.0.0.1:80", unknown), target(tcp, 81), no},
		{at(tcp, listen, "127.0.0.1:80", unknown), target(udp, 80), no},
		{at(tcp, socket.Bound, "127.0.0.1:80", unknown), target(tcp, 80), no},
		{at(tcp, socket.Established, "127.0.0.1:80", unknown), target(tcp, 80), no},
		{at(udp, socket.Unconn, "0.0.0.0:80", unknown), target(udp, 80), yes},
		{at(udp, socket.Established, "0.0.0.0:80", unknown), target(udp, 80), no},

		{at(tcp, listen, "127.0.0.1:80", unknown), target(tcp, 80, "127.0.0.1"), yes},
		{at(tcp, listen, "127.0.0.1:80", unknown), target(tcp, 80, "127.0.0.2"), no},
		{at(tcp, listen, "127.0.0.1:80", unknown), target(tcp, 80, "0.0.0.0"), no},
		{at(tcp, listen, "0.0.0.0:80", unknown), target(tcp, 80, "0.0.0.0"), yes},
		{at(tcp, listen, "0.0.0.0:80", unknown), target(tcp, 80, "127.0.0.1"), yes},
		{at(tcp, listen, "0.0.0.0:80", unknown), target(tcp, 80, "::1"), no},
		{on("eth0", at(tcp, listen, "0.0.0.0:80", unknown)), target(tcp, 80), yes},
		{on("eth0", at(tcp, listen, "0.0.0.0:80", unknown)), target(tcp, 80, "127.0.0.1"), no},
		{on("lo", at(tcp, listen, "0.0.0.0:80", unknown)), target(tcp, 80, "127.0.0.1"), yes},
		{at(tcp, listen, "[::]:80", no), target(tcp, 80, "::1"), yes},
		{at(tcp, listen, "[::]:80", yes), target(tcp, 80, "::1"), yes},
		{at(tcp, listen, "[::]:80", no), target(tcp, 80, "::"), yes},
		{at(tcp, listen, "[::]:80", no), target(tcp, 80, "127.0.0.1"), yes},
		{at(tcp, listen, "[::]:80", no), target(tcp, 80, "0.0.0.0"), yes},
		{at(tcp, listen, "[::]:80", yes), target(tcp, 80, "127.0.0.1"), no},
		{at(tcp, listen, "[::]:80", unknown), target(tcp, 80, "127.0.0.1"), unknown},
		{at(tcp, listen, "[::ffff:127.0.0.1]:80", no), target(tcp, 80, "127.0.0.1"), yes},
		{at(tcp, listen, "127.0.0.1:80", unknown), target(tcp, 80, "::ffff:127.0.0.1"), yes},
		{at(tcp, listen, "[::ffff:0.0.0.0]:80", no), target(tcp, 80, "127.0.0.1"), yes},
		{at(tcp, listen, "[fe80::1%eth0]:80", yes), target(tcp, 80, "fe80::1%eth0"), yes},
		{at(tcp, listen, "[fe80::1%eth0]:80", yes), target(tcp, 80, "fe80::1%eth1"), no},
		{at(tcp, listen, "127.0.0.1:80", unknown), target(tcp, 80, "::1", "127.0.0.1"), yes},
		{at(tcp, listen, "[::]:80", unknown), target(tcp, 80, "127.0.0.1", "::1"), yes},
	} {
		if got := tt.t.Listens(tt.s); got != tt.want {
			t.Errorf("%s %s at %v, asked for %v port %d %v: %v, want %v",
				tt.s.Proto, tt.s.State, tt.s.Local, tt.t.Proto, tt.t.Port, tt.t.Addrs, got, tt.want)
		}
	}
}

// TestListensFamily: without an address, a family is served by any of its own.
func TestListensFamily(t *testing.T) {
	t.Parallel()
	const yes, no, unknown = socket.Yes, socket.No, socket.Unknown
	for _, tt := range []struct {
		local    string
		v6only   socket.Tri
		of4, of6 socket.Tri
	}{
		{"127.0.0.1:80", unknown, yes, no},
		{"0.0.0.0:80", unknown, yes, no},
		{"[::ffff:127.0.0.1]:80", no, yes, no},
		{"[::ffff:0.0.0.0]:80", no, yes, no},
		{"[::1]:80", no, no, yes},
		{"[::]:80", no, yes, yes},
		{"[::]:80", yes, no, yes},
		{"[::]:80", unknown, unknown, yes},
	} {
		s := at(socket.TCP, socket.Listen, tt.local, tt.v6only)
		for family, want := range map[socket.Family]socket.Tri{0: yes, socket.IPv4: tt.of4, socket.IPv6: tt.of6} {
			asked := &Target{Proto: socket.TCP, Family: family, Port: 80}
			if got := asked.Listens(s); got != want {
				t.Errorf("%s, IPV6_V6ONLY %v, serves %v: %v, want %v", tt.local, tt.v6only, family, got, want)
			}
		}
	}
}

// reusing gives a socket a known SO_REUSEADDR.
func reusing(address socket.Tri, s *socket.Socket) *socket.Socket {
	s.Details = &socket.Details{Reuse: &socket.Reuse{Address: address, Port: socket.No}}
	return s
}

// TestBlocking: the rules are package why's; here it is about which sockets are
// certainly in the way, and which may be.
func TestBlocking(t *testing.T) {
	t.Parallel()
	const tcp, udp = socket.TCP, socket.UDP
	const yes, no, unknown = socket.Yes, socket.No, socket.Unknown
	for _, tt := range []struct {
		name         string
		s            *socket.Socket
		t            *Target
		plain, reuse socket.Tri // whether it blocks a bind without and with SO_REUSEADDR
	}{
		{"listener", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80), yes, yes},
		{"listener with it", reusing(yes, at(tcp, socket.Listen, "127.0.0.1:80", 0)), target(tcp, 80), yes, yes},
		{"same address", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80, "127.0.0.1"), yes, yes},
		{"another address", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80, "127.0.0.2"), no, no},
		{"one of two addresses", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80, "::1", "127.0.0.1"), yes, yes},
		{"another protocol", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(udp, 80), no, no},
		{"another port", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 81), no, no},
		{"bound", at(tcp, socket.Bound, "127.0.0.1:80", 0), target(tcp, 80), yes, unknown},
		{"bound with it", reusing(yes, at(tcp, socket.Bound, "127.0.0.1:80", 0)), target(tcp, 80), yes, no},
		{"bound without it", reusing(no, at(tcp, socket.Bound, "127.0.0.1:80", 0)), target(tcp, 80), yes, yes},
		{"connection", at(tcp, socket.Established, "127.0.0.1:80", 0), target(tcp, 80), yes, unknown},
		{"connection with it", reusing(yes, at(tcp, socket.Established, "127.0.0.1:80", 0)), target(tcp, 80), yes, no},
		{"connection without it", reusing(no, at(tcp, socket.Established, "127.0.0.1:80", 0)), target(tcp, 80), yes, yes},
		{"closing", at(tcp, socket.LastAck, "127.0.0.1:80", 0), target(tcp, 80), yes, unknown},
		{"time-wait", at(tcp, socket.TimeWait, "127.0.0.1:80", 0), target(tcp, 80), yes, unknown},
		{"time-wait elsewhere", at(tcp, socket.TimeWait, "127.0.0.1:80", 0), target(tcp, 80, "127.0.0.2"), no, no},
		{"request", at(tcp, socket.SynRecv, "127.0.0.1:80", 0), target(tcp, 80), no, no},
		{"datagrams", at(udp, socket.Unconn, "127.0.0.1:53", 0), target(udp, 53), yes, unknown},
		{"datagrams with it", reusing(yes, at(udp, socket.Unconn, "127.0.0.1:53", 0)), target(udp, 53), yes, no},
		{"connected datagrams", at(udp, socket.Established, "127.0.0.1:53", 0), target(udp, 53), yes, unknown},
		{"dual-stack", at(tcp, socket.Listen, "[::]:80", no), target(tcp, 80, "127.0.0.1"), yes, yes},
		{"IPv6 only", at(tcp, socket.Listen, "[::]:80", yes), target(tcp, 80, "127.0.0.1"), no, no},
		{"not told", at(tcp, socket.Listen, "[::]:80", unknown), target(tcp, 80, "127.0.0.1"), unknown, unknown},
		{"not told for one of two", at(tcp, socket.Listen, "[::]:80", unknown), target(tcp, 80, "127.0.0.1", "::1"), yes, yes},
	} {
		for _, reuse := range []bool{false, true} {
			want, got := tt.plain, no
			if reuse {
				want = tt.reuse
			}
			certain, doubtful := tt.t.Blocking(why.Bind{ReuseAddr: reuse}, nil, []*socket.Socket{tt.s})
			switch {
			case len(certain) > 0:
				got = yes
			case len(doubtful) > 0:
				got = unknown
			}
			if got != want || len(certain)+len(doubtful) > 1 {
				t.Errorf("%s: with SO_REUSEADDR %v: blocks %v, want %v", tt.name, reuse, got, want)
			}
		}
	}
}
