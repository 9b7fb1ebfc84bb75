package socket

import "cmp"

// Socket is one row: a kernel socket as it was at one moment.
//
// Streaming collectors reuse the value they yield and the Details it points to;
// Rows.Add makes a copy that may be kept.
type Socket struct {
	Local  Endpoint
	Remote Endpoint

	// Processes are all the holders, ordered by pid, thread and descriptor.
	// When it is empty, NoProcess says why.
	Processes []Holder

	// Device is the interface the socket is bound to with SO_BINDTODEVICE or
	// by a link-local address, "" where there is none.
	Device string
	// User is the name of UID, "" when it was not asked for or has no name.
	User string
	// Hosts are the names of the two addresses, nil when they were not asked for.
	Hosts *Hosts
	// NetNS is the network namespace the socket lives in.
	NetNS *NetNS
	// Details are nil where none were asked for.
	Details *Details

	// Inode is the sockfs inode. It is 0 where no file refers to the socket:
	// TIME_WAIT, SYN_RECV, orphans and connections not accepted yet.
	Inode uint64
	// Cookie identifies the socket for the kernel's whole life (SO_COOKIE). It
	// is 0 where the table that told of the socket has none (/proc/net).
	Cookie uint64

	// RecvQ and SendQ are bytes; for a listener RecvQ is the number of
	// connections waiting to be accepted and SendQ the backlog limit.
	RecvQ, SendQ uint32

	// UID owns the socket (normally who created it); it means something only
	// when HasUID is set. The kernel records none for TIME_WAIT and SYN_RECV.
	UID    uint32
	HasUID bool

	Proto  Proto
	Family Family
	Type   Type
	State  State
	// V6Only is IPV6_V6ONLY, known for IPv6 sockets over sock_diag.
	V6Only Tri
	// NoProcess is the reason why Processes is empty.
	NoProcess Reason
	// NoQueues is set where the table does not tell RecvQ and SendQ.
	NoQueues bool
	// MoreHolders is set when processes that may not be looked into may hold the
	// socket besides Processes.
	MoreHolders bool
}

// Tri is a boolean that may be unknown.
type Tri uint8

// The values of a Tri.
const (
	Unknown Tri = iota
	No
	Yes
)

// TriOf turns a known boolean into a Tri.
func TriOf(b bool) Tri {
	if b {
		return Yes
	}
	return No
}

// Hosts are host names as a resolver gave them, "" for an address that has none.
// They are hostile text.
type Hosts struct {
	Local, Remote string
}

// Host is the name of one end of s, e being its Local or Remote.
func (s *Socket) Host(e *Endpoint) string {
	switch {
	case s.Hosts == nil:
		return ""
	case e == &s.Remote:
		return s.Hosts.Remote
	}
	return s.Hosts.Local
}

// NetNS names a network namespace.
type NetNS struct {
	// Inode is the nsfs inode, the number in /proc/PID/ns/net.
	Inode uint64
	// Name is the one under /run/netns, Docker's, or that of another mount; ""
	// where it has none. It is hostile text.
	Name string
}

// Reason tells why a socket has no process.
type Reason uint8

// The reasons.
const (
	ReasonNone        Reason = iota // there are processes, or owners were not asked for
	ReasonTimeWait                  // the connection is over; the kernel keeps its tuple for a while
	ReasonOrphan                    // closed by its program; the kernel is still finishing it
	ReasonNotAccepted               // waits in a listener's queue
	ReasonKernel                    // made and used by the kernel itself
	ReasonHidden                    // this user may not look into the process that holds it
	ReasonInFlight                  // passed over a unix socket and not received, or held by io_uring
	ReasonOtherPIDNS                // held outside this pid namespace
	ReasonUnknown                   // none of the above could be established
	reasonEnd
)

var reasonNames = [reasonEnd]string{
	"", "time-wait", "orphan", "not-accepted", "kernel", "hidden", "in-flight",
	"other-pid-namespace", "unknown",
}

var reasonTexts = [reasonEnd]string{
	"", "time-wait", "orphan", "not accepted yet", "kernel", "hidden", "in flight",
	"other pid namespace", "unknown",
}

// String returns the value of no_process in the JSON contract.
func (r Reason) String() string {
	if r >= reasonEnd {
		r = ReasonUnknown
	}
	return reasonNames[r]
}

// Text returns the reason in words.
func (r Reason) Text() string {
	if r >= reasonEnd {
		r = ReasonUnknown
	}
	return reasonTexts[r]
}

// Compare is the default order, stable and meant for people: protocol, local
// port, local address, state, remote address, and at last the identity, so
// that two snapshots of the same sockets print the same.
func Compare(a, b *Socket) int {
	if c := cmp.Compare(a.Proto, b.Proto); c != 0 {
		return c
	}
	if c := a.Local.Compare(b.Local); c != 0 {
		return c
	}
	if c := cmp.Compare(listenFirst(a.State), listenFirst(b.State)); c != 0 {
		return c
	}
	if c := a.Remote.Compare(b.Remote); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Cookie, b.Cookie); c != 0 {
		return c
	}
	return cmp.Compare(a.Inode, b.Inode)
}

func listenFirst(s State) int {
	if s == Listen {
		return -1
	}
	return int(s)
}
