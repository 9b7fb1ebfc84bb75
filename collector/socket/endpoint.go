package socket

import (
	"cmp"
	"net/netip"
	"strings"
)

// Endpoint is one end of a socket. Which fields mean something depends on the
// protocol:
//
//	protocol             Addr     Port             Node                  Name
//	tcp udp sctp …       address  port             -                     -
//	raw                  address  IP protocol      -                     -
//	ping                 address  ICMP identifier  -                     -
//	unix                 -        -                inode (remote only)   path
//	packet               -        ethertype        interface index       interface
//	netlink              -        port id          netlink protocol (local), group (remote)
//	vsock                -        port             context id            -
//	xdp                  -        queue            interface index       interface
//	tipc                 -        port reference   node                  -
//
// The zero value means "no such end": a listener has no remote.
type Endpoint struct {
	// Addr is the internet address, with its IPv6 zone where it has one.
	Addr netip.Addr
	// Name is the exact bytes of a unix address or an interface name. A unix
	// name that starts with a NUL byte is in the abstract namespace (unix(7)).
	Name string
	// Port is in host byte order.
	Port uint32
	// Node is the second number of those families that have two.
	Node uint32
}

// IsZero reports whether there is no such end.
func (e Endpoint) IsZero() bool { return e == Endpoint{} }

// Compare orders endpoints for people: by port, then address, then name.
func (e Endpoint) Compare(o Endpoint) int {
	if c := cmp.Compare(e.Port, o.Port); c != 0 {
		return c
	}
	if c := e.Addr.Compare(o.Addr); c != 0 {
		return c
	}
	if c := cmp.Compare(e.Node, o.Node); c != 0 {
		return c
	}
	return strings.Compare(e.Name, o.Name)
}
