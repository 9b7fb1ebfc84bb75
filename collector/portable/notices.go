package portable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// tally counts what notices are about.
type tally struct {
	undecided int            // rows that the filter could not judge
	hidden    int            // rows whose processes this user may not see
	partial   int            // rows whose holder is known by hearsay
	unsure    int            // rows that share their holders with rows that look the same
	denied    int            // processes that did not tell what was asked
	gone      map[int32]bool // processes that have ended meanwhile
}

// count counts a row that is shown.
func (t *tally) count(s *socket.Socket, j *joined) {
	if s.NoProcess == socket.ReasonHidden {
		t.hidden++
	}
	if j.unsure {
		t.unsure++
	}
	if j.partial && len(j.held) > 0 {
		t.partial++
	}
}

func (t *tally) vanished(pid int32) {
	if t.gone == nil {
		t.gone = map[int32]bool{}
	}
	t.gone[pid] = true
}

// report closes a collection.
func (k *collection) report() socket.Report {
	r := socket.Report{Source: socket.Source{Kernel: k.kernel, Tables: k.tables, Owners: "none"}}
	if k.owners() && k.system.owners != "" {
		r.Source.Owners = k.system.owners
	}
	r.Notices = slices.Concat(k.notices, k.ownerNotices(), k.missing())
	if k.undecided > 0 {
		r.Notices = append(r.Notices, socket.Notice{
			Code: "filter-undecided", Count: k.undecided,
			Message: fmt.Sprintf("%s left out that may match: what the filter asks for could not be seen", counted(k.undecided, "socket", "sockets")),
			Hint:    k.asRoot(", or leave that part out of the filter"),
		})
	}
	return r
}

// ownerNotices are about holders that are not known.
func (k *collection) ownerNotices() (all []socket.Notice) {
	if !k.owners() {
		return nil
	}
	switch {
	case k.system.owners == "" && len(k.sockets) > 0:
		all = append(all, socket.Notice{
			Code: "owners-unavailable", Message: k.system.name + " does not tell which processes hold a socket",
		})
	case k.hidden > 0:
		all = append(all, socket.Notice{
			Code: "owners-hidden", Count: k.hidden,
			Message: counted(k.hidden, "socket", "sockets") + " held by no process that this user may look into",
			Hint:    k.asRoot(" to see their processes"),
		})
	}
	if k.partial > 0 {
		all = append(all, socket.Notice{
			Code: "owners-partial", Count: k.partial,
			Message: counted(k.partial, "socket", "sockets") + " with the process that has used it last, which need not hold it any more, nor alone",
			Hint:    k.asRoot(" to see who holds them"),
		})
	}
	if k.unsure > 0 {
		all = append(all, socket.Notice{
			Code: "owners-ambiguous", Count: k.unsure,
			Message: counted(k.unsure, "socket", "sockets") + " with the same addresses as others: " + k.system.name +
				" does not tell which process holds which, so all are shown",
		})
	}
	if k.denied > 0 {
		all = append(all, socket.Notice{
			Code: "processes-hidden", Count: k.denied,
			Message: "not all facts of " + counted(k.denied, "process", "processes") + " could be read",
			Hint:    k.asRoot(" to see them"),
		})
	}
	if n := len(k.gone); n > 0 {
		all = append(all, socket.Notice{
			Code: "processes-ended", Count: n,
			Message: counted(n, "process", "processes") + " ended while they were looked at",
		})
	}
	return all
}

// missing is what the system cannot tell of what was asked for.
func (k *collection) missing() (all []socket.Notice) {
	var protos []string
	for _, p := range socket.Protos() {
		if k.query.Named.Has(p) && !k.system.protos.Has(p) {
			protos = append(protos, p.String())
		}
	}
	if len(protos) > 0 {
		all = append(all, socket.Notice{
			Code:    "protocol-unsupported",
			Message: "sockls cannot list " + strings.Join(protos, ", ") + " sockets on " + k.system.name,
		})
	}
	if lost := words(k.query.Details &^ k.system.details); len(lost) > 0 {
		all = append(all, socket.Notice{
			Code:    "details-unavailable",
			Message: k.system.name + " does not tell " + strings.Join(lost, ", "),
		})
	}
	return all
}

// words name details.
func words(lost socket.Detail) (names []string) {
	for _, d := range []struct {
		detail socket.Detail
		name   string
	}{
		{socket.DetailCommand, "command lines"},
		{socket.DetailExe, "the programs of processes"},
		{socket.DetailStarted, "when processes were started"},
		{socket.DetailDir, "working directories"},
		{socket.DetailParents, "parents of processes"},
		{socket.DetailContext, "security contexts"},
		{socket.DetailExtended, "what was shut down, inodes and cookies"},
		{socket.DetailMark, "marks"},
		{socket.DetailCgroupPath, "cgroups"},
		{socket.DetailAutobound, "who chose a port"},
		{socket.DetailTimer, "timers"},
		{socket.DetailMemory, "socket memory"},
		{socket.DetailTCPInfo, "tcp_info"},
		{socket.DetailTOS, "type of service"},
		{socket.DetailIPFlags, "IP options"},
		{socket.DetailReuse, "SO_REUSEADDR and SO_REUSEPORT"},
	} {
		if lost.Has(d.detail) {
			names = append(names, d.name)
		}
	}
	return names
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// asRoot is the advice to ask as a user who may see everything.
func (k *collection) asRoot(rest string) string {
	if k.system.rules == machine.RulesWindows {
		return "run as administrator" + rest
	}
	return "run as root" + rest
}
