package sockdiag

import (
	"errors"
	"syscall"

	"github.com/sockls/sockls/collector/socket"
)

// maxInterfaces is up to how many interfaces each is looked at: a socket that is
// bound to one is found only by who names it.
const maxInterfaces = 64

// tuple is the connection that the filter names, if it names one and no socket
// without a peer can match. Then the kernel can look it up, as it does for each
// packet that arrives, in place of reading its table.
func (p *planner) tuple(walks []walk) (tuple, bool) {
	const peerless = 1<<socket.Listen | 1<<socket.Bound | 1<<socket.Close | 1<<socket.Unconn
	if p.Proto != socket.TCP || len(walks) != 1 || walks[0].auto != socket.Unknown ||
		walks[0].states&peerless != 0 {
		return tuple{}, false
	}
	t, _ := required(p.condition(walks[0]).test)
	if t.local.Is4In6() && t.remote.Is4In6() {
		t.local, t.remote = t.local.Unmap(), t.remote.Unmap()
	}
	ok := t.sport != 0 && t.dport != 0 && t.local.IsValid() && t.remote.IsValid() &&
		t.local.Is4() == t.remote.Is4() && t.local.Is4In6() == t.remote.Is4In6()
	return t, ok
}

// lookup asks for one connection. The kernel finds it in any state, TIME_WAIT
// and SYN_RECV too, and an IPv4 connection whatever the family of its socket.
// It reports false where the table has to be read instead.
//
// Of two sockets with the same ports and addresses, one bound to an interface
// and one not, it gives the one that it would give a packet from there to.
func (d *dump) lookup(r Request, t tuple, w walk) (answered bool, err error) {
	interfaces, ok := r.interfaces()
	if !ok || len(interfaces) > maxInterfaces {
		return false, nil
	}
	family := uint8(afInet6)
	if t.local.Is4() {
		family = afInet
	}
	q := inetQuery{states: tcpStates(w.states), extensions: extensions(r.Details), id: sockid{
		sport: t.sport, dport: t.dport, local: t.local, remote: t.remote, cookie: noCookie,
	}}
	decode := func(b []byte, s *socket.Socket) bool { return d.dec.decodeInet(b, socket.TCP, s) }
	// Where there is no such connection, the kernel gives a listener that would
	// take it.
	states, rows, out := d.states, d.rows, d.yield
	d.states = w.states
	d.yield = func(s *socket.Socket) error {
		if s.Family == socket.IPv4 && r.IPv4 || s.Family == socket.IPv6 && r.IPv6 {
			return out(s)
		}
		d.rows--
		return nil
	}
	defer func() { d.states, d.yield = states, out }()
	for _, index := range append([]uint32{0}, interfaces...) {
		q.id.device = index
		one := inetRequest(family, protoTCP, q)
		one.one = true
		err := d.run(one, decode)
		switch {
		case err == nil, errors.Is(err, syscall.ENOENT):
		case d.broken || d.rows > rows:
			return true, err
		default:
			return false, nil
		}
	}
	if d.rows > rows {
		return true, nil
	}
	// A kernel that has no such connection and one that has no tcp_diag give the
	// same error. A dump of no states reads no table.
	err = d.run(inetRequest(family, protoTCP, inetQuery{}), decode)
	return err == nil || d.broken, err
}
