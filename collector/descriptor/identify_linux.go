package descriptor

import (
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// state derives what no option tells.
func state(s *socket.Socket, listening, connected bool) socket.State {
	switch {
	case listening:
		return socket.Listen
	case connected:
		return socket.Established
	case s.Type != socket.Stream && s.Type != socket.Seqpacket:
		return socket.Unconn
	case s.Proto.HasPorts() && s.Local.Port != 0,
		s.Proto == socket.Vsock && s.Local.Port != unix.VMADDR_PORT_ANY:
		return socket.Bound
	}
	return socket.Close
}

// identify names family and protocol from the three numbers of socket(2).
func identify(domain, kind, protocol int) (socket.Family, socket.Proto) {
	switch domain {
	case unix.AF_INET:
		return socket.IPv4, inetProto(kind, protocol)
	case unix.AF_INET6:
		return socket.IPv6, inetProto(kind, protocol)
	case unix.AF_UNIX:
		return socket.FamilyUnix, socket.Unix
	case unix.AF_PACKET:
		return socket.FamilyPacket, socket.Packet
	case unix.AF_NETLINK:
		return socket.FamilyNetlink, socket.Netlink
	case unix.AF_VSOCK:
		return socket.FamilyVsock, socket.Vsock
	case unix.AF_XDP:
		return socket.FamilyXDP, socket.XDP
	case unix.AF_TIPC:
		return socket.FamilyTIPC, socket.TIPC
	}
	return socket.FamilyUnspec, socket.ProtoUnknown
}

func inetProto(kind, protocol int) socket.Proto {
	if kind == unix.SOCK_RAW {
		return socket.Raw
	}
	switch protocol {
	case unix.IPPROTO_TCP:
		return socket.TCP
	case unix.IPPROTO_MPTCP:
		return socket.MPTCP
	case unix.IPPROTO_UDP:
		return socket.UDP
	case unix.IPPROTO_UDPLITE:
		return socket.UDPLite
	case unix.IPPROTO_SCTP:
		return socket.SCTP
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		return socket.Ping
	}
	return socket.ProtoUnknown
}
