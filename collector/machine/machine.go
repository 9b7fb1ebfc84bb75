package machine

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// Machine is what one network namespace has. A fact that could not be read is
// unknown (a nil pointer, an Unknown), and never a guess.
type Machine struct {
	// Rules tell how the facts below decide.
	Rules Rules
	// UnprivilegedPorts is the first port that anybody may bind
	// (ip_unprivileged_port_start, of both families), nil where unknown.
	UnprivilegedPorts *uint16
	// Ephemeral are the ports that the kernel chooses from, nil where unknown;
	// Reserved are those of all that it leaves out.
	Ephemeral *Ports
	Reserved  []Ports
	// NonlocalBind4 and NonlocalBind6 tell whether addresses of other machines
	// may be bound (ip_nonlocal_bind).
	NonlocalBind4, NonlocalBind6 socket.Tri
	// IPv6 tells whether the kernel makes IPv6 sockets.
	IPv6 socket.Tri
	// V6Only is what IPV6_V6ONLY is for a socket that does not set it (bindv6only).
	V6Only socket.Tri
	// AcceptL3TCP and AcceptL3UDP: unbound sockets serve VRFs too
	// (tcp_l3mdev_accept, udp_l3mdev_accept). Without, each VRF has ports of its own.
	AcceptL3TCP, AcceptL3UDP socket.Tri

	// Local4 are the prefixes of the local table whose addresses may be bound
	// (types local, broadcast and multicast), Local6 the addresses that may.
	// The prefixes are disjoint where one of them excludes part of another, and
	// link-local addresses have the name of their interface for a zone. Addresses
	// of interfaces in a VRF are not among these: see Link.
	// Addresses that are being checked for duplicates (tentative) are not among
	// the latter but among Tentative6. HasLocal is unset where they are unknown.
	Local4             []netip.Prefix
	Local6, Tentative6 []netip.Addr
	HasLocal           bool
	// Links are the network interfaces, ordered by index; HasLinks is unset where
	// they are unknown.
	Links    []Link
	HasLinks bool
	// KernelPorts are the ports that the kernel itself serves, as far as their
	// owners tell: tunnels by interface, and services such as nfsd. They are names
	// for sockets that a table shows, and no evidence of one: a tunnel that was
	// moved here can have its socket in the namespace it was made in.
	KernelPorts []KernelPort
	// Excluded are ports that Windows keeps from programs, HTTPQueues what is
	// registered with its http.sys. HasExcluded and HasHTTPQueues are unset where
	// they are not known.
	Excluded                   []Exclusion
	HTTPQueues                 []HTTPQueue
	HasExcluded, HasHTTPQueues bool
}

// Ports is a range of ports, both ends included.
type Ports struct{ First, Last uint16 }

// Has reports whether port is in the range.
func (p Ports) Has(port uint16) bool { return p.First <= port && port <= p.Last }

// Link is a network interface.
type Link struct {
	Index int
	Name  string // hostile: any bytes but NUL, '/' and white space
	Kind  string // "vxlan", "wireguard", "vrf", …; "" for hardware and lo
	// VRF is the index of the VRF that the interface is, or is enslaved to; 0 for
	// none.
	VRF int
	Up  bool
	// Addr are its addresses, those that are being checked for duplicates too.
	Addr []netip.Prefix
	// Local4 is, of a VRF, what Machine.Local4 is of everything else: what
	// sockets bound to it or to an interface enslaved to it may bind.
	Local4 []netip.Prefix
}

// KernelPort is a port that the kernel uses without any process.
type KernelPort struct {
	Proto socket.Proto
	Port  uint16
	// Kind is what uses it ("vxlan", "geneve", "wireguard", "nfsd", …), Link the
	// interface, "" where there is none.
	Kind, Link string
}

// LinkNamed returns the interface of that name.
func (m *Machine) LinkNamed(name string) (Link, bool) {
	for _, l := range m.Links {
		if l.Name == name {
			return l, true
		}
	}
	return Link{}, false
}
