package waiting

import (
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/socket"
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

// TestBlocking: the rules are package why's; here it is about what counts of
// them.
func TestBlocking(t *testing.T) {
	t.Parallel()
	const tcp, udp = socket.TCP, socket.UDP
	for _, tt := range []struct {
		name         string
		s            *socket.Socket
		t            *Target
		plain, reuse bool // whether it blocks a bind without and with SO_REUSEADDR
	}{
		{"listener", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80), true, true},
		{"same address", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80, "127.0.0.1"), true, true},
		{"another address", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80, "127.0.0.2"), false, false},
		{"one of two addresses", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 80, "::1", "127.0.0.1"), true, true},
		{"another protocol", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(udp, 80), false, false},
		{"another port", at(tcp, socket.Listen, "127.0.0.1:80", 0), target(tcp, 81), false, false},
		{"bound", at(tcp, socket.Bound, "127.0.0.1:80", 0), target(tcp, 80), true, true},
		{"connection", at(tcp, socket.Established, "127.0.0.1:80", 0), target(tcp, 80), true, false},
		{"closing", at(tcp, socket.LastAck, "127.0.0.1:80", 0), target(tcp, 80), true, false},
		{"time-wait", at(tcp, socket.TimeWait, "127.0.0.1:80", 0), target(tcp, 80), true, false},
		{"time-wait elsewhere", at(tcp, socket.TimeWait, "127.0.0.1:80", 0), target(tcp, 80, "127.0.0.2"), false, false},
		{"request", at(tcp, socket.SynRecv, "127.0.0.1:80", 0), target(tcp, 80), false, false},
		{"datagrams", at(udp, socket.Unconn, "127.0.0.1:53", 0), target(udp, 53), true, true},
		{"connected datagrams", at(udp, socket.Established, "127.0.0.1:53", 0), target(udp, 53), true, true},
		{"dual-stack", at(tcp, socket.Listen, "[::]:80", socket.No), target(tcp, 80, "127.0.0.1"), true, true},
		{"IPv6 only", at(tcp, socket.Listen, "[::]:80", socket.Yes), target(tcp, 80, "127.0.0.1"), false, false},
		{"not told", at(tcp, socket.Listen, "[::]:80", socket.Unknown), target(tcp, 80, "127.0.0.1"), true, true},
	} {
		all := []*socket.Socket{tt.s}
		if got := len(tt.t.Blocking(all, false)) > 0; got != tt.plain {
			t.Errorf("%s: blocks %v", tt.name, got)
		}
		if got := len(tt.t.Blocking(all, true)) > 0; got != tt.reuse {
			t.Errorf("%s: blocks with SO_REUSEADDR %v", tt.name, got)
		}
	}
}
