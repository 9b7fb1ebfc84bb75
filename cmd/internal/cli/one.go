package cli

import (
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// queryOf asks for one socket that somebody has seen, and for whatever could be its
// other end on this machine.
func queryOf(s *socket.Socket) collector.Query {
	q := collector.Query{
		Protos: socket.ProtoSetOf(s.Proto), IPv4: true, IPv6: true, States: socket.AllStates, Details: socket.DetailIdentity,
	}
	switch {
	case !s.Proto.HasPorts() || s.Local.Port == 0:
	case s.Remote.Port == 0:
		q.States &^= socket.ConnectedStates
		q.Filter = onPort(filter.Local, s.Local.Port)
	default:
		q.Filter = filter.Or{
			filter.And{onPort(filter.Local, s.Local.Port), onPort(filter.Remote, s.Remote.Port)},
			filter.And{onPort(filter.Local, s.Remote.Port), onPort(filter.Remote, s.Local.Port)},
		}
	}
	return q
}

// onPort matches one port of one end.
func onPort(end filter.End, port uint32) filter.Expr {
	return filter.Port{End: end, Ranges: filter.Ranges{{First: int64(port), Last: int64(port)}}}
}

// sameSocket reports whether two rows, seen one after the other, are of one socket.
// Where the tables tell no cookie, what else identifies it has to do.
func sameSocket(a, b *socket.Socket) bool {
	if a.Cookie != 0 || b.Cookie != 0 {
		return a.Cookie == b.Cookie && a.Proto == b.Proto
	}
	return a.Proto == b.Proto && a.Inode == b.Inode && a.Local == b.Local && a.Remote == b.Remote
}

// facing reports whether two sockets are the ends of one connection.
func facing(a, b *socket.Socket) bool {
	switch {
	case a.Proto != b.Proto || sameSocket(a, b):
		return false
	case a.Proto == socket.Unix: // the other end is told by its inode
		return a.Inode != 0 && a.Remote.Node == uint32(b.Inode) || b.Inode != 0 && b.Remote.Node == uint32(a.Inode)
	case a.Remote.Port == 0 || !a.Remote.Addr.IsValid():
		return false
	}
	return samePlaces(a.Local, b.Remote) && samePlaces(a.Remote, b.Local)
}

// samePlaces compares addresses as hosts do: an IPv4 address may be mapped into IPv6.
func samePlaces(a, b socket.Endpoint) bool {
	return a.Port == b.Port && a.Addr.Unmap().WithZone("") == b.Addr.Unmap().WithZone("")
}
