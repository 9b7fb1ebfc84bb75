package why

import (
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// portable reports whether the rules are neither those of Linux nor of Windows.
func (x *explainer) portable() bool {
	return x.Machine.Rules.BSD() || x.Machine.Rules == machine.RulesOther
}

// portableText is socketText.
func (x *explainer) portableText(g *group, r *Reason) string {
	var what string
	if x.airPlay(g.sockets[0]) {
		what = "It is AirPlay Receiver, a part of macOS that other devices play to."
	}
	return sentences(what, x.portableOverlap(g, r.Socket))
}

func (x *explainer) portableOverlap(g *group, s *socket.Socket) string {
	where := x.overlapOf(g)
	connection := !s.Remote.IsZero()
	reusing := x.Bind.ReuseAddr || x.Bind.ReusePort
	switch {
	case apart(g.overlap):
		return x.apartText(g)
	case g.blocking == socket.No && connection:
		return sentences(where, "With SO_REUSEADDR or SO_REUSEPORT on the new socket a connection is no obstacle.")
	case g.blocking == socket.No:
		return sentences(where, "With SO_REUSEADDR or SO_REUSEPORT on the new socket both can be bound: what arrives goes to the one with the address, the rest to the wildcard.")
	case g.blocking == socket.Unknown && g.overlap == OverlapDual:
		return "It is an IPv6 socket. Whether one that serves IPv4 too is in the way of IPv4 differs from system to system."
	case g.blocking == socket.Unknown && g.overlap == OverlapDualOwn:
		return "The wanted socket is for IPv4 too (IPV6_V6ONLY unset). Whether one that has the port of IPv4 is in its way differs from system to system."
	case g.blocking == socket.Unknown && g.overlap == OverlapMapped:
		return where
	case g.blocking == socket.Unknown && !x.Machine.Rules.BSD():
		return sentences(where, "Whether that is in the way on this system sockls does not know.")
	case g.blocking == socket.Unknown && g.overlap == OverlapSame:
		return sentences(where, "Both can have it if both have set SO_REUSEPORT; no table tells whether this one has.")
	case g.blocking == socket.Unknown:
		return sentences(where, "With SO_REUSEADDR or SO_REUSEPORT on the new socket both can be bound if they are of one user, or this one has SO_REUSEPORT, which no table tells.")
	case s.State == socket.TimeWait:
		return sentences("The connection is over, and its address is kept for a while.", "SO_REUSEADDR on the new socket takes it all the same.")
	case connection:
		return sentences("A connection has the port, which keeps it from a socket without SO_REUSEADDR.")
	case reusing:
		return sentences(where, "SO_REUSEADDR does not let two sockets have one address; SO_REUSEPORT does, if both set it.")
	case g.overlap == OverlapSame:
		return sentences(where, "Two sockets can have one address only if both set SO_REUSEPORT.")
	}
	return sentences(where, "A socket without SO_REUSEADDR cannot stand beside it.")
}

// airPlay reports whether it is a socket of AirPlay Receiver, which macOS 12 and
// later have at ports 5000 and 7000.
func (x *explainer) airPlay(s *socket.Socket) bool {
	if x.Machine.Rules != machine.RulesMac || s.Local.Port != 5000 && s.Local.Port != 7000 {
		return false
	}
	for i := range s.Processes {
		p := s.Processes[i].Process
		const program = "/System/Library/CoreServices/ControlCenter.app/"
		if p.Exe != "" {
			if strings.HasPrefix(p.Exe, program) {
				return true
			}
		} else if p.Name == "ControlCenter" || p.Name == "ControlCe" {
			return true
		}
	}
	return false
}

// portableRemedies is socketRemedies.
func (x *explainer) portableRemedies(g *group, r *Reason) []Remedy {
	s := g.sockets[0]
	var all []Remedy
	switch {
	case g.blocking == socket.No:
		return nil
	case x.airPlay(s):
		return []Remedy{
			{Text: "Turn AirPlay Receiver off in System Settings, General, AirDrop & Handoff (macOS 12: System Preferences, Sharing). A process that is merely ended is started again."},
			{Text: "Or choose another port: macOS takes 5000 and 7000 whenever it is on."},
		}
	case g.blocking == socket.Unknown:
		all = append(all, x.probeRemedy())
	}
	reuse := Remedy{Text: "Set SO_REUSEADDR in the new program before it binds."}
	switch {
	case s.State == socket.TimeWait:
		return append(all, reuse, Remedy{Text: "Wait: it goes by itself."})
	case x.Machine.Rules.BSD() && !x.Bind.ReuseAddr && (!s.Remote.IsZero() || g.overlap == OverlapIncludes || g.overlap == OverlapWildcard):
		all = append(all, reuse)
	}
	return unique(append(all, x.holderRemedies(g, r)...))
}

// portableObstacle is obstacle.
func (x *explainer) portableObstacle(rule Rule) (string, []Remedy) {
	switch rule {
	case RuleNoOption:
		return "This system has no SO_BINDTODEVICE.", []Remedy{{Text: "Bind an address of the interface."}}
	case RuleNoAddress:
		return "No interface of this machine has the address " + address(x.Bind.Addr) + ".",
			[]Remedy{{Text: "See which there are.", Command: "ifconfig -a"}}
	case RuleNoIPv6:
		return "No interface of this machine has an IPv6 address.", []Remedy{{Text: "Bind an IPv4 address."}}
	}
	return "The system refuses it, whoever has the port.", nil
}

// portableUnsure is unsure.
func (x *explainer) portableUnsure(rule Rule) string {
	switch rule {
	case RulePrivileged:
		return "Ports below 1024 are for root on most systems, and whether they are on this one sockls does not know: macOS lets anybody have one on the wildcard address."
	case RuleNoAddress:
		return "Whether the address " + address(x.Bind.Addr) + " may be bound could not be found out."
	}
	return "Whether the system refuses it, whoever has the port, could not be found out."
}

// portableSurroundings is surroundings.
func (x *explainer) portableSurroundings() []Reason {
	all := x.otherProtocols()
	if e := x.Machine.Ephemeral; e != nil && e.Has(x.Bind.Port) && x.verdict != Refused {
		all = append(all, Reason{
			Rule: RuleEphemeral, Blocking: socket.No,
			Text: "The port is in the range " + e.String() + " that the system chooses from for outgoing connections: one of these may have it when the server starts.",
		})
	}
	return all
}
