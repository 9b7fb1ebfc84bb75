package why

import (
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/workload"
)

// Situation is everything that was found about one port.
type Situation struct {
	Bind Bind
	// Now is the time the sockets were read at.
	Now time.Time
	// Sockets are those of Bind's network namespace with that local port, of
	// TCP and UDP and in every state, with their holders, SO_REUSEADDR and
	// SO_REUSEPORT where they can be asked (Details.Reuse), timers and the
	// holders' Dir, Parents, Workload, Command, Started and users.
	Sockets []*socket.Socket
	// Elsewhere are such sockets of other network namespaces; NetNS tells which.
	Elsewhere []*socket.Socket
	Machine   *machine.Machine
	// Forwards are all destination NAT rules of the namespace.
	Forwards []machine.Forward
	// Units are the systemd socket units of this machine, there when a service
	// manager holds one of the sockets.
	Units []workload.SocketUnit
	// Away is set when Bind's network namespace is not that of the program that
	// asks: what is to be done has to be done there.
	Away *Place
	// Root is set when it is root who asks: what is hidden then is hidden from root.
	Root bool
	// Unseen is set when sockets may exist that the tables do not show, so that
	// a port without any cannot be called free.
	Unseen bool
}

// Place is a network namespace that has to be entered.
type Place struct {
	Spec string // what --netns takes for it
	Path string // a file by which it can be entered
}

// Verdict is the answer in one word.
type Verdict uint8

// The verdicts.
const (
	Free    Verdict = iota // bind and listen succeed
	Taken                  // EADDRINUSE
	Refused                // any other error, whoever has the port
	Unclear                // it depends on something that cannot be read
)

// String is the verdict as scripts get it.
func (v Verdict) String() string {
	return [...]string{"free", "taken", "refused", "unknown"}[v]
}

// Answer is what there is to say about one Bind.
type Answer struct {
	Bind    Bind
	Verdict Verdict
	// Errno is the error that bind or listen fails with, such as "EADDRINUSE",
	// "" for Free and Unclear.
	Errno string
	// Tried is set when this was not concluded but tried (Settle).
	Tried bool
	// Reasons are ordered: what blocks, then what may, then what is worth
	// knowing. Within these, the most useful come first.
	Reasons []Reason
	// Changes are options that lead to another answer, the most useful first.
	Changes []Change
}

// Reason is one thing that matters for the answer.
type Reason struct {
	Rule Rule
	// Overlap tells how the socket's address relates to the wanted one.
	Overlap Overlap
	// Blocking tells whether this alone makes bind fail.
	Blocking socket.Tri
	// Socket is nil for a reason that is no socket. Others are further sockets
	// that are to be told in one breath with it: the rest of a reuseport group, of
	// a thousand in TIME_WAIT.
	Socket *socket.Socket
	Others []*socket.Socket
	// Forward is set for RuleForward, Kernel for RuleKernel where it is known what
	// of the kernel uses the port, and Unit for a socket that a service manager
	// opened for this unit.
	Forward *machine.Forward
	Kernel  *machine.KernelPort
	Unit    *workload.SocketUnit
	// HTTP is who has registered URLs at the port of a socket of http.sys.
	HTTP []machine.HTTPQueue
	// Text is why, in one or two sentences, without names that others chose.
	Text string
	// Remedies are what can be done about it, the most useful first.
	Remedies []Remedy
}

// Remedy is one thing to do.
type Remedy struct {
	Text string // a sentence
	// Command is a command line that does it, "" where there is none. It is safe
	// to paste into a shell: a name that needs quoting never is part of it.
	Command string
}

// Change is an option of the program that wants to bind, and what it leads to.
type Change struct {
	Option  string // such as "SO_REUSEADDR", "IPV6_V6ONLY", "127.0.0.1 in place of 0.0.0.0"
	Bind    Bind
	Verdict Verdict
}
