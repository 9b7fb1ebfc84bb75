package socket

// State is the connection state under its RFC 9293 name, with the kernel's
// additions. Values 1 to 12 are the kernel's own (include/net/tcp_states.h).
type State uint8

// The states. Close is a connection-oriented socket that is neither bound,
// connected nor listening; Unconn is the same kernel number on a
// connectionless socket, where it means "open to anyone". Bound is the
// kernel's TCP_BOUND_INACTIVE: bound to a port and not listening.
const (
	StateUnknown State = iota
	Established
	SynSent
	SynRecv
	FinWait1
	FinWait2
	TimeWait
	Close
	CloseWait
	LastAck
	Listen
	Closing
	NewSynRecv
	Bound
	Unconn

	// The states an SCTP association has and TCP has not
	// (enum sctp_state, include/net/sctp/constants.h).
	CookieWait
	CookieEchoed
	ShutdownPending
	ShutdownSent
	ShutdownReceived
	ShutdownAckSent

	stateEnd
)

var stateNames = [stateEnd]string{
	"UNKNOWN", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
	"TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV",
	"BOUND", "UNCONN", "COOKIE_WAIT", "COOKIE_ECHOED", "SHUTDOWN_PENDING",
	"SHUTDOWN_SENT", "SHUTDOWN_RECEIVED", "SHUTDOWN_ACK_SENT",
}

// String returns the name used by the JSON contract.
func (s State) String() string {
	if s >= stateEnd {
		s = StateUnknown
	}
	return stateNames[s]
}

// States lists every state that a Socket can carry, in the kernel's order.
func States() []State {
	all := make([]State, 0, stateEnd)
	for s := Established; s < stateEnd; s++ {
		if s != NewSynRecv {
			all = append(all, s)
		}
	}
	return all
}

// StateSet is a set of states; its zero value is empty.
type StateSet uint32

// StateSetOf builds a set.
func StateSetOf(states ...State) StateSet {
	var set StateSet
	for _, s := range states {
		set |= 1 << s
	}
	return set
}

// Has reports whether s is in the set.
func (set StateSet) Has(s State) bool { return set&(1<<s) != 0 }

// The groups that the command line asks for. AllStates has StateUnknown too: a
// socket in a state that this program has no name for is there. ListeningStates are the sockets
// that a stranger can reach: listeners, and connectionless sockets that take
// from anyone. ConnectedStates are those with a peer and a life of their own,
// as ss shows them by default: neither TIME_WAIT nor a half-open SYN_RECV.
const (
	AllStates       StateSet = 1<<stateEnd - 1
	ListeningStates StateSet = 1<<Listen | 1<<Unconn
	ConnectedStates StateSet = AllStates &^ (ListeningStates | 1<<StateUnknown | 1<<Close | 1<<Bound |
		1<<TimeWait | 1<<SynRecv | 1<<NewSynRecv)
)
