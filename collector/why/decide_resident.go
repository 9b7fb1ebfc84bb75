package why

import "github.com/sockls/sockls/collector/socket"

// resident is a socket that is there already, as far as its row tells.
type resident struct {
	s   *socket.Socket
	end end
	// reuseAddr and reusePort are its options, known where a process holds it
	// that could be asked.
	reuseAddr, reusePort socket.Tri
}

func residentOf(s *socket.Socket) resident {
	r := resident{s: s}
	if s.Details != nil && s.Details.Reuse != nil {
		r.reuseAddr, r.reusePort = s.Details.Reuse.Address, s.Details.Reuse.Port
	}
	r.end = endOf(s.Local.Addr, s.Family == socket.IPv6, s.V6Only)
	return r
}

// inTable tells whether the socket has its port. A SYN_RECV without a file is
// but a request that its listener remembers, and a TCP socket in CLOSE was reset
// and has given its port back.
func (r *resident) inTable() bool {
	if r.s.Proto != socket.TCP {
		return true
	}
	switch r.s.State {
	case socket.SynRecv, socket.NewSynRecv:
		return r.s.Inode != 0
	case socket.Close:
		return false
	}
	return true
}

// listens tells of TCP_LISTEN, which is no state of UDP.
func (r *resident) listens() socket.Tri {
	if r.s.Proto == socket.TCP && r.s.State == socket.StateUnknown {
		return socket.Unknown
	}
	return socket.TriOf(r.s.State == socket.Listen)
}

// timeWait tells whether only the remains of a connection are there (struct
// inet_timewait_sock), for whose owner the kernel does not ask. Those of a
// connection in FIN_WAIT2 are shown in that state; what tells is the timer.
func (r *resident) timeWait() socket.Tri {
	switch {
	case r.s.Proto != socket.TCP:
		return socket.No
	case r.s.State == socket.TimeWait:
		return socket.Yes
	case r.s.State == socket.StateUnknown:
		return socket.Unknown
	case r.s.State != socket.FinWait2 || r.s.Inode != 0 || r.s.HasUID:
		return socket.No
	case r.s.Details == nil || r.s.Details.Timer == nil:
		return socket.Unknown
	}
	return socket.TriOf(r.s.Details.Timer.Kind == socket.TimerTimeWait)
}

// ownedBy tells whether its owner is the same user.
func (r *resident) ownedBy(uid uint32) socket.Tri {
	if !r.s.HasUID {
		return socket.Unknown
	}
	return socket.TriOf(r.s.UID == uid)
}

// connection tells whether it has, or had, a peer, and so may be one that was
// accepted.
func (r *resident) connection() bool {
	switch r.s.State {
	case socket.Listen, socket.Bound, socket.Unconn, socket.SynSent:
		return false
	}
	return r.s.Proto == socket.TCP
}

// accepted tells whether a connection came from a listener: then no program
// bound it. No is certain only where the kernel was asked.
func (r *resident) accepted() socket.Tri {
	if !r.connection() {
		return socket.No
	}
	if d := r.s.Details; d != nil && d.Extended != nil && d.Extended.Autobound == socket.No {
		return socket.No
	}
	return socket.Unknown
}
