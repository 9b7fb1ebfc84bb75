//go:build linux

package collector

import (
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// session is what all readings of one collection share: the connection to the
// kernel and what is known about it.
type session struct {
	*linux
	client  *sockdiag.Client
	refused error           // why there is no connection
	present socket.ProtoSet // what the kernel has registered, once asked
	asked   bool
	told    bool
	// orphanUIDs is set for kernels that remember who owns a socket that has
	// lost its file (sk_uid in place of sock_i_uid, Linux 6.17).
	orphanUIDs bool
	// listsBound is set for kernels whose sock_diag lists TCP sockets that are
	// bound and do not listen (TCPF_BOUND_INACTIVE, Linux 6.8).
	listsBound bool
	// tail is how the kernel ends a struct tcp_info.
	tail sockdiag.TCPInfoTail
	// admin tells whether this user has CAP_NET_ADMIN, once asked.
	admin socket.Tri
}

func (s *session) close() {
	if s.client != nil {
		_ = s.client.Close() // nothing was written to it that could be lost
		s.client = nil
	}
}

// connect opens the connection once; a refusal is final.
func (s *session) connect() error {
	if s.client == nil && s.refused == nil {
		conn, err := s.connection()
		if err != nil {
			s.refused = err
			return err
		}
		s.client = sockdiag.NewClient(conn, s.linkName)
	}
	return s.refused
}

// optional tells the protocols that a kernel may be built without. Their diag
// module must not be asked for on chance: the request would load it, and with
// it the protocol.
func optional(p socket.Proto) bool {
	return socket.ProtoSetOf(socket.MPTCP, socket.SCTP, socket.Vsock, socket.XDP, socket.TIPC).Has(p)
}

// has reports whether the kernel has the protocol, or may have it: where it
// does not say, asking is the way to know.
func (s *session) has(p socket.Proto) bool { return s.registered(p) || !s.told }

// registered reports whether the kernel says that it has the protocol.
func (s *session) registered(p socket.Proto) bool {
	if !s.asked {
		s.asked = true
		names, err := s.proc.Protocols()
		s.told = err == nil
		for name := range names {
			s.present |= socket.ProtoSetOf(socket.ProtoOfKernel(name))
		}
	}
	return s.present.Has(p)
}
