package whyout

import (
	"net/netip"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// verdict says the whole answer in a line.
func (p *pen) verdict(a *why.Answer) {
	p.subject(&a.Bind)
	first := leading(a)
	switch a.Verdict {
	case why.Free:
		p.free(a)
	case why.Taken:
		p.say(" is taken")
		p.tried(a)
		if first != nil {
			p.say(": ")
			p.deed(first)
			if n := further(a, first.Blocking); n > 0 {
				p.say(" (and ")
				p.count(n)
				p.say(" more)")
			}
		}
	case why.Refused:
		p.say(" is refused")
		if first != nil && first.Rule == why.RulePrivileged {
			p.say(" to ")
			if a.Bind.User != "" {
				p.name(a.Bind.User)
			} else {
				p.say("uid " + strconv.FormatUint(uint64(a.Bind.UID), 10))
			}
		}
		p.tried(a)
		switch {
		case first != nil && first.Socket == nil:
			p.say(": " + obstacle(first.Rule))
		case a.Errno != "":
			p.say(":")
		}
		if a.Errno != "" {
			p.say(" ")
			p.say("(")
			p.text(a.Errno)
			p.say(")")
		}
	case why.Unclear:
		p.say(": cannot tell")
		if first == nil {
			return
		}
		p.say(": ")
		if first.Socket == nil {
			p.say(doubt(first.Rule))
			return
		}
		p.deed(first)
		p.say(", and whether that is in the way is not known")
	}
}

// subject names the wish.
func (p *pen) subject(b *why.Bind) {
	p.say(b.Proto.String())
	p.place(b)
	if b.Device != "" {
		p.say(" on ")
		p.name(b.Device)
	}
	options := [...]struct {
		on   bool
		name string
	}{
		{b.ReuseAddr, "SO_REUSEADDR"}, {b.ReusePort, "SO_REUSEPORT"}, {b.V6Only == socket.Yes, "IPV6_V6ONLY"},
	}
	word := " with "
	for _, o := range options {
		if o.on {
			p.say(word + o.name)
			word = " and "
		}
	}
}

// place is the address and the port, or the port alone.
func (p *pen) place(b *why.Bind) {
	if !b.Addr.IsValid() {
		p.say(" port ")
		p.count(int(b.Port))
		return
	}
	p.say(" ")
	p.address(b.Addr, b.Port)
}

func (p *pen) address(a netip.Addr, port uint16) {
	if a.Is4() {
		p.say(a.String())
	} else {
		p.say("[" + a.WithZone("").String())
		if zone := a.Zone(); zone != "" {
			p.say("%")
			p.name(zone)
		}
		p.say("]")
	}
	p.say(":")
	p.count(int(port))
}

func (p *pen) tried(a *why.Answer) {
	if a.Tried {
		p.say(" (tried)")
	}
}

// free says with whom a port is shared, and where else it is taken.
func (p *pen) free(a *why.Answer) {
	p.say(" is free")
	elsewhere := reasonsOf(a, why.RuleOtherNetNS)
	shared, forwarded := sharing(a), reasonsOf(a, why.RuleForward)
	if len(elsewhere) > 0 {
		p.say(" here")
	}
	p.tried(a)
	if shared != nil {
		p.say(", to be shared with ")
		p.who(shared)
	}
	if len(forwarded) > 0 {
		p.say(", but what arrives may be sent elsewhere before")
	}
	for i, r := range elsewhere {
		switch {
		case i == 0:
			p.say("; taken in ")
		case i == 2 && len(elsewhere) > 3:
			p.say(" and in ")
			p.count(len(elsewhere) - 2)
			p.say(" others")
			return
		case i == len(elsewhere)-1:
			p.say(" and in ")
		default:
			p.say(", in ")
		}
		p.whereabouts(r.Socket)
		p.say(" by ")
		p.who(r)
	}
}

// whereabouts names where a socket of another network namespace is. A container
// comes first: the engines make up the names of their namespaces.
func (p *pen) whereabouts(s *socket.Socket) {
	if c := container(s); c != "" {
		p.say("container ")
		p.name(c)
		return
	}
	p.namespace(s)
}

// namespace names the network namespace of a socket.
func (p *pen) namespace(s *socket.Socket) {
	switch {
	case s.NetNS != nil && s.NetNS.Name != "":
		p.say("namespace ")
		p.name(s.NetNS.Name)
	case s.NetNS != nil:
		p.say("namespace net:[" + strconv.FormatUint(s.NetNS.Inode, 10) + "]")
	default:
		p.say("another namespace")
	}
}

// container is the name of the one that all holders are in, "" for none.
func container(s *socket.Socket) string {
	name := ""
	for i := range s.Processes {
		w := s.Processes[i].Process.Workload
		if w == nil || w.Container == nil || w.Container.Name == "" || name != "" && name != w.Container.Name {
			return ""
		}
		name = w.Container.Name
	}
	return name
}

// leading is the reason that the verdict is told by: the first that is not known
// to be none.
func leading(a *why.Answer) *why.Reason {
	if len(a.Reasons) == 0 || a.Reasons[0].Blocking == socket.No {
		return nil
	}
	return &a.Reasons[0]
}

// further counts the other reasons of equal weight, but for what follows from a
// listener.
func further(a *why.Answer, blocking socket.Tri) int {
	n := 0
	for i := range a.Reasons[1:] {
		r := &a.Reasons[1+i]
		if r.Blocking == blocking && r.Rule != why.RuleConnected && r.Rule != why.RuleNotAccepted {
			n++
		}
	}
	return n
}

func reasonsOf(a *why.Answer, rule why.Rule) []*why.Reason {
	var all []*why.Reason
	for i := range a.Reasons {
		if a.Reasons[i].Rule == rule {
			all = append(all, &a.Reasons[i])
		}
	}
	return all
}

// sharing is the group that a new socket would join, nil for none.
func sharing(a *why.Answer) *why.Reason {
	for i := range a.Reasons {
		r := &a.Reasons[i]
		if r.Blocking == socket.No && (r.Rule == why.RuleGroup || r.Rule == why.RuleDatagram) && a.Verdict == why.Free {
			return r
		}
	}
	return nil
}
