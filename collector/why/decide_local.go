package why

import (
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// here4 tells whether an IPv4 address, mapped or not, may be bound
// (inet_addr_valid_or_nonlocal in include/net/inet_sock.h).
func (n *newcomer) here4() socket.Tri {
	a := n.Addr.Unmap()
	// Broadcast and multicast may be bound, with or without a route.
	if a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return socket.Yes
	}
	return or(n.local4(a), n.m.NonlocalBind4)
}

// local4 looks an address up as inet_addr_type_table does: in the local table or
// in that of the interface's VRF, of which only the addresses of its interfaces
// are known.
func (n *newcomer) local4(a netip.Addr) socket.Tri {
	vrf, known := n.vrf(n.device)
	switch {
	case !known:
		return socket.Unknown
	case vrf != 0:
		for _, l := range n.m.Links {
			if l.VRF == vrf && hasAddress(l, a) {
				return socket.Yes
			}
		}
		return socket.Unknown
	case !n.m.HasLocal:
		return socket.Unknown
	}
	return socket.TriOf(slices.ContainsFunc(n.m.Local4, func(p netip.Prefix) bool { return p.Contains(a) }))
}

func hasAddress(l machine.Link, a netip.Addr) bool {
	return slices.ContainsFunc(l.Addr, func(p netip.Prefix) bool { return p.Addr().WithZone("") == a })
}

// here6 tells whether an IPv6 address may be bound (ipv6_chk_addr in
// net/ipv6/addrconf.c). Of a multicast address nobody asks.
func (n *newcomer) here6() socket.Tri {
	a := n.Addr.WithZone("")
	if a.IsUnspecified() || a.IsMulticast() {
		return socket.Yes
	}
	return or(n.local6(a), n.m.NonlocalBind6)
}

func (n *newcomer) local6(a netip.Addr) socket.Tri {
	if !n.m.HasLocal {
		return socket.Unknown
	}
	same := func(l netip.Addr) bool { return l.WithZone("") == a }
	if !slices.ContainsFunc(n.m.Local6, same) {
		return socket.No
	}
	if n.device == "" {
		return socket.Yes
	}
	if !n.m.HasLinks {
		return socket.Unknown
	}
	// With an interface, an address of link or host scope must be on that one, and
	// another in the same VRF.
	found := socket.No
	mine, _ := n.vrf(n.device)
	for _, l := range n.m.Links {
		if hasAddress(l, a) && (l.Name == n.device || l.VRF == mine && !a.IsLinkLocalUnicast() && !a.IsLoopback()) {
			found = socket.Yes
		}
	}
	if found == socket.Yes && slices.ContainsFunc(n.m.Tentative6, same) {
		return socket.Unknown // it is on two interfaces, and not on both yet
	}
	return found
}
