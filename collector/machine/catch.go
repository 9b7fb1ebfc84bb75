package machine

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// Catches tells whether connections to a socket of this machine are sent
// elsewhere by the rule. addr is an address of this machine; an unspecified or
// invalid one is the wildcard, and [::] takes IPv4 too.
//
// Yes means all that other machines send there, and for a loopback address,
// which only this machine can send to, all of its own. Unknown means some of it
// (connections of this machine alone, those on one interface, one of several
// addresses of a wildcard), or that it depends on something that is not known.
// No means none.
func (f *Forward) Catches(proto socket.Proto, addr netip.Addr, port uint16) socket.Tri {
	here := f.CatchesFromHere(proto, addr, port)
	if isLoopback(addr) {
		return here
	}
	outside := f.CatchesFromOutside(proto, addr, port)
	if outside == socket.No && here != socket.No {
		return socket.Unknown
	}
	return outside
}

// CatchesFromOutside is about connections that other machines make. None of
// them reaches a loopback address.
func (f *Forward) CatchesFromOutside(proto socket.Proto, addr netip.Addr, port uint16) socket.Tri {
	return f.catches(wish{proto: onWire(proto), addr: plain(addr), port: port})
}

// CatchesFromHere is about connections that this machine makes to itself. They
// do not pass PREROUTING, only OUTPUT.
func (f *Forward) CatchesFromHere(proto socket.Proto, addr netip.Addr, port uint16) socket.Tri {
	return f.catches(wish{proto: onWire(proto), addr: plain(addr), port: port, here: true})
}

// patience is how many earlier rules are looked at before the answer is that it is
// not known. Rules can be made so that there is no end to it.
const patience = 1 << 18

func (f *Forward) catches(w wish) socket.Tri {
	m, left := f.Match(), patience
	return without(m.takes(w), f.Earlier, w, &left)
}

// without is what is left of a match when others have taken their part.
func without(taken socket.Tri, lists []*Earlier, w wish, left *int) socket.Tri {
	for _, e := range lists {
		for ; e != nil && taken != socket.No; e = e.Next {
			if *left--; *left < 0 {
				return socket.Unknown
			}
			switch without(e.takes(w), e.Unless, w, left) {
			case socket.Yes:
				taken = socket.No
			case socket.Unknown:
				taken = socket.Unknown
			}
		}
	}
	return taken
}

// wish is a connection to be, or all those to a wildcard address.
type wish struct {
	proto socket.Proto
	addr  netip.Addr
	port  uint16
	here  bool // this machine makes it
}

// onWire is the protocol that packets have: MPTCP is an option of TCP.
func onWire(p socket.Proto) socket.Proto {
	if p == socket.MPTCP {
		return socket.TCP
	}
	return p
}

// plain is the address as packets have it. The wildcard of IPv6 stands for the
// missing one.
func plain(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return netip.IPv6Unspecified()
	}
	return a.Unmap().WithZone("")
}

func isLoopback(a netip.Addr) bool { return plain(a).IsLoopback() }

// both gives what is true where both conditions are.
func both(a, b socket.Tri) socket.Tri {
	switch {
	case a == socket.No || b == socket.No:
		return socket.No
	case a == socket.Yes && b == socket.Yes:
		return socket.Yes
	}
	return socket.Unknown
}

func (m *Match) takes(w wish) socket.Tri {
	if m.Proto != socket.ProtoUnknown && m.Proto != w.proto || !hasPort(m.Ports, w.port) {
		return socket.No
	}
	taken := both(m.way(w), m.address(w))
	if m.Partial {
		return both(taken, socket.Unknown)
	}
	return taken
}

func hasPort(list []Ports, port uint16) bool {
	for _, p := range list {
		if p.Has(port) {
			return true
		}
	}
	return len(list) == 0
}

// way looks at where the connection comes from.
func (m *Match) way(w wish) socket.Tri {
	switch {
	case w.here:
		return socket.TriOf(m.Outgoing && m.Interface == "")
	case !m.Incoming || w.addr.IsLoopback() || m.Interface == "lo":
		return socket.No
	case m.Interface != "":
		return socket.Unknown
	}
	for _, name := range m.NotInterfaces {
		if name != "lo" {
			return socket.Unknown
		}
	}
	return socket.Yes
}

func (m *Match) address(w wish) socket.Tri {
	if w.addr.IsUnspecified() {
		return m.wildcard(w)
	}
	family := socket.IPv6
	if w.addr.Is4() {
		family = socket.IPv4
	}
	switch {
	case m.Family != socket.FamilyUnspec && m.Family != family,
		m.Local && !isUnicast(w.addr),
		len(m.To) > 0 && !within(m.To, w.addr),
		within(m.NotTo, w.addr):
		return socket.No
	}
	return socket.Yes
}

// wildcard tells whether the rule takes all addresses of this machine, of which
// at least the loopback ones are known.
func (m *Match) wildcard(w wish) socket.Tri {
	v4 := w.addr.Is4()
	if v4 && m.Family == socket.IPv6 || len(m.To) > 0 && !m.mayMeet(w) {
		return socket.No
	}
	if !v4 && m.Family != socket.FamilyUnspec || len(m.To) > 0 || len(m.NotTo) > 0 {
		return socket.Unknown
	}
	return socket.Yes
}

// mayMeet tells whether any address of the wildcard may be among To.
func (m *Match) mayMeet(w wish) bool {
	for _, p := range m.To {
		if w.addr.Is4() && !p.Addr().Is4() {
			continue
		}
		onlyLoopback := p.Addr().IsLoopback() && (p.Addr().Is6() || p.Bits() >= 8)
		if w.here || !onlyLoopback {
			return true
		}
	}
	return false
}

// isUnicast leaves out what no interface has as its address.
func isUnicast(a netip.Addr) bool {
	return !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
