package waiting

import (
	"net/netip"

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
	Port  uint16
}

// Listens tells whether s takes what a stranger sends to the target: a TCP
// listener, or a datagram socket without a peer, on the address or on all. An
// IPv6 one may be on those of IPv4 as well, which not every table tells.
func (t *Target) Listens(s *socket.Socket) socket.Tri {
	if s.Proto != t.Proto || s.Local.Port != uint32(t.Port) || !socket.ListeningStates.Has(s.State) {
		return socket.No
	}
	if len(t.Addrs) == 0 {
		return socket.Yes
	}
	answer := socket.No
	for _, a := range t.Addrs {
		switch serves(s, a) {
		case socket.Yes:
			return socket.Yes
		case socket.Unknown:
			answer = socket.Unknown
		}
	}
	return answer
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
	switch s.V6Only { // an IPv6 socket on all addresses
	case socket.Yes:
		return socket.No
	case socket.No:
		return socket.Yes
	}
	return socket.Unknown
}

// Blocking are the sockets that keep a program from binding the target. With
// reuseAddr it is one that sets SO_REUSEADDR, as servers do: connections and
// what is left of them are then taken for those of a server that has set it,
// too, because no table tells.
func (t *Target) Blocking(sockets []*socket.Socket, reuseAddr bool) []*socket.Socket {
	addrs := t.Addrs
	if len(addrs) == 0 {
		addrs = []netip.Addr{{}}
	}
	var blocking []*socket.Socket
	in := map[*socket.Socket]bool{}
	for _, addr := range addrs {
		bind := why.Bind{Proto: t.Proto, Addr: addr, Port: t.Port, ReuseAddr: reuseAddr}
		for _, c := range why.Decide(bind, nil, sockets).Clashes {
			blocks := c.Blocking == socket.Yes ||
				c.Blocking == socket.Unknown && !(reuseAddr && fleeting(c.Socket))
			if blocks && !in[c.Socket] {
				in[c.Socket] = true
				blocking = append(blocking, c.Socket)
			}
		}
	}
	return blocking
}

// fleeting reports whether s is a connection or what is left of one.
func fleeting(s *socket.Socket) bool {
	switch s.State {
	case socket.Listen, socket.Bound, socket.Unconn:
		return false
	}
	return s.Proto == socket.TCP
}
