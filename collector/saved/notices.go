package saved

import (
	"fmt"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// option is a detail that a file has or has not, by what was asked for when it
// was made.
type option struct {
	detail socket.Detail
	// with are the details that come along with it.
	with   socket.Detail
	protos socket.ProtoSet // that can have it
	what   string
	hint   string
}

const (
	tcpOnly = socket.ProtoSet(1 << socket.TCP)
	// ported have all that inet_diag tells.
	ported = tcpOnly | 1<<socket.MPTCP | 1<<socket.UDP | 1<<socket.UDPLite | 1<<socket.SCTP
)

var options = [...]option{
	{socket.DetailOwners, processDetails, socket.AllProtos, "processes", "save it without --no-processes"},
	{socket.DetailContext, 0, socket.AllProtos, "security contexts", "save it with -Z"},
	{socket.DetailDir, 0, socket.AllProtos, "working directories", "save it with --columns +cwd"},
	{socket.DetailParents, 0, socket.AllProtos, "parents of processes", "save it with --columns +parents"},
	{socket.DetailWorkload, 0, socket.AllProtos, "units and containers", "save it with --columns +unit"},
	{socket.DetailExtended, 0, ported, "extended details", "save it with -e"},
	{socket.DetailMark, 0, ported, "marks", "save it with -e, as root"},
	{socket.DetailCgroupPath, 0, ported, "paths of control groups", "save it with --cgroup"},
	{socket.DetailTimer, 0, tcpOnly, "timers", "save it with -o"},
	{socket.DetailMemory, 0, ported, "details of memory", "save it with -m"},
	{socket.DetailTCPInfo, 0, tcpOnly, "details of TCP", "save it with -i"},
	{socket.DetailTOS, 0, ported, "types of service", "save it with --tos"},
	{socket.DetailIPFlags, 0, ported, "socket options", "save it with --inet-sockopt"},
	{socket.DetailReuse, 0, socket.InetProtos, "reuse flags", "save it with --reuse"},
	{socket.DetailAutobound, 0, ported, "word of who chose the ports", ""},
}

// notices are about what was asked for and is not in the file. Raw tells that
// it is what ss -D writes, which nobody could have asked for more.
func (c *choice) notices(name string, raw bool, said []socket.Notice) []socket.Notice {
	var notes []socket.Notice
	without := func(n socket.Notice) bool { return n.Code == "no-security-contexts" }
	for i := range options {
		o, t := &options[i], c.tallies[i]
		// Of the processes a row says itself that nobody asked for them. Where
		// any has another detail, those without it have none.
		if o.detail == socket.DetailContext && slices.ContainsFunc(said, without) {
			continue // there were none to be saved
		}
		if t.could == t.have || t.have > 0 && o.detail != socket.DetailOwners {
			continue
		}
		n := socket.Notice{Code: "details-not-saved", Count: t.could - t.have, Hint: o.hint}
		n.Message = fmt.Sprintf("%s holds no %s", name, o.what)
		switch {
		case raw:
			n.Message = fmt.Sprintf("%s is a raw sock_diag file and has no %s", name, o.what)
			n.Hint = ""
		case t.have > 0:
			n.Message = fmt.Sprintf("%s holds no %s of some sockets", name, o.what)
		}
		if o.detail == socket.DetailOwners {
			n.Code = "owners-not-saved"
		}
		notes = append(notes, n)
	}
	if c.undecided > 0 {
		notes = append(notes, socket.Notice{
			Code: "filter-undecided", Count: c.undecided,
			Message: fmt.Sprintf("%s left out that may match: %s does not hold what the filter asks for", count(c.undecided, "socket"), name),
			Hint:    "leave that part out of the filter",
		})
	}
	return notes
}

// count chooses between "1 socket" and "2 sockets".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
