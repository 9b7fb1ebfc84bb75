//go:build linux

package collector

import "github.com/sockls/sockls/collector/socket"

// reasonAtSight is the reason that a row shows by itself, ReasonNone where it
// ought to have a holder.
//
// Without a file the inode is 0, and the state says how that came about: a
// connection that its program has closed is only ever on the way out, and one
// that still stands has not been handed to its program yet.
func reasonAtSight(s *socket.Socket) socket.Reason {
	if s.Proto == socket.Netlink && s.Local.Port == 0 {
		return socket.ReasonKernel
	}
	if s.State == socket.TimeWait {
		return socket.ReasonTimeWait
	}
	if s.Inode != 0 {
		return socket.ReasonNone
	}
	switch s.State {
	case socket.SynRecv, socket.Established, socket.CloseWait:
		return socket.ReasonNotAccepted
	case socket.FinWait1, socket.FinWait2, socket.Closing, socket.LastAck:
		return socket.ReasonOrphan
	}
	return socket.ReasonUnknown
}
