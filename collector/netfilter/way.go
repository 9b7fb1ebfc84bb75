package netfilter

import "github.com/sockls/sockls/collector/socket"

// way is where connections come from in one walk through the rules, and of
// which family they are.
type way struct {
	family socket.Family
	// here is set for what this machine sends to itself. It goes out and comes in
	// over lo, so that the index and the name of interfaces are known.
	here bool
	// filter is set for chains that see every packet and not only the first of a
	// connection: only what they do with TPROXY matters.
	filter bool
}

// ways are all there are.
func ways() []way {
	var all []way
	for _, family := range [...]socket.Family{socket.IPv4, socket.IPv6} {
		for _, here := range [...]bool{false, true} {
			all = append(all, way{family: family, here: here}, way{family: family, here: here, filter: true})
		}
	}
	return all
}

// addressLen is the size of an address.
func (w way) addressLen() int {
	if w.family == socket.IPv6 {
		return 16
	}
	return 4
}

// nfproto is the family as netfilter has it (include/uapi/linux/netfilter.h).
func (w way) nfproto() uint8 {
	if w.family == socket.IPv6 {
		return familyIPv6
	}
	return familyIPv4
}

// etherType is the family as a link has it (include/uapi/linux/if_ether.h).
func (w way) etherType() []byte {
	if w.family == socket.IPv6 {
		return []byte{0x86, 0xdd}
	}
	return []byte{0x08, 0x00}
}

// sees tells whether a base chain of a family is asked.
func (w way) sees(family uint8) bool { return family == familyInet || family == w.nfproto() }

// hook is where netfilter looks at these connections.
func (w way) hook() uint32 {
	if w.here && !w.filter {
		return hookOutput
	}
	return hookPrerouting
}

// arrival is the interface where it is known: none is on the way out, lo where
// what was sent to this machine comes in again.
func (w way) arrival() (name string, index uint32, known bool) {
	switch {
	case !w.here:
		return "", 0, false
	case w.filter:
		return loopback, loopbackIndex, true
	}
	return "", 0, true
}

// departure is the interface that it leaves through. What a machine sends to an
// address of its own leaves through lo, whatever interface has the address.
func (w way) departure() (name string, index uint32) {
	if w.here && !w.filter {
		return loopback, loopbackIndex
	}
	return "", 0
}

const (
	loopback      = "lo"
	loopbackIndex = 1 // LOOPBACK_IFINDEX, include/linux/netdevice.h
)
