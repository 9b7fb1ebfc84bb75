//go:build linux

package collector

import (
	"fmt"
	"slices"

	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// finish closes the report.
func (c *collection) finish() socket.Report {
	c.report.Source.Tables = c.from
	c.report.Notices = slices.Concat(c.fell.notices(), c.notices, c.detailNotices())
	if c.undecided > 0 {
		c.report.Notices = append(c.report.Notices, undecided(c.undecided))
	}
	for _, p := range socket.Protos() {
		if c.unlisted.Has(p) {
			c.report.Notices = append(c.report.Notices, c.noTable(p))
		}
	}
	return c.report
}

// undecided is about rows that were left out because the filter asks for
// something that could not be seen of them.
func undecided(n int) socket.Notice {
	return socket.Notice{
		Code: "filter-undecided", Count: n,
		Message: fmt.Sprintf("%s left out that may match: what the filter asks for could not be seen", count(n, "socket")),
		Hint:    "run as root, or leave that part out of the filter",
	}
}

func absent(p socket.Proto) socket.Notice {
	return socket.Notice{
		Code:    "protocol-absent",
		Message: fmt.Sprintf("this kernel has no %s sockets (not built in, or its module is not loaded)", p),
	}
}

// noTable is about a protocol that has sockets but no table to list them from.
func (c *collection) noTable(p socket.Proto) socket.Notice {
	why := p.String() + "_diag is missing"
	if c.refused != nil {
		why = "sock_diag is refused"
	}
	n := socket.Notice{
		Code:    "no-diag-module",
		Message: fmt.Sprintf("there is no table of %s sockets (%s), so only those that a process holds are listed", p, why),
	}
	if !c.query.Details.Has(socket.DetailOwners) {
		n.Message = fmt.Sprintf("there is no table of %s sockets (%s)", p, why)
		n.Hint = "they are found through processes: leave out --no-processes"
	}
	return n
}

// count chooses between "1 socket" and "2 sockets".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// hiddenOwners is about sockets whose processes this user may not look into.
// Root is refused too where a security module says so or a container has
// given up CAP_SYS_PTRACE.
func hiddenOwners(n int, found *owner.Result, root bool) socket.Notice {
	if root && found.Denied == 0 {
		return socket.Notice{
			Code: "owners-hidden", Count: n,
			Message: fmt.Sprintf("%s held by no process that /proc shows", count(n, "socket")),
			Hint:    "look whether /proc is mounted, and whole",
		}
	}
	if root {
		return socket.Notice{
			Code: "owners-hidden", Count: n,
			Message: fmt.Sprintf("%s held by no process that may be looked into; even root is refused %s (pid %d)",
				count(n, "socket"), processes(found.Denied), found.DeniedPID),
			Hint: "a security module forbids it, or CAP_SYS_PTRACE is missing",
		}
	}
	verb := "belong"
	if n == 1 {
		verb = "belongs"
	}
	return socket.Notice{
		Code: "owners-hidden", Count: n,
		Message: fmt.Sprintf("%s %s to other users", count(n, "socket"), verb),
		Hint:    "run as root to see their processes",
	}
}

// hiddenDescriptors is about sockets that only a descriptor shows, in processes
// that may not be looked into: nobody can say how many there are.
func hiddenDescriptors(found *owner.Result) socket.Notice {
	return socket.Notice{
		Code: "descriptors-hidden", Count: found.Denied,
		Message: fmt.Sprintf("sockets that are not bound were not looked for in %s of other users", processes(found.Denied)),
		Hint:    "run as root to see them",
	}
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}
