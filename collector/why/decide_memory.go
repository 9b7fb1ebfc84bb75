package why

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// doubt takes back what cannot be said for certain of a newcomer with
// SO_REUSEPORT, for whom the kernel may not look at all sockets.
//
// UDP walks the sockets of the port until one overlaps, and decides by that
// (udp_lib_lport_inuse returns at the first); nobody knows which comes first.
// TCP looks at what it remembers of the port before it walks
// (sk_reuseport_match), and what that is depends on the order of past binds.
func (n *newcomer) doubt(clashes []Clash, all []resident) {
	sure := make([]bool, len(all))
	for i := range clashes {
		sure[i] = clashes[i].Blocking == socket.Yes
	}
	allies := n.allies(all)
	for i := range all {
		if sure[i] && n.mayPass(&all[i], allies) {
			clashes[i].Blocking = socket.Unknown
		}
	}
}

// allies are the sockets for the sake of which the newcomer may be let in: those
// that may have SO_REUSEPORT.
func (n *newcomer) allies(all []resident) []*resident {
	var allies []*resident
	for i := range all {
		if r := &all[i]; r.reusePort != socket.No && r.inTable() {
			allies = append(allies, r)
		}
	}
	return allies
}

// mayPass tells whether the newcomer may be let in although enemy is in the way.
func (n *newcomer) mayPass(enemy *resident, allies []*resident) bool {
	if n.Proto == socket.TCP && enemy.reusePort != socket.No && enemy.accepted() != socket.No {
		// A connection inherits SO_REUSEPORT from its listener and the user from
		// whoever accepts it. The listener may have been the newcomer's user's, and
		// is remembered as long as a socket is left.
		return true
	}
	for _, ally := range allies {
		switch {
		case ally == enemy:
		case n.Proto != socket.TCP && n.comesFirst(ally), n.Proto == socket.TCP && n.opened(ally, enemy):
			return true
		}
	}
	return false
}

// comesFirst tells whether a UDP socket lets the newcomer in if it is the first
// that overlaps. With SO_REUSEADDR on both it is passed over.
func (n *newcomer) comesFirst(ally *resident) bool {
	_, meets := n.overlap(ally)
	return and(and(meets, n.sharesPort(ally)), not(n.sharesAddress(ally))) != socket.No
}

// opened tells whether the kernel may remember the TCP port as one that ally, or
// the listener it comes from, opened to all sockets with SO_REUSEPORT of the
// newcomer's user. It does not remember on which interface
// (inet_csk_update_fastreuse), and enemy may be on another one.
//
// Of a listener, or of a socket that is bound, with the option, nothing more is
// asked: that both are there shows that they could be, one way or the other. The
// listener of a connection, and a socket whose options are not known, must have
// been able to come when enemy was there.
func (n *newcomer) opened(ally, enemy *resident) bool {
	user := ally.ownedBy(n.UID)
	if ally.accepted() != socket.No {
		user = socket.Unknown // it is that of who accepted it
	}
	option := and(ally.reusePort, user)
	if option == socket.No || n.sameBucket(ally) == socket.No {
		return false
	}
	if option == socket.Yes && !ally.connection() && ally.end.covers(n.end) {
		return true
	}
	if and(ally.reuseAddr, and(enemy.reuseAddr, not(enemy.listens()))) != socket.No {
		return true
	}
	apart := ally.s.Device != "" && enemy.s.Device != "" && ally.s.Device != enemy.s.Device
	for _, origin := range ally.origins() {
		_, meets := origin.overlap(enemy.end, socket.TCP)
		if origin.covers(n.end) && (apart || meets != socket.Yes) {
			return true
		}
	}
	return false
}

// origins are the addresses that the socket, or the listener it comes from, may
// have been bound to: one that has, or had, a peer may have had a wildcard for
// its address. IPV6_V6ONLY of each is known.
func (r *resident) origins() []end {
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	var all []end
	switch {
	case r.s.State == socket.Listen:
		all = []end{r.end}
	case r.end.v4():
		all = []end{r.end, endOf(any4, false, socket.No), endOf(netip.AddrFrom16(any4.As16()), true, socket.No), endOf(any6, true, socket.No)}
	default:
		all = []end{r.end, endOf(any6, true, r.end.v6only)}
	}
	for i := range all {
		if all[i].v6only == socket.Unknown {
			other := all[i]
			all[i].v6only, other.v6only = socket.No, socket.Yes
			all = append(all, other)
		}
	}
	return all
}
