package why

import (
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// doubtText tells what is not known where that decides.
func (x *explainer) doubtText(g *group) string {
	if g.blocking != socket.Unknown {
		return ""
	}
	s := g.sockets[0]
	_, owned := uids(g.sockets)
	switch {
	case s.V6Only == socket.Unknown && (g.overlap == OverlapDual || g.overlap == OverlapNotOnly):
		return "Whether it is for IPv6 only (IPV6_V6ONLY) could not be read, and it is in the way only if it is not."
	case x.Bind.ReusePort && agree(g.sockets, reusePort) == socket.Unknown:
		return "Both may have the port if it has SO_REUSEPORT, which could not be read."
	case x.Bind.ReusePort && !owned:
		return "Both may have the port if one user owns them, and who owns it could not be read."
	case x.Bind.ReusePort:
		return "With SO_REUSEPORT it depends on what the kernel remembers of the programs that bound the port before, which no table tells."
	case s.Cookie == 0 && s.State != socket.TimeWait:
		return "On which interface it is could not be read."
	}
	return ""
}

// reuseText tells what SO_REUSEADDR would change for sockets that do not listen.
func (x *explainer) reuseText(g *group) string {
	switch agree(g.sockets, reuseAddr) {
	case socket.Yes:
		if x.Bind.ReuseAddr {
			return ""
		}
		return pick(len(g.sockets), "It has", "They have") + " set SO_REUSEADDR, so a new socket that sets it too can have the port."
	case socket.No:
		return pick(len(g.sockets), "It has", "They have") + " not set SO_REUSEADDR, so SO_REUSEADDR on the new socket alone does not help."
	}
	return "SO_REUSEADDR on the new socket helps only if " + pick(len(g.sockets), "this one has", "these have") + " it too, which could not be read."
}

// sharedText tells why an overlap is no obstacle.
func (x *explainer) sharedText(g *group) string {
	n := len(g.sockets)
	switch g.shares {
	case SharesReusePort:
		if g.rule == RuleGroup {
			return sentences(counted(n, "socket has", "sockets share")+" this address with SO_REUSEPORT, and the new one may join.",
				"What arrives is then spread over all of them, so that each gets a part only.")
		}
		return "Both have SO_REUSEPORT set and belong to one user, so it is no obstacle."
	case SharesReuseAddr:
		if g.sockets[0].Proto != socket.TCP {
			return pick(n, "Both have SO_REUSEADDR set, so they may share the port; the one bound last then receives.",
				"All have SO_REUSEADDR set, so they may share the port; the one bound last then receives.")
		}
		return "Both have SO_REUSEADDR set and it does not listen, so it is no obstacle."
	case NotInTable:
		return pick(n, "It holds no port by itself.", "They hold no port by themselves.")
	}
	return "It is no obstacle."
}

// apartText tells why sockets do not collide.
func (x *explainer) apartText(g *group) string {
	if text := x.overlapOf(g); text != "" {
		return text
	}
	return "They have other addresses; these and the wanted one can be bound at the same time."
}

// overlapOf is overlapText for a group, "" where its sockets have several addresses.
func (x *explainer) overlapOf(g *group) string {
	s := g.sockets[0]
	for _, o := range g.sockets[1:] {
		if o.Local.Addr != s.Local.Addr {
			return ""
		}
	}
	text := x.overlapText(g.overlap, s)
	if len(g.sockets) == 1 {
		return text
	}
	return strings.NewReplacer("It has", "They have", "It is an IPv6 socket", "They are IPv6 sockets", "such a one has its port", "such have their port",
		"It is", "They are", "which it has", "which they have", "which this has", "which these have", "where this one is", "where these are").Replace(text)
}
