package filter

import "github.com/sockls/sockls/collector/socket"

// Impossible reports whether nothing can match, given what decide knows of the
// predicates.
func Impossible(e Expr, decide func(leaf Expr) socket.Tri) bool {
	return Constant(Simplify(e, decide)) == socket.No
}

// DecideProto tells what of a predicate follows from the protocol of a socket
// alone, socket.Unknown where nothing does.
func DecideProto(leaf Expr, p socket.Proto) socket.Tri {
	switch l := leaf.(type) {
	case Protos:
		return socket.TriOf(l.Set.Has(p))
	case Family:
		return ofFamily(l.Family, p)
	case Port:
		if l.Family == socket.FamilyUnspec {
			return onlyIf(p.HasPorts())
		}
		return onlyIf(ofFamily(l.Family, p) != socket.No)
	case Node:
		return onlyIf(ofFamily(l.Family, p) != socket.No)
	case Name:
		return onlyIf(ofFamily(l.Family, p) != socket.No)
	case Addr:
		return onlyIf(p.Inet())
	}
	return socket.Unknown
}

// onlyIf is a predicate that a protocol excludes and never fulfils by itself.
func onlyIf(possible bool) socket.Tri {
	if possible {
		return socket.Unknown
	}
	return socket.No
}

// ofFamily tells whether sockets of a protocol are of that address family.
func ofFamily(f socket.Family, p socket.Proto) socket.Tri {
	if f == socket.IPv4 || f == socket.IPv6 {
		return onlyIf(p.Inet())
	}
	return socket.TriOf(protosOf(f).Has(p))
}

// protosOf are the protocols of an address family that is not the internet's.
func protosOf(f socket.Family) socket.ProtoSet {
	switch f {
	case socket.FamilyUnix:
		return socket.ProtoSetOf(socket.Unix)
	case socket.FamilyPacket:
		return socket.ProtoSetOf(socket.Packet)
	case socket.FamilyNetlink:
		return socket.ProtoSetOf(socket.Netlink)
	case socket.FamilyVsock:
		return socket.ProtoSetOf(socket.Vsock)
	case socket.FamilyXDP:
		return socket.ProtoSetOf(socket.XDP)
	case socket.FamilyTIPC:
		return socket.ProtoSetOf(socket.TIPC)
	}
	return 0
}

// Mentioned are the protocols that an expression names, by themselves or by
// their address family.
func Mentioned(e Expr) socket.ProtoSet {
	var set socket.ProtoSet
	Walk(e, func(leaf Expr) {
		switch l := leaf.(type) {
		case Protos:
			set |= l.Set
		case Family:
			set |= protosOf(l.Family)
		case Port:
			set |= protosOf(l.Family)
		case Node:
			set |= protosOf(l.Family)
		case Name:
			set |= protosOf(l.Family)
		}
	})
	return set
}
