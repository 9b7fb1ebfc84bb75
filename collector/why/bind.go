package why

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// NoUID is the uid_t that is nobody's, and what os.Geteuid has for one where there
// are none.
const NoUID = 1<<32 - 1

// Bind is what a program wants to do.
type Bind struct {
	Proto socket.Proto // TCP, UDP or UDPLite
	// Addr is the address. An IPv4-mapped one is that of an IPv6 socket, one with
	// a zone names the interface of a link-local address. An invalid Addr is no
	// wish at all: it is taken for the wildcard of IPv6 with IPv4, which collides
	// with every other, or that of IPv4 where there is no IPv6.
	Addr netip.Addr
	Port uint16 // never 0

	ReuseAddr, ReusePort bool
	// V6Only is IPV6_V6ONLY; Unknown leaves it as the system has it.
	V6Only socket.Tri
	// Device is the interface of SO_BINDTODEVICE, "" for none.
	Device string

	// UID is NoUID on a system that has no numbers for users.
	UID uint32
	// User is the name of UID, "" where it has none or nobody asked. It is hostile.
	User string
	// Privileged tells whether the program may bind the privileged ports
	// (CAP_NET_BIND_SERVICE in the user namespace that owns the network namespace).
	Privileged socket.Tri
}
