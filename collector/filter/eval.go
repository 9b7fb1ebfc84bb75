package filter

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// Eval says whether e matches s, of which the details in have were fetched. A
// predicate that needs more than that is Unknown, and so is one about a process
// that could not be seen; and, or and not are Kleene's. A fact that the socket
// does not have (the round trip time of a UDP socket) matches nothing.
//
// It is called for every row and allocates nothing.
func Eval(e Expr, s *socket.Socket, have socket.Detail) socket.Tri {
	switch e := e.(type) {
	case And:
		result := socket.Yes
		for _, x := range e {
			switch Eval(x, s, have) {
			case socket.No:
				return socket.No
			case socket.Unknown:
				result = socket.Unknown
			}
		}
		return result
	case Or:
		result := socket.No
		for _, x := range e {
			switch Eval(x, s, have) {
			case socket.Yes:
				return socket.Yes
			case socket.Unknown:
				result = socket.Unknown
			}
		}
		return result
	case Not:
		switch Eval(e.X, s, have) {
		case socket.Yes:
			return socket.No
		case socket.No:
			return socket.Yes
		}
		return socket.Unknown
	case States:
		return socket.TriOf(e.Set.Has(s.State))
	case Protos:
		return socket.TriOf(e.Set.Has(s.Proto))
	case Family:
		return socket.TriOf(e.Family == s.Family)
	case Port:
		return socket.TriOf(e.matches(s))
	case Node:
		return socket.TriOf(e.Family == s.Family &&
			(e.End != Remote && s.Local.Node == e.Number || e.End != Local && s.Remote.Node == e.Number))
	case Scope:
		return socket.TriOf(e.End != Remote && e.has(s, &s.Local) || e.End != Local && e.has(s, &s.Remote))
	case Addr:
		if e.Zone == "" {
			return e.eval(s)
		}
	case Autobound:
		return autobound(s)
	}
	return evalDetail(e, s, have)
}

// evalDetail is Eval for the predicates that need something fetched.
func evalDetail(e Expr, s *socket.Socket, have socket.Detail) socket.Tri {
	if need := leafDetails(e); have&need != need {
		return withoutDetail(e, s)
	}
	switch e := e.(type) {
	case Addr:
		return e.eval(s)
	case Name:
		return e.eval(s)
	case Device:
		return socket.TriOf(e.Name == s.Device)
	case Mark:
		return e.eval(s)
	case Cgroup:
		return socket.TriOf(e.matches(s))
	case Compare:
		n, ok := e.Fact.Number(s)
		return socket.TriOf(ok && e.Ranges.Has(n))
	case Text:
		text, ok := e.Fact.Text(s)
		return socket.TriOf(ok && e.Match.Accepts(text))
	case PID:
		for i := range s.Processes {
			if e.Ranges.Has(int64(s.Processes[i].Process.PID)) {
				return socket.Yes
			}
		}
		return unlessHidden(s)
	case Process:
		return e.eval(s)
	}
	return socket.Unknown
}

// withoutDetail tells what follows from the family alone.
func withoutDetail(e Expr, s *socket.Socket) socket.Tri {
	switch e := e.(type) {
	case Addr:
		if e.Zone = ""; e.eval(s) == socket.No {
			return socket.No
		}
	case Name:
		if e.Family != s.Family {
			return socket.No
		}
		if e.End == Either && e.has(s.Local.Name) {
			return socket.Yes
		}
	case Mark:
		if !s.Proto.Inet() {
			return socket.No
		}
	}
	return socket.Unknown
}

func (a Addr) eval(s *socket.Socket) socket.Tri {
	return socket.TriOf(a.End != Remote && a.has(s, &s.Local) || a.End != Local && a.has(s, &s.Remote))
}

func (n Name) eval(s *socket.Socket) socket.Tri {
	return socket.TriOf(n.Family == s.Family &&
		(n.End != Remote && n.has(s.Local.Name) || n.End != Local && n.has(s.Remote.Name)))
}

func (p Port) matches(s *socket.Socket) bool {
	if p.Family == socket.FamilyUnspec {
		if !s.Proto.HasPorts() {
			return false
		}
	} else if p.Family != s.Family {
		return false
	}
	return p.End != Remote && p.Ranges.Has(int64(s.Local.Port)) ||
		p.End != Local && p.Ranges.Has(int64(s.Remote.Port))
}

// has compares as inet_diag_bc_run (net/ipv4/inet_diag.c) does: families are
// never mixed but for IPv4 prefixes, which match IPv4-mapped addresses too.
func (a Addr) has(s *socket.Socket, end *socket.Endpoint) bool {
	addr, ok := addressOf(s, end)
	if !ok || a.Zone != "" && addr.Zone() != a.Zone {
		return false
	}
	addr = addr.WithZone("")
	if a.Prefix.Addr().Is4() {
		addr = addr.Unmap()
	}
	return a.Prefix.Contains(addr)
}

// addressOf is the address that the kernel compares: an end that is not there
// is the unspecified address.
func addressOf(s *socket.Socket, end *socket.Endpoint) (netip.Addr, bool) {
	switch {
	case !s.Proto.Inet():
		return netip.Addr{}, false
	case end.Addr.IsValid():
		return end.Addr, true
	case s.Family == socket.IPv6:
		return netip.IPv6Unspecified(), true
	}
	return netip.IPv4Unspecified(), true
}

func (n Name) has(name string) bool { return matchGlob(n.Glob, name, true) }

