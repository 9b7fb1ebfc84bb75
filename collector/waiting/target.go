package waiting

import (
	"net/netip"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// Target is one port. It can be waited for that any of the addresses is served,
// or that each of them can be bound.
type Target struct {
	Proto socket.Proto // TCP, UDP or UDPLite
	// Addrs are none where it may be any address, or for a bind has to be all of
	// them.
	Addrs []netip.Addr
	// Family, where there are no Addrs, is the family of which any may be served; 0
	// is for both.
	Family socket.Family
	Port   uint16
}

// Listens tells whether s takes what a stranger sends to the target: a TCP
// listener, or a datagram socket without a peer, on the address or on all. An
// IPv6 one may be on those of IPv4 as well, which not every table tells.
func (t *Target) Listens(s *socket.Socket) socket.Tri {
	if s.Proto != t.Proto || s.Local.Port != uint32(t.Port) || !socket.ListeningStates.Has(s.State) {
		return socket.No
	}
	if len(t.Addrs) == 0 {
		return servesFamily(s, t.Family)
	}
	answer := socket.No
	for _, a := range t.Addrs {
		if !fromHere(s, a) {
			continue
		}
		switch serves(s, a) {
		case socket.Yes:
			return socket.Yes
		case socket.Unknown:
			answer = socket.Unknown
		}
	}
	return answer
}

// fromHere reports whether what this machine sends to an address of its own can
// reach a socket on an interface: it comes by lo, and link-local addresses name
// their interface.
func fromHere(s *socket.Socket, to netip.Addr) bool {
	return s.Device == "" || s.Device == "lo" || to.IsLinkLocalUnicast()
}

// serves tells whether what is sent to an address reaches a socket.
func serves(s *socket.Socket, to netip.Addr) socket.Tri {
	at := s.Local.Addr
	mapped := at.Is4In6()
	at, to = at.Unmap(), to.Unmap()
	switch {
	case at == to && (at.Is4() || mapped || !at.IsUnspecified()):
		return socket.Yes
	case !at.IsUnspecified():
		return socket.No
	case to.Is6():
		return socket.TriOf(at.Is6())
	case at.Is4():
		return socket.Yes
	}
	return servesBoth(s)
}

// servesFamily tells whether a socket is reached at any address of a family.
func servesFamily(s *socket.Socket, f socket.Family) socket.Tri {
	of4 := s.Local.Addr.Is4() || s.Local.Addr.Is4In6()
	switch {
	case f != socket.IPv4 && f != socket.IPv6:
		return socket.Yes
	case f == socket.IPv6 || of4:
		return socket.TriOf(of4 == (f == socket.IPv4))
	case !s.Local.Addr.IsUnspecified():
		return socket.No
	}
	return servesBoth(s)
}

// servesBoth tells whether an IPv6 socket on all addresses has those of IPv4 too.
func servesBoth(s *socket.Socket) socket.Tri {
	switch s.V6Only {
	case socket.Yes:
		return socket.No
	case socket.No:
		return socket.Yes
	}
	return socket.Unknown
}

// bind is a program's wish for one address of the target; the zero address is
// none in particular.
func (t *Target) bind(program why.Bind, addr netip.Addr) why.Bind {
	program.Proto, program.Addr, program.Port = t.Proto, addr, t.Port
	return program
}

// wishes are the binds that have to succeed.
func (t *Target) wishes(program why.Bind) []why.Bind {
	if len(t.Addrs) == 0 {
		return []why.Bind{t.bind(program, netip.Addr{})}
	}
	all := make([]why.Bind, len(t.Addrs))
	for i, addr := range t.Addrs {
		all[i] = t.bind(program, addr)
	}
	return all
}

// Blocking are the sockets that keep a program from binding the target, on a
// machine of which nothing need be known: those that certainly do, and those that
// may, because what decides about them is not known.
func (t *Target) Blocking(program why.Bind, m *machine.Machine, sockets []*socket.Socket) (certain, doubtful []*socket.Socket) {
	yes, maybe := map[*socket.Socket]bool{}, map[*socket.Socket]bool{}
	for _, b := range t.wishes(program) {
		for _, c := range why.Decide(b, m, sockets).Clashes {
			switch c.Blocking {
			case socket.Yes:
				yes[c.Socket] = true
			case socket.Unknown:
				maybe[c.Socket] = true
			}
		}
	}
	for _, s := range sockets {
		switch {
		case yes[s]:
			certain = append(certain, s)
		case maybe[s]:
			doubtful = append(doubtful, s)
		}
	}
	return certain, doubtful
}

// fleeting reports whether s is a connection or what is left of one.
func fleeting(s *socket.Socket) bool {
	switch s.State {
	case socket.Listen, socket.Bound, socket.Unconn:
		return false
	}
	return s.Proto == socket.TCP
}
