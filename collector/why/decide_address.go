package why

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// OverlapNotOnly is an oddity of the kernel: an IPv6 socket that was bound by
// its connection, not by its program, and is not IPV6_V6ONLY, counts as one that
// has some IPv4 address as well (LOOPBACK4_IPV6), and 0.0.0.0 includes that.
const OverlapNotOnly Overlap = "ipv6-not-only"

// end is an address as the kernel compares it (sk_v6_rcv_saddr, sk_rcv_saddr and
// sk_ipv6only): without a zone, which is an interface.
type end struct {
	addr   netip.Addr
	v6     bool // of an IPv6 socket
	v6only socket.Tri
}

func endOf(addr netip.Addr, v6 bool, v6only socket.Tri) end {
	return end{addr: addr.WithZone(""), v6: v6 || addr.Is6(), v6only: v6only}
}

// v4 tells whether it is an IPv4 address, mapped or not.
func (e end) v4() bool { return e.addr.Is4() || e.addr.Is4In6() }

func (e end) wildcard() bool { return e.addr.Unmap().IsUnspecified() }

// wildcard6 is the wildcard that may include all IPv4 addresses.
func (e end) wildcard6() bool { return e.wildcard() && !e.v4() }

// notOnly is where 127.0.0.6 comes from, see OverlapNotOnly: an IPv6 socket has
// it for an IPv4 address when it cannot have any.
var notOnly = netip.AddrFrom4([4]byte{127, 0, 0, 6})

// overlap tells whether two addresses have one in common, as inet_rcv_saddr_equal
// in net/ipv4/inet_connection_sock.c does with match_wildcard. e is the wanted
// one. Since Linux 6.1 TCP asks that for a wildcard only and finds the others in
// a table by their address, which comes to the same but for the oddity.
func (e end) overlap(s end, proto socket.Proto) (Overlap, socket.Tri) {
	switch {
	case e.v4() && s.v4():
		return e.overlap4(s)
	case e.wildcard6() && s.wildcard6():
		return OverlapSame, socket.Yes // whatever they include
	case s.wildcard6() && e.v4():
		return unlessOnly(OverlapDual, s.v6only)
	case s.wildcard6():
		return OverlapWildcard, socket.Yes
	case e.wildcard6() && s.v4():
		return unlessOnly(OverlapDualOwn, e.v6only)
	case e.wildcard6():
		return OverlapIncludes, socket.Yes
	case e.addr == s.addr:
		return OverlapSame, socket.Yes
	case !e.v6 && s.v6 && s.v6only != socket.Yes && e.wildcard():
		return unlessOnly(OverlapNotOnly, s.v6only)
	case !e.v6 && s.v6 && s.v6only != socket.Yes && e.addr == notOnly && proto != socket.TCP:
		// UDP looks sockets up by their address where there are many.
		return OverlapNotOnly, socket.Unknown
	}
	return ApartAddress, socket.No
}

// overlap4 is overlap of two IPv4 addresses.
func (e end) overlap4(s end) (Overlap, socket.Tri) {
	switch {
	case e.addr.Unmap() == s.addr.Unmap():
		if e.v6 != s.v6 {
			return OverlapMapped, socket.Yes
		}
		return OverlapSame, socket.Yes
	case s.wildcard():
		return OverlapWildcard, socket.Yes
	case e.wildcard():
		return OverlapIncludes, socket.Yes
	}
	return ApartAddress, socket.No
}

func unlessOnly(o Overlap, v6only socket.Tri) (Overlap, socket.Tri) {
	if v6only == socket.Yes {
		return ApartV6Only, socket.No
	}
	return o, not(v6only)
}

// covers tells whether the kernel lets a socket at s in for the sake of one that
// it has let in before with address e: inet_rcv_saddr_equal with the wildcard of
// e only, as sk_reuseport_match calls it. For e of IPv4 the family of s does not
// count, and an IPv6 wildcard is taken for 0.0.0.0.
func (e end) covers(s end) bool {
	switch {
	case !e.v6:
		if !s.v4() {
			return e.wildcard() && s.wildcard6() && s.v6only != socket.Yes
		}
		return e.wildcard() || e.addr == s.addr.Unmap()
	case e.wildcard6():
		return !s.v4() || e.v6only != socket.Yes
	case e.v4() && s.v4():
		return e.wildcard() || e.addr.Unmap() == s.addr.Unmap()
	}
	return e.addr == s.addr
}
