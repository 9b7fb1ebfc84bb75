package why

import (
	"net/netip"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/workload"
)

// processes are those that hold any of the sockets, each once, in the order in
// which they come.
func processes(sockets []*socket.Socket) []*socket.Process {
	var (
		all  []*socket.Process
		seen = make(map[int]bool)
	)
	for _, s := range sockets {
		for i := range s.Processes {
			if p := s.Processes[i].Process; !seen[p.PID] {
				seen[p.PID] = true
				all = append(all, p)
			}
		}
	}
	return all
}

// holdersText tells what there is to know about the holders as such: that there
// are several, or why there is none.
func (x *explainer) holdersText(g *group) string {
	s := g.sockets[0]
	switch {
	case g.rule == RuleKernel: // whose rule tells it
		return ""
	case len(s.Processes) == 0:
		return x.nobodyText(s)
	}
	held := processes(g.sockets[:1])
	text := ""
	if n := len(held); n > 1 && g.rule != RuleNoCollision && x.socketUnit(s) == nil {
		text = strconv.Itoa(n) + " processes hold " + pick(len(g.sockets), "it", "each") +
			", and the port is free only when the last of them has closed it"
		switch {
		case descended(held):
			text += ": a socket that is open when a process forks is open in the child too."
		default:
			text += ": they have it from a process that has ended, or one has passed it to the other."
		}
	}
	if s.MoreHolders {
		text = sentences(text, "Processes that this user may not look into may hold it as well.")
	}
	return text
}

// nobodyText tells why no process is named, where the rule does not tell already.
func (x *explainer) nobodyText(s *socket.Socket) string {
	switch s.NoProcess {
	case socket.ReasonHidden:
		if x.Root {
			return "A process may hold it that not even root may look into here: a security module forbids that, or CAP_SYS_PTRACE is missing."
		}
		return "A process holds it that this user may not look into: it is another user's, or has had more rights than this user."
	case socket.ReasonOtherPIDNS:
		return "A process in another pid namespace holds it, which cannot be seen from this one."
	case socket.ReasonInFlight:
		return "No process has it open: it was sent over a unix socket and not received yet, or an io_uring holds it."
	case socket.ReasonUnknown:
		if s.State != socket.TimeWait {
			return "Who holds it could not be found out."
		}
	}
	return ""
}

// descended reports whether one of the processes is an ancestor of another, or
// two have the same parent that is not the first process of all.
func descended(all []*socket.Process) bool {
	parents := make(map[int]bool)
	pids := make(map[int]bool)
	for _, p := range all {
		pids[p.PID] = true
	}
	for _, p := range all {
		for i, a := range p.Parents {
			if pids[a.PID] || i == 0 && a.PID != 1 && parents[a.PID] {
				return true
			}
		}
		if len(p.Parents) > 0 {
			parents[p.Parents[0].PID] = true
		}
	}
	return false
}

// socketUnit finds the unit that a service manager has opened the socket for,
// nil where no manager holds it or no unit tells of such an address.
func (x *explainer) socketUnit(s *socket.Socket) *workload.SocketUnit {
	if len(x.Units) == 0 {
		return nil
	}
	for i := range s.Processes {
		if p := s.Processes[i].Process; Manager(p) {
			if u := x.unitOf(s, p.PID != 1); u != nil {
				return u
			}
		}
	}
	return nil
}

// unitOf prefers the unit that names the very address to one that names the
// port alone.
func (x *explainer) unitOf(s *socket.Socket, user bool) *workload.SocketUnit {
	var bare *workload.SocketUnit
	here := s.Local.Addr.WithZone("")
	for i := range x.Units {
		u := &x.Units[i]
		if u.User != user {
			continue
		}
		for _, l := range u.Listen {
			switch {
			case l.Proto != s.Proto || uint32(l.Port) != s.Local.Port:
			case l.Addr.WithZone("") == here && here != netip.Addr{}:
				return u
			case !l.Addr.IsValid() && (!here.IsValid() || here.IsUnspecified()) && bare == nil:
				bare = u
			}
		}
	}
	return bare
}
