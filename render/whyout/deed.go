package whyout

import (
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// deed says who does what with the port.
func (p *pen) deed(r *why.Reason) {
	s := r.Socket
	if s == nil {
		p.say(obstacle(r.Rule))
		return
	}
	many := len(r.Others) > 0
	switch r.Rule {
	case why.RuleTimeWait:
		p.sockets(r, "connection", "connections")
		p.say(" in TIME_WAIT")
		if ms := left(s); ms > 0 {
			p.say(", ")
			p.count(ms)
			p.say(" s left")
		}
		return
	case why.RuleClosing:
		p.sockets(r, "connection", "connections")
		p.say(" in " + s.State.String() + ", closed by " + pick(many, "their programs", "its program"))
		return
	case why.RuleNotAccepted:
		p.sockets(r, "connection", "connections")
		p.say(" not accepted yet")
		return
	}
	p.who(r)
	switch r.Rule {
	case why.RuleListener, why.RuleGroup:
		if s.State == socket.Listen {
			p.say(pick(plural(r), " listen on ", " listens on "))
		} else {
			p.say(pick(plural(r), " receive on ", " receives on "))
		}
		p.here(s)
		if r.Rule == why.RuleGroup {
			p.say(" with SO_REUSEPORT")
		}
	case why.RuleBound:
		p.say(pick(plural(r), " have ", " has ") + "bound ")
		p.here(s)
		p.say(", not listening")
	case why.RuleDatagram, why.RuleKernel:
		switch s.State {
		case socket.Listen:
			p.say(pick(plural(r), " listen on ", " listens on "))
		case socket.Unconn:
			p.say(pick(plural(r), " receive on ", " receives on "))
		default:
			p.say(pick(plural(r), " have ", " has "))
		}
		p.here(s)
	case why.RuleOutgoing:
		p.say(pick(plural(r), " have it for ", " has it for ") + pick(many, "outgoing connections", "an outgoing connection"))
		if !many && !s.Remote.IsZero() {
			p.say(" to ")
			p.there(s)
		}
	case why.RuleChild:
		p.say(" still" + pick(plural(r), " have ", " has ") + pick(many, "connections", "a connection") + " that a closed listener accepted")
	case why.RuleConnected:
		p.say(pick(plural(r), " have ", " has "))
		p.sockets(r, "connection", "connections")
		if apart(r) {
			p.say(" on several addresses")
		} else {
			p.say(" on ")
			p.here(s)
		}
	default:
		p.say(pick(plural(r), " have ", " has "))
		p.here(s)
	}
}

// apart reports whether the sockets of a reason have different addresses.
func apart(r *why.Reason) bool {
	for _, s := range r.Others {
		if s.Local != r.Socket.Local {
			return true
		}
	}
	return false
}

// sockets counts those of a reason.
func (p *pen) sockets(r *why.Reason, one, many string) {
	if len(r.Others) == 0 {
		p.say("a " + one)
		return
	}
	p.count(1 + len(r.Others))
	p.say(" " + many)
}

// who names the holders of a reason's sockets: the first, and how many others.
func (p *pen) who(r *why.Reason) {
	all := holders(r)
	switch {
	case len(all) == 0:
		p.nobody(r)
		return
	case r.Unit != nil:
		p.process(all[0].Process)
		p.say(" for ")
		p.name(r.Unit.Name)
		return
	}
	shown := min(len(all), 3)
	if len(all) > 3 {
		shown = 1
	}
	for i := range shown {
		switch {
		case i > 0 && i == len(all)-1:
			p.say(" and ")
		case i > 0:
			p.say(", ")
		}
		p.process(all[i].Process)
	}
	if len(all) > shown {
		p.say(" and ")
		p.count(len(all) - shown)
		p.say(" others")
	}
	if w := all[0].Process.Workload; len(all) == 1 && w != nil && w.Proxy != nil {
		if c := w.Proxy.Container; c != nil && c.Name != "" {
			p.say(" for container ")
			p.name(c.Name)
		} else {
			p.say(" for a container")
		}
	}
}

// nobody stands for the holder of a socket that has none.
func (p *pen) nobody(r *why.Reason) {
	if r.Rule == why.RuleKernel {
		p.kernel(r)
		return
	}
	switch r.Socket.NoProcess {
	case socket.ReasonHidden:
		p.say("a process that cannot be seen")
	case socket.ReasonOtherPIDNS:
		p.say("a process in another pid namespace")
	case socket.ReasonInFlight:
		p.say("a socket that no process has open")
	case socket.ReasonKernel:
		p.kernel(r)
	default:
		p.say("somebody")
	}
}

// kernel names what of the kernel it is.
func (p *pen) kernel(r *why.Reason) {
	p.say("the kernel")
	if k := r.Kernel; k != nil {
		p.say(" (")
		p.kernelPort(r)
		p.say(")")
	}
}

func (p *pen) kernelPort(r *why.Reason) {
	k := r.Kernel
	if k.Kind != "" {
		p.name(k.Kind)
	}
	if k.Link != "" {
		p.say(pick(k.Kind != "", " ", "") + "interface ")
		p.name(k.Link)
	}
}

// plural reports whether the subject that who says is more than one.
func plural(r *why.Reason) bool { return r.Unit == nil && len(holders(r)) > 1 }

func pick(yes bool, then, otherwise string) string {
	if yes {
		return then
	}
	return otherwise
}

// left is how many seconds a socket in TIME_WAIT stays, 0 where that is not known.
func left(s *socket.Socket) int {
	if s.Details == nil || s.Details.Timer == nil || s.Details.Timer.Kind != socket.TimerTimeWait {
		return 0
	}
	return int((uint64(s.Details.Timer.Expires) + 999) / 1000)
}

// obstacle is what makes bind fail, in a few words.
func obstacle(r why.Rule) string {
	switch r {
	case why.RulePrivileged:
		return "it is a privileged port"
	case why.RuleNoAddress:
		return "the address is not one of this machine"
	case why.RuleNoDevice:
		return "there is no such interface"
	case why.RuleNoScope:
		return "a link-local address needs its interface"
	case why.RuleBadAddress:
		return "no such socket can have this address"
	case why.RuleNoIPv6:
		return "there is no IPv6 here"
	case why.RuleNoOption:
		return "this system has no such option"
	case why.RuleExcluded:
		return "Windows keeps it from programs"
	}
	return string(r)
}

// doubt is what is not known, in a few words.
func doubt(r why.Rule) string {
	switch r {
	case why.RulePrivileged:
		return "whether it is a privileged port for this user is not known"
	case why.RuleNoAddress:
		return "whether the address is one of this machine is not known"
	case why.RuleNoDevice:
		return "whether there is such an interface is not known"
	case why.RuleNoIPv6:
		return "whether there is IPv6 is not known"
	case why.RuleExcluded:
		return "whether Windows keeps it from programs is not known"
	case why.RuleUnseen:
		return "not all sockets can be seen"
	}
	return string(r)
}
