package why

import (
	"net/netip"
	"strconv"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// obstacle is what makes bind fail whoever has the port.
type obstacle struct {
	rule   Rule
	errno  string
	stands socket.Tri
}

// obstacles are those in the order that the kernel meets them in: at socket, at
// setsockopt of SO_BINDTODEVICE, and in __inet_bind or __inet6_bind.
func (n *newcomer) obstacles() []obstacle {
	device := obstacle{RuleNoDevice, "ENODEV", n.missing(n.Device)}
	privileged := obstacle{RulePrivileged, "EACCES", n.privileged()}
	if n.Addr.Is4() {
		return []obstacle{device, {RuleNoAddress, "EADDRNOTAVAIL", not(n.here4())}, privileged}
	}
	all := []obstacle{{RuleNoIPv6, "EAFNOSUPPORT", n.withoutIPv6()}, device}
	if n.Addr.Is4In6() {
		return append(all, privileged,
			obstacle{RuleBadAddress, "EINVAL", socket.TriOf(n.V6Only == socket.Yes)},
			obstacle{RuleNoAddress, "EADDRNOTAVAIL", not(n.here4())})
	}
	all = append(all, obstacle{RuleBadAddress, "EINVAL", socket.TriOf(n.Addr.IsMulticast() && n.Proto == socket.TCP)}, privileged)
	if needsScope(n.Addr) {
		all = append(all, obstacle{RuleNoScope, "EINVAL", socket.TriOf(n.device == "")}, obstacle{RuleNoDevice, "ENODEV", n.missing(n.device)})
	}
	return append(all, obstacle{RuleNoAddress, "EADDRNOTAVAIL", not(n.here6())})
}

// needsScope tells of the addresses that are others on each interface
// (__ipv6_addr_needs_scope_id in include/net/ipv6.h).
func needsScope(a netip.Addr) bool {
	return a.Is6() && !a.Is4In6() && (a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsInterfaceLocalMulticast())
}

// withoutIPv6 tells whether there are no IPv6 sockets. A wish that names no
// address does not depend on it.
func (n *newcomer) withoutIPv6() socket.Tri {
	if n.m.IPv6 == socket.Unknown && (n.anywhere || len(n.m.Local6) > 0) {
		return socket.No
	}
	return not(n.m.IPv6)
}

// privileged tells whether the program may not have the port for its number
// (inet_port_requires_bind_service in include/net/ip.h).
func (n *newcomer) privileged() socket.Tri {
	low := socket.Unknown
	if limit := n.m.UnprivilegedPorts; limit != nil {
		low = socket.TriOf(n.Port < *limit)
	}
	return and(low, not(n.Privileged))
}

// missing tells whether there is no such interface.
func (n *newcomer) missing(device string) socket.Tri {
	if device == "" {
		return socket.No
	}
	if !n.m.HasLinks {
		return socket.Unknown
	}
	_, ok := n.link(device)
	return socket.TriOf(!ok)
}

// link finds an interface by its name or, as in a zone, its number.
func (n *newcomer) link(device string) (machine.Link, bool) {
	if l, ok := n.m.LinkNamed(device); ok {
		return l, true
	}
	if index, err := strconv.Atoi(device); err == nil {
		for _, l := range n.m.Links {
			if l.Index == index {
				return l, true
			}
		}
	}
	return machine.Link{}, false
}

// vrf is the VRF that an interface belongs to, 0 for none.
func (n *newcomer) vrf(device string) (index int, known bool) {
	if device == "" {
		return 0, true
	}
	if l, ok := n.link(device); ok {
		return l.VRF, true
	}
	// An interface that has gone may have been in one.
	return 0, n.m.HasLinks && !n.hasVRF()
}

func (n *newcomer) hasVRF() bool {
	for _, l := range n.m.Links {
		if l.VRF != 0 {
			return true
		}
	}
	return false
}
