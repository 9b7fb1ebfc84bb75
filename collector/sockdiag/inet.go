package sockdiag

import (
	"encoding/binary"
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// inetMessageLen is the size of struct inet_diag_msg.
const inetMessageLen = 72

// decodeInet fills s from a struct inet_diag_msg. It reports false when the
// message is too short or of a family that has no internet address.
func (d *decoder) decodeInet(b []byte, proto socket.Proto, s *socket.Socket) bool {
	if len(b) < inetMessageLen {
		return false
	}
	b, attrs := b[:inetMessageLen], b[inetMessageLen:]
	*s = socket.Socket{
		Proto:  proto,
		Type:   inetType(proto),
		Cookie: cookie(b[44:]),
		RecvQ:  native.Uint32(b[56:]),
		SendQ:  native.Uint32(b[60:]),
		UID:    native.Uint32(b[64:]),
		Inode:  uint64(native.Uint32(b[68:])),
	}
	var local, remote netip.Addr
	switch b[0] {
	case afInet:
		s.Family = socket.IPv4
		local = netip.AddrFrom4([4]byte(b[8:12]))
		remote = netip.AddrFrom4([4]byte(b[24:28]))
	case afInet6:
		s.Family = socket.IPv6
		local = netip.AddrFrom16([16]byte(b[8:24]))
		remote = netip.AddrFrom16([16]byte(b[24:40]))
	default:
		return false
	}
	association := false
	d.details.begin(s)
	if s.Family == socket.IPv6 || proto == socket.SCTP || d.details.wanted != 0 {
		for a, rest, ok := nextAttribute(attrs); ok; a, rest, ok = nextAttribute(rest) {
			if 1<<a.kind&(d.details.attributes|rowAttributes) == 0 {
				continue
			}
			switch a.kind {
			case inetV6Only:
				if s.Family == socket.IPv6 && len(a.value) > 0 {
					s.V6Only = socket.TriOf(a.value[0] != 0)
				}
			case inetPeers:
				association = proto == socket.SCTP
			default:
				d.details.attribute(a, s)
			}
		}
		d.details.fixed(b, s)
	}
	if association {
		s.State = sctpState(b[1])
	} else {
		s.State = stateOf(proto, b[1])
		dropQueues(s)
	}
	s.HasUID = s.UID != 0 || d.knowsRoot(s, b[2])

	if index := native.Uint32(b[40:]); index != 0 {
		device := d.device(index)
		local = withZone(local, device)
		remote = withZone(remote, device)
		if !association { // there it is the interface of the route
			s.Device = device
		}
	}
	s.Local = socket.Endpoint{Addr: local, Port: uint32(binary.BigEndian.Uint16(b[4:]))}
	port := binary.BigEndian.Uint16(b[6:])
	if hasPeer(s, association) && (port != 0 || !remote.IsUnspecified()) {
		s.Remote = socket.Endpoint{Addr: remote, Port: uint32(port)}
	}
	return true
}

// dying reports whether a row of the bind table is of a socket that its program has
// closed: it has no file any more, and loses its port within the same call
// (inet_csk_destroy_sock in net/ipv4/inet_connection_sock.c).
func dying(s *socket.Socket) bool { return s.State == socket.Bound && s.Inode == 0 }

// knowsRoot reports whether uid 0 in a message means root, and not that the
// kernel has forgotten or never knew. It keeps no owner for SYN_RECV and for
// what is left of a connection in TIME_WAIT or FIN_WAIT2, which the timer
// tells.
func (d *decoder) knowsRoot(s *socket.Socket, timer byte) bool {
	const timeWait = 3 // see inet_twsk_diag_fill in net/ipv4/inet_diag.c
	switch {
	case s.Inode != 0: // a simultaneous open is a SYN_RECV with a file
		return true
	case s.State == socket.SynRecv, s.State == socket.TimeWait, timer == timeWait:
		return false
	}
	return d.orphanUIDs
}

// hasPeer reports whether the remote address of a message means anything. A
// socket that was disconnected keeps the address of its last peer, and takes
// it along when it listens (tcp_disconnect and __udp_disconnect clear the port
// only). The peer of an SCTP endpoint is its association's.
func hasPeer(s *socket.Socket, association bool) bool {
	if s.Proto == socket.SCTP {
		return association
	}
	switch s.State {
	case socket.Listen, socket.Bound, socket.Close, socket.Unconn:
		return false
	}
	return true
}

// dropQueues removes queue lengths that are none: for a TCP socket without a
// connection the kernel subtracts sequence numbers of nothing, and for an SCTP
// endpoint it gives the accept queue even where that is not in use.
func dropQueues(s *socket.Socket) {
	if s.State == socket.Bound || s.Proto == socket.SCTP && s.State != socket.Listen {
		s.RecvQ, s.SendQ = 0, 0
	}
}

// withZone adds the zone to those addresses that mean nothing without one.
func withZone(a netip.Addr, device string) netip.Addr {
	if a.Is6() && !a.Is4In6() && (a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast()) {
		return a.WithZone(device)
	}
	return a
}

func inetType(p socket.Proto) socket.Type {
	switch p {
	case socket.UDP, socket.UDPLite:
		return socket.Dgram
	case socket.SCTP:
		return socket.Seqpacket
	default:
		return socket.Stream
	}
}

// stateOf names a kernel state number. 7 is TCP_CLOSE, and what that means
// depends: a UDP socket open to anyone, or a TCP socket that the bind table
// listed (TCP_BOUND_INACTIVE), for nothing else lists a closed TCP socket.
func stateOf(p socket.Proto, kernel uint8) socket.State {
	s := kernelState(kernel)
	switch {
	case s != socket.Close:
		return s
	case p == socket.TCP:
		return socket.Bound
	case p == socket.UDP || p == socket.UDPLite:
		return socket.Unconn
	}
	return s
}

// kernelState takes a number from include/net/tcp_states.h.
func kernelState(kernel uint8) socket.State {
	switch s := socket.State(kernel); {
	case s == socket.NewSynRecv:
		return socket.SynRecv
	case s >= socket.Established && s <= socket.Bound:
		return s
	}
	return socket.StateUnknown
}

// sctpState names the state of an association (enum sctp_state,
// include/net/sctp/constants.h); endpoints use TCP's numbers.
func sctpState(kernel uint8) socket.State {
	states := [...]socket.State{
		socket.Close, socket.CookieWait, socket.CookieEchoed, socket.Established,
		socket.ShutdownPending, socket.ShutdownSent, socket.ShutdownReceived, socket.ShutdownAckSent,
	}
	if int(kernel) < len(states) {
		return states[kernel]
	}
	return socket.StateUnknown
}

// cookie joins the two halves of a socket cookie, low word first.
func cookie(b []byte) uint64 {
	return uint64(native.Uint32(b)) | uint64(native.Uint32(b[4:]))<<32
}
