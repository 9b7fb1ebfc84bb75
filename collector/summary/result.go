package summary

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// Limits are settings of the network namespace that the counts are weighed
// against.
type Limits struct {
	// Ports are nil when they are not known.
	Ports *Ports
	// TimeWait is how many TIME_WAIT sockets there may be.
	TimeWait Count
	// TimeWaitReuse tells whether connect() may take over the port of a
	// TIME_WAIT socket: 0 never, 1 always, 2 over loopback.
	TimeWaitReuse Count
}

// Result is what was counted.
type Result struct {
	Total int
	// Protos are the protocols that have sockets, in their order, and States the
	// states that have, in the kernel's.
	Protos []ProtoCount
	States []StateCount
	// TCP is the number of TCP sockets, and TimeWait how many of them are in
	// that state.
	TCP, TimeWait int
	Ephemeral     Ephemeral
	Listeners     Listeners
}

// ProtoCount are the sockets of one protocol. IPv4 and IPv6 are 0 for one that
// has no such addresses.
type ProtoCount struct {
	Proto             socket.Proto
	Total, IPv4, IPv6 int
	States            []StateCount
}

// StateCount are the sockets in one state.
type StateCount struct {
	State socket.State
	Total int
}

// Count is how many of a protocol's sockets are in a state.
func (p *ProtoCount) Count(s socket.State) int {
	for _, state := range p.States {
		if state.State == s {
			return state.Total
		}
	}
	return 0
}

// Ephemeral tells how full the range of ephemeral ports is.
type Ephemeral struct {
	// Known is set when the range is. Without it every local port counts, only
	// destinations of several connections are told, and nothing about what is
	// left.
	Known       bool
	First, Last uint16
	// Size is how many ports of the range may be chosen.
	Size int
	// Held are those that TCP listeners and sockets that are only bound have:
	// they are lost for every destination.
	Held int
	// TCP and UDP are the ports that any socket uses.
	TCP, UDP int
	// Worst are the destinations that use the most ports.
	Worst []Destination
	// Forgotten is not 0 when there were too many destinations to count each:
	// one that was forgotten may have used that many ports.
	Forgotten int
}

// Certain reports whether Worst are the worst, with all their ports.
func (e *Ephemeral) Certain() bool {
	for i := range e.Worst {
		if e.Worst[i].Missed > 0 || e.Worst[i].Used < e.Forgotten {
			return false
		}
	}
	return e.Forgotten == 0 || len(e.Worst) == worstDestinations
}

// Destination is what connections of this machine go to.
type Destination struct {
	Local, Remote netip.Addr
	Port          uint16
	// Used are the local ports in use towards it, TimeWait those of them that
	// only wait for their time to be over.
	Used, TimeWait int
	// Missed is how many more may be in use.
	Missed int
}

// Free is how many ports are left for one more connection. It is a few less
// than there are where a connection has a port that is held as well, which the
// connections that a listener has accepted do.
func (e *Ephemeral) Free(d *Destination) int { return max(0, e.Size-e.Held-d.Used) }

// Scarce reports whether a fifth or less of the ports is left.
func (e *Ephemeral) Scarce(d *Destination) bool { return e.Known && e.Free(d)*5 <= e.Size }

// ScarceUDP is Scarce for UDP, which has no destinations.
func (e *Ephemeral) ScarceUDP() bool { return e.Known && e.Size > 0 && (e.Size-e.UDP)*5 <= e.Size }

// Listeners are the sockets that accept connections.
type Listeners struct {
	Total int
	// Full are those that turn connections away, NearlyFull those that have used
	// four fifths of the room.
	Full, NearlyFull int
	// Unknown are those whose table does not tell their backlog.
	Unknown int
	// Worst are the fullest of the full and nearly full ones.
	Worst []*socket.Socket
}

// Full reports whether a listener has no room for one more connection: the
// kernel lets one more wait than the backlog says.
func Full(s *socket.Socket) bool { return s.RecvQ > s.SendQ }

// nearlyFull reports whether four fifths of the room are used.
func nearlyFull(s *socket.Socket) bool { return uint64(s.RecvQ)*5 >= (uint64(s.SendQ)+1)*4 }