// autobound is what SOCK_BINDPORT_LOCK says of internet sockets. Of the others
// the address tells: the kernel names unix sockets by five hexadecimal digits
// (unix_autobind in net/unix/af_unix.c), gives netlink sockets a negative port
// id when the process id is taken, and vsock ports above the reserved ones.
func autobound(s *socket.Socket) socket.Tri {
	switch s.Family {
	case socket.IPv4, socket.IPv6:
		if s.Details != nil && s.Details.Extended != nil {
			return s.Details.Extended.Autobound
		}
		return socket.Unknown
	case socket.FamilyUnix:
		return socket.TriOf(autoboundName(s.Local.Name))
	case socket.FamilyPacket:
		return socket.TriOf(s.Local.Port == 0 && s.Local.Node == 0)
	case socket.FamilyNetlink:
		return socket.TriOf(int32(s.Local.Port) < 0)
	case socket.FamilyVsock:
		const lastReserved = 1023 // LAST_RESERVED_PORT in net/vmw_vsock/af_vsock.c
		return socket.TriOf(s.Local.Port > lastReserved)
	}
	return socket.No
}

func autoboundName(name string) bool {
	if name == "" {
		return true
	}
	if len(name) != 6 || name[0] != 0 {
		return false
	}
	for i := 1; i < len(name); i++ {
		if c := name[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// eval is Unknown for an internet socket of which the mark was not told: the
// kernel tells it to CAP_NET_ADMIN only. Other families have none to tell.
func (m Mark) eval(s *socket.Socket) socket.Tri {
	if !s.Proto.Inet() {
		return socket.No
	}
	if s.Details == nil || s.Details.Extended == nil || !s.Details.Extended.HasMark {
		return socket.Unknown
	}
	return socket.TriOf(s.Details.Extended.Mark&m.Mask == m.Value&m.Mask)
}

func (c Cgroup) matches(s *socket.Socket) bool {
	if s.Details == nil || s.Details.Extended == nil {
		return false
	}
	if c.ID != 0 {
		return s.Details.Extended.CgroupID == c.ID
	}
	return c.Path != "" && s.Details.Extended.CgroupPath == c.Path
}

func (p Process) eval(s *socket.Socket) socket.Tri {
	unreadable := false
	for i := range s.Processes {
		holder := s.Processes[i].Process
		if p.accepts(holder) {
			return socket.Yes
		}
		unreadable = unreadable || p.unreadable(holder)
	}
	if unreadable {
		return socket.Unknown
	}
	return unlessHidden(s)
}

// unreadable reports whether the text is one that every process has, and could
// not be read.
func (p *Process) unreadable(holder *socket.Process) bool {
	switch p.Text {
	case ProcessExe:
		return holder.Exe == ""
	case ProcessDir:
		return holder.Dir == ""
	case ProcessUnit, ProcessContainer:
		return holder.Workload == nil
	}
	return false
}

func (p *Process) accepts(holder *socket.Process) bool {
	switch p.Text {
	case ProcessName:
		return p.acceptsName(holder.Name)
	case ProcessCommand:
		return p.Match.Accepts(holder.Command)
	case ProcessContext:
		return holder.Context != "" && p.Match.Accepts(holder.Context)
	case ProcessExe:
		return holder.Exe != "" && p.Match.Accepts(holder.Exe)
	case ProcessDir:
		return holder.Dir != "" && p.Match.Accepts(holder.Dir)
	case ProcessUnit:
		return holder.Workload != nil && p.acceptsUnit(holder.Workload.Unit)
	case ProcessContainer:
		return holder.Workload != nil && holder.Workload.Container != nil && p.acceptsContainer(holder.Workload.Container)
	}
	if holder.User != "" && p.Match.Accepts(holder.User) {
		return true
	}
	if !holder.HasUID || p.Match.Kind != Exact {
		return false
	}
	var digits [10]byte
	return string(strconv.AppendUint(digits[:0], uint64(holder.UID), 10)) == p.Match.Pattern
}

// acceptsName knows that the kernel keeps 15 bytes of a name (TASK_COMM_LEN):
// who asks for a longer one means the process that lost the rest.
func (p *Process) acceptsName(name string) bool {
	const kept = 15
	if p.Match.Kind == Exact && len(p.Match.Pattern) > kept {
		return name == p.Match.Pattern[:kept]
	}
	return p.Match.Accepts(name)
}

// acceptsUnit takes a name without a suffix for that of a service, as systemctl
// does.
func (p *Process) acceptsUnit(unit string) bool {
	if unit == "" {
		return false
	}
	if p.Match.Accepts(unit) {
		return true
	}
	bare, isService := strings.CutSuffix(unit, ".service")
	return isService && p.Match.Kind == Exact && p.Match.Accepts(bare)
}

// acceptsContainer takes the name of a container, its identifier, of which the
// beginning is enough as it is for the engines, or the uid of its pod.
func (p *Process) acceptsContainer(c *socket.Container) bool {
	for _, text := range [...]string{c.Name, c.ID, c.Pod} {
		if text != "" && p.Match.Accepts(text) {
			return true
		}
	}
	const shortest = 12 // what the engines print
	return p.Match.Kind == Exact && len(p.Match.Pattern) >= shortest && strings.HasPrefix(c.ID, p.Match.Pattern)
}

// unlessHidden is the answer when no process that is known matches: No, unless
// there may be one that is not known.
func unlessHidden(s *socket.Socket) socket.Tri {
	if len(s.Processes) > 0 {
		if s.MoreHolders {
			return socket.Unknown
		}
		return socket.No
	}
	switch s.NoProcess {
	case socket.ReasonNone, socket.ReasonHidden, socket.ReasonOtherPIDNS, socket.ReasonUnknown:
		return socket.Unknown
	}
	return socket.No
}
