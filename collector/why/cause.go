package why

import (
	"net/netip"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// cause names what kind of reason a socket of the wanted protocol is.
func (x *explainer) cause(s *socket.Socket) Rule {
	if s.Proto == socket.UDP || s.Proto == socket.UDPLite {
		return x.datagramCause(s)
	}
	switch s.State {
	case socket.TimeWait:
		return RuleTimeWait
	case socket.SynRecv, socket.NewSynRecv:
		return RuleNotAccepted
	}
	switch s.NoProcess {
	case socket.ReasonNotAccepted:
		return RuleNotAccepted
	case socket.ReasonOrphan:
		return RuleClosing
	}
	if x.kernels(s) {
		return RuleKernel
	}
	switch s.State {
	case socket.Listen:
		if reusePort(s) == socket.Yes {
			return RuleGroup
		}
		return RuleListener
	case socket.Bound, socket.Close:
		return RuleBound
	case socket.FinWait1, socket.FinWait2, socket.LastAck, socket.Closing:
		// A program that has only shut down its side has an inode still.
		if len(s.Processes) == 0 && s.Inode == 0 {
			return RuleClosing
		}
	}
	return x.connectionCause(s)
}

func (x *explainer) datagramCause(s *socket.Socket) Rule {
	switch {
	case x.kernels(s):
		return RuleKernel
	case autobound(s) == socket.Yes:
		return RuleOutgoing
	case reusePort(s) == socket.Yes:
		return RuleGroup
	}
	return RuleDatagram
}

// connectionCause tells where a connection has its port from.
//
// An accepted connection counts as one whose port the kernel chose, like an
// outgoing one: sk_clone_lock takes SOCK_BINDPORT_LOCK away. But the kernel
// gives no outgoing connection a port that anybody bound by himself
// (__inet_hash_connect), so where there is a listener, it accepted them.
func (x *explainer) connectionCause(s *socket.Socket) Rule {
	auto := autobound(s)
	switch {
	case auto == socket.No, x.accepted(s):
		return RuleConnected
	case x.Machine.Ephemeral == nil:
		return RuleConnected
	case x.Machine.Ephemeral.Has(uint16(s.Local.Port)) &&
		s.Remote.Port <= 0xffff && !x.Machine.Ephemeral.Has(uint16(s.Remote.Port)):
		// If the port is reserved, it was not yet when the kernel chose it.
		return RuleOutgoing
	case auto == socket.Yes && !x.ephemeral(uint16(s.Local.Port)):
		return RuleChild
	}
	return RuleConnected
}

// accepted reports whether a listener is there that such a connection can be from.
func (x *explainer) accepted(s *socket.Socket) bool {
	at := s.Local.Addr.Unmap().WithZone("")
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	return x.listening[at] || x.listening[any4] && at.Is4() || x.listening[any6] && at.Is6() || x.dual
}

// listens notes where the connections of a listener can be.
func (x *explainer) listens(l *socket.Socket) {
	at := l.Local.Addr.Unmap().WithZone("")
	x.listening[at] = true
	if at.Is6() && at.IsUnspecified() && l.V6Only != socket.Yes {
		x.dual = true
	}
}

// ephemeral reports whether the kernel may choose the port.
func (x *explainer) ephemeral(port uint16) bool {
	return x.Machine.Ephemeral != nil && x.Machine.Ephemeral.Has(port) && !x.reserved(port)
}

func (x *explainer) reserved(port uint16) bool {
	for _, r := range x.Machine.Reserved {
		if r.Has(port) {
			return true
		}
	}
	return false
}

// kernels reports whether the kernel itself made the socket. Where no reason
// could be established, a port that the kernel is known to use is one. A user who
// may not look at all processes cannot see that none has a socket; but an
// interface that is up has one on the wildcard, and shares that with nobody.
func (x *explainer) kernels(s *socket.Socket) bool {
	if x.ofSystem(s) {
		return true
	}
	if len(s.Processes) > 0 {
		return false
	}
	k := x.kernelPort(s.Proto, uint16(s.Local.Port))
	switch s.NoProcess {
	case socket.ReasonKernel:
		return true
	case socket.ReasonUnknown:
		return k != nil
	case socket.ReasonHidden, socket.ReasonOtherPIDNS:
		return k != nil && k.Link != "" && (!s.Local.Addr.IsValid() || s.Local.Addr.IsUnspecified())
	}
	return false
}

// kernelPort returns what of the kernel uses a port, nil where that is not known.
func (x *explainer) kernelPort(proto socket.Proto, port uint16) *machine.KernelPort {
	for i := range x.Machine.KernelPorts {
		if k := &x.Machine.KernelPorts[i]; k.Proto == proto && k.Port == port {
			return k
		}
	}
	return nil
}

// autobound tells whether the kernel chose the socket's port.
func autobound(s *socket.Socket) socket.Tri {
	if s.Details == nil || s.Details.Extended == nil {
		return socket.Unknown
	}
	return s.Details.Extended.Autobound
}

func reuseAddr(s *socket.Socket) socket.Tri {
	if s.Details == nil || s.Details.Reuse == nil {
		return socket.Unknown
	}
	return s.Details.Reuse.Address
}

func reusePort(s *socket.Socket) socket.Tri {
	if s.Details == nil || s.Details.Reuse == nil {
		return socket.Unknown
	}
	return s.Details.Reuse.Port
}
