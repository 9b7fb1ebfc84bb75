package portable

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// Row is a socket as one source has told of it, with at most one holder. What a
// source does not tell is left at its zero value.
type Row struct {
	Proto         socket.Proto
	Family        socket.Family
	State         socket.State
	Local, Remote socket.Endpoint
	// Dual is set where the source says that an IPv6 socket serves IPv4 too, or
	// does not.
	Dual socket.Tri

	// PID is 0 for no holder, or one that is not told.
	PID  int32
	FD   int32  // -1 where it is not told
	Name string // of the process, perhaps cut short
	// Hearsay is set where the process has used the socket last, and need not hold
	// it.
	Hearsay bool
	// Identity is a number that no other socket has had since boot, 0 where there
	// is none.
	Identity uint64
	// Object identifies the socket among the rows of one source, "" where nothing
	// does: the same in two rows, it is one socket with two holders.
	Object string
	// UID or User own the process or the socket.
	UID    uint32
	HasUID bool
	User   string

	RecvQ, SendQ uint32
	HasQueues    bool
}

// tuple is what rows of different sources have in common. It has no family: an
// IPv6 socket with a mapped address is one of IPv4 to some programs. That of the
// wildcard addresses shows in the address.
type tuple struct {
	proto         socket.Proto
	local, remote netip.AddrPort
}

func (r *Row) tuple() tuple { return tuple{r.Proto, plain(r.Local), plain(r.Remote)} }

// plain is an end without what programs write in different ways.
func plain(e socket.Endpoint) netip.AddrPort {
	return netip.AddrPortFrom(e.Addr.Unmap().WithZone(""), uint16(e.Port))
}
