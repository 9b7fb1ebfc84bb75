package why

import (
	"net/netip"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// Decision is what the kernel would do.
type Decision struct {
	Verdict Verdict
	// Errno is the error of bind or listen, Obstacle the rule where it is no
	// socket's doing: it refuses where the verdict is Refused, and may refuse
	// where it is Unclear. Where it is Taken, the obstacle may be what the
	// program hears of in place of the sockets.
	Errno    string
	Obstacle Rule
	// Clashes are one for each socket of the same protocol and port.
	Clashes []Clash
}

// Clash is what one socket has to do with it.
type Clash struct {
	Socket *socket.Socket
	// Overlap relates the addresses and devices. Where they overlap, Blocking
	// tells whether the socket is in the way; it is not when both share.
	Overlap  Overlap
	Blocking socket.Tri
	// Shares tells what makes it no obstacle in spite of an overlap.
	Shares Sharing
}

// Sharing is a reason why two sockets may have overlapping addresses.
type Sharing uint8

// The reasons.
const (
	SharesNothing   Sharing = iota
	SharesReuseAddr         // both have SO_REUSEADDR, and it does not listen
	SharesReusePort         // both have SO_REUSEPORT, and one owner
	NotInTable              // SYN_RECV and the like hold no port by themselves
	SharesBeside            // Windows: a wildcard beside a socket with one of its addresses
)

// Decide tells what bind and listen would do among these sockets. One answer is
// enough for both: listen asks for the port a second time, by the same rules,
// and hears nothing else as long as the other sockets stay what they are.
//
// A fact that is not known leaves the answer Unclear only where it matters: each
// rule is worked out with three values.
//
// Beside the sockets, the kernel remembers of each TCP port what the last
// programs that bound it had set, and trusts that memory before it looks at the
// sockets (fastreuse and fastreuseport in struct inet_bind_bucket). No table
// shows it. Decide takes it for possible wherever a socket is there that may
// have left it, see ally; the memory of sockets of which nothing is left is not
// guessed at, and options are taken to be as they were at the time of bind.
func Decide(b Bind, m *machine.Machine, sockets []*socket.Socket) Decision {
	if m == nil {
		m = &machine.Machine{}
	}
	if m.Rules == machine.RulesWindows {
		return decideWindows(b, m, sockets)
	}
	if m.Rules != machine.RulesLinux {
		return decidePortable(b, m, sockets)
	}
	n := newcomerOf(b, m)
	d := Decision{Clashes: n.clashes(sockets)}
	worst := socket.No
	for i := range d.Clashes {
		worst = or(worst, d.Clashes[i].Blocking)
	}
	d.Verdict = [...]Verdict{socket.Unknown: Unclear, socket.No: Free, socket.Yes: Taken}[worst]
	if d.Verdict == Taken {
		d.Errno = "EADDRINUSE"
	}
	// What is wrong with the wish itself is found before the port is looked at.
	for _, o := range n.obstacles() {
		switch o.stands {
		case socket.Yes:
			d.Verdict, d.Errno, d.Obstacle = Refused, o.errno, o.rule
			return d
		case socket.Unknown:
			if d.Obstacle != "" {
				continue
			}
			d.Obstacle = o.rule
			if d.Verdict == Free {
				d.Verdict = Unclear
			}
		}
	}
	return d
}

// newcomer is the socket that is to be bound, as the kernel sees it.
type newcomer struct {
	Bind
	m   *machine.Machine
	end end
	// device is the interface in effect: that of a zone goes before that of
	// SO_BINDTODEVICE.
	device string
	// anywhere is set where no address was named.
	anywhere bool
}

// newcomerOf fills in what a Bind leaves open.
func newcomerOf(b Bind, m *machine.Machine) *newcomer {
	n := &newcomer{Bind: b, m: m, device: b.Device, anywhere: !b.Addr.IsValid()}
	switch {
	case b.Addr.IsValid():
	case m.IPv6 == socket.No:
		n.Addr = netip.IPv4Unspecified()
	default:
		n.Addr = netip.IPv6Unspecified()
		if n.V6Only == socket.Unknown {
			n.V6Only = socket.No
		}
	}
	if n.V6Only == socket.Unknown {
		n.V6Only = m.V6Only
	}
	if n.V6Only == socket.Unknown {
		n.V6Only = socket.No // as every kernel starts
	}
	if n.Addr.Zone() != "" && needsScope(n.Addr) {
		n.device = n.Addr.Zone()
		if link, ok := n.link(n.device); ok {
			n.device = link.Name // the zone may be its number
		}
	}
	n.end = endOf(n.Addr, n.Addr.Is6(), n.V6Only)
	return n
}

// clashes relates the newcomer to each socket of its protocol and port.
func (n *newcomer) clashes(sockets []*socket.Socket) []Clash {
	var all []resident
	for _, s := range sockets {
		if s.Proto == n.Proto && s.Local.Port == uint32(n.Port) {
			all = append(all, residentOf(s))
		}
	}
	clashes := make([]Clash, len(all))
	for i := range all {
		clashes[i] = n.meet(&all[i])
	}
	if n.ReusePort {
		n.doubt(clashes, all)
	}
	return clashes
}

// meet tells what one socket does to the newcomer by itself: inet_bind_conflict
// for TCP, the conditions in udp_lib_lport_inuse for UDP.
func (n *newcomer) meet(r *resident) Clash {
	c := Clash{Socket: r.s, Blocking: socket.No}
	if !r.inTable() {
		c.Shares = NotInTable
		return c
	}
	overlap, meets := n.overlap(r)
	c.Overlap = overlap
	if meets == socket.No {
		return c
	}
	address, port := n.sharesAddress(r), n.sharesPort(r)
	c.Blocking = and(meets, not(or(address, port)))
	switch {
	case c.Blocking != socket.No:
	case address == socket.Yes:
		c.Shares = SharesReuseAddr
	default:
		c.Shares = SharesReusePort
	}
	return c
}

// overlap relates buckets, addresses and interfaces.
func (n *newcomer) overlap(r *resident) (Overlap, socket.Tri) {
	bucket := n.sameBucket(r)
	if bucket == socket.No {
		return ApartVRF, socket.No
	}
	overlap, addresses := n.end.overlap(r.end, n.Proto)
	if addresses == socket.No {
		return overlap, socket.No
	}
	devices := n.sameDevice(r)
	if devices == socket.No {
		return ApartDevice, socket.No
	}
	return overlap, and(bucket, and(addresses, devices))
}

// sharesAddress tells whether SO_REUSEADDR lets both have the address.
func (n *newcomer) sharesAddress(r *resident) socket.Tri {
	return and(socket.TriOf(n.ReuseAddr), and(r.reuseAddr, not(r.listens())))
}

// sharesPort tells whether SO_REUSEPORT lets both have the port.
func (n *newcomer) sharesPort(r *resident) socket.Tri {
	return and(socket.TriOf(n.ReusePort), and(r.reusePort, or(r.timeWait(), r.ownedBy(n.UID))))
}

// sameDevice: sockets on different interfaces never meet, and one on none meets
// all.
func (n *newcomer) sameDevice(r *resident) socket.Tri {
	switch {
	case n.device == "" || r.s.Device == n.device:
		return socket.Yes
	case r.s.Device != "":
		return socket.No
	case r.s.Cookie == 0:
		return socket.Unknown // it is from /proc/net, which tells of no interface
	}
	return socket.Yes
}

// sameBucket: TCP gives each VRF ports of its own, unless tcp_l3mdev_accept is
// set (inet_sk_bound_l3mdev in include/net/inet_sock.h). For UDP a VRF is an
// interface like any other.
func (n *newcomer) sameBucket(r *resident) socket.Tri {
	if n.Proto != socket.TCP || n.m.AcceptL3TCP == socket.Yes {
		return socket.Yes
	}
	mine, known := n.vrf(n.device)
	theirs, knownToo := n.vrf(r.s.Device)
	if r.s.Device == "" && r.s.Cookie == 0 {
		knownToo = n.m.HasLinks && !n.hasVRF()
	}
	switch {
	case n.device == r.s.Device && r.s.Cookie != 0:
		return socket.Yes
	case !known || !knownToo:
		return socket.Unknown
	case mine == theirs:
		return socket.Yes
	}
	return n.m.AcceptL3TCP
}
