package sockdiag

import (
	"encoding/binary"
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// inetMessageLen is the size of struct inet_diag_msg.
const inetMessageLen = 72

// Attributes of an inet_diag answer.
const (
	inetV6Only = 11 // INET_DIAG_SKV6ONLY
	inetPeers  = 13 // INET_DIAG_PEERS, only on SCTP associations
)

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
	if s.Family == socket.IPv6 || proto == socket.SCTP {
		for a, rest, ok := nextAttribute(attrs); ok; a, rest, ok = nextAttribute(rest) {
			switch a.kind {
			case inetV6Only:
				if s.Family == socket.IPv6 && len(a.value) > 0 {
					s.V6Only = socket.TriOf(a.value[0] != 0)
				}
			case inetPeers:
				association = true
			}
		}
	}
	if association {
		s.State = sctpState(b[1])
	} else {
		s.State = stateOf(proto, b[1])
	}
	// The kernel records no owner for TIME_WAIT and SYN_RECV, and before Linux
	// 6.17 it printed 0 for every socket that has lost its file: a 0 beside no
	// inode is not knowledge.
	s.HasUID = s.Inode != 0 || s.UID != 0

	if index := native.Uint32(b[40:]); index != 0 {
		s.Device = d.device(index)
		local = withZone(local, s.Device)
		remote = withZone(remote, s.Device)
	}
	s.Local = socket.Endpoint{Addr: local, Port: uint32(binary.BigEndian.Uint16(b[4:]))}
	if port := binary.BigEndian.Uint16(b[6:]); port != 0 || !remote.IsUnspecified() {
		s.Remote = socket.Endpoint{Addr: remote, Port: uint32(port)}
	}
	return true
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
