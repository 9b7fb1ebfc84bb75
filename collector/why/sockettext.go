package why

import (
	"strconv"

	"github.com/sockls/sockls/collector/socket"
)

// socketText tells why the sockets of a group are in the way, or are not.
func (x *explainer) socketText(g *group, r *Reason) string {
	if x.windows() {
		return x.windowsText(g, r)
	}
	if x.portable() {
		return x.portableText(g, r)
	}
	how := ""
	if !passing(g.rule) {
		how = x.overlapOf(g)
	}
	holding := x.holdersText(g)
	if g.rule == RuleNoCollision {
		return sentences(x.apartText(g), holding)
	}
	if g.blocking == socket.No {
		return sentences(how, x.sharedText(g), holding)
	}
	var text string
	switch g.rule {
	case RuleListener:
		text = x.listenerText(g)
	case RuleGroup:
		text = x.groupText(g)
	case RuleBound:
		text = sentences(pick(len(g.sockets),
			"It has bound the port and does not listen on it, which holds the port all the same.",
			"They have bound the port and do not listen on it, which holds the port all the same."),
			x.reuseText(g))
	case RuleDatagram:
		text = x.datagramText(g)
	case RuleKernel:
		text = x.kernelText(r)
	case RuleOutgoing:
		text = x.outgoingText(g)
	case RuleChild:
		text = sentences(pick(len(g.sockets),
			"It was accepted by a listener that is closed by now, and keeps the listener's port for as long as it is open.",
			"They were accepted by a listener that is closed by now, and keep the listener's port for as long as one is open."),
			x.reuseText(g))
	case RuleConnected:
		text = x.connectedText(g)
	case RuleNotAccepted:
		text = "The kernel has finished the connection for a listener that has not accepted it yet. It goes with the listener."
	case RuleTimeWait:
		text = x.timeWaitText(g)
	case RuleClosing:
		text = x.closingText(g)
	}
	return sentences(how, text, x.doubtText(g), holding)
}

// passing tells the rules about sockets that go by themselves, of which it
// matters little how their address collides.
func passing(r Rule) bool {
	return r == RuleTimeWait || r == RuleClosing || r == RuleNotAccepted
}

func (x *explainer) listenerText(g *group) string {
	const text = "Nobody else can have the address of a listener, and SO_REUSEADDR changes nothing about that."
	switch {
	case agree(g.sockets, reusePort) == socket.No:
		return sentences(text, pick(len(g.sockets), "It has not set SO_REUSEPORT either, so it shares the port with nobody.",
			"They have not set SO_REUSEPORT either, so they share the port with nobody."))
	case x.Bind.ReusePort:
		return text
	}
	return sentences(text, "Whether it has set SO_REUSEPORT, which shares a port among the sockets of one user, could not be read.")
}

func (x *explainer) groupText(g *group) string {
	n := len(g.sockets)
	listens := pick(n, "socket has", "sockets share")
	text := strconv.Itoa(n) + " " + listens + " this address with SO_REUSEPORT"
	owners, known := uids(g.sockets)
	switch {
	case len(owners) == 1 && known:
		text += ", of uid " + strconv.FormatUint(uint64(owners[0]), 10) + "."
	case len(owners) > 1:
		text += ", of " + strconv.Itoa(len(owners)) + " users."
	default:
		text += "."
	}
	switch {
	case !x.Bind.ReusePort:
		text = sentences(text, "Another may join only if it sets SO_REUSEPORT too before it binds, and belongs to the same user.")
	case len(owners) == 1 && known && owners[0] != x.Bind.UID:
		text = sentences(text, "The new one has SO_REUSEPORT too, but belongs to uid "+
			strconv.FormatUint(uint64(x.Bind.UID), 10)+", and only sockets of one user share.")
	}
	return text
}

func (x *explainer) datagramText(g *group) string {
	n := len(g.sockets)
	text := pick(n, "A UDP socket keeps its port for as long as it is open.",
		"UDP sockets keep their port for as long as they are open.")
	s := g.sockets[0]
	if s.State == socket.Established && autobound(s) == socket.Unknown && x.ephemeral(uint16(s.Local.Port)) {
		text = sentences(text, "It has a peer, and a port of the range that the kernel chooses from, so it may not have asked for this one.")
	}
	switch agree(g.sockets, reuseAddr) {
	case socket.No:
		return sentences(text, pick(n, "It has set neither SO_REUSEADDR nor SO_REUSEPORT, so it shares with nobody.",
			"They have set neither SO_REUSEADDR nor SO_REUSEPORT, so they share with nobody."))
	case socket.Yes:
		if !x.Bind.ReuseAddr {
			return sentences(text, pick(n, "It has", "They have")+" set SO_REUSEADDR, so a new socket that sets it too may share the port; the one bound last then receives.")
		}
	case socket.Unknown:
		return sentences(text, "Whether it shares the port by SO_REUSEADDR or SO_REUSEPORT could not be read.")
	}
	return text
}

func (x *explainer) kernelText(r *Reason) string {
	if r.Kernel == nil {
		return "The kernel made this socket for its own use, a tunnel, say, or a file system; no process holds it, and none can be ended to free the port."
	}
	text := "The kernel itself uses this port"
	if r.Kernel.Kind != "" && plain(r.Kernel.Kind) {
		text += " for " + r.Kernel.Kind
		if r.Kernel.Link != "" {
			text = "The kernel itself uses this port for an interface of kind " + r.Kernel.Kind
		}
	}
	return text + "; no process holds it, and none can be ended to free the port."
}

// outgoingText hedges where the kernel's own record was not asked for.
func (x *explainer) outgoingText(g *group) string {
	s, n := g.sockets[0], len(g.sockets)
	var text string
	switch {
	case s.Proto != socket.TCP:
		text = pick(n, "It did not ask for this port: the kernel chose it", "They did not ask for this port: the kernel chose it")
	default:
		text = pick(n, "It is to all appearances an outgoing connection, for which the kernel chose this port",
			"They are to all appearances outgoing connections, for which the kernel chose this port")
	}
	if e := x.Machine.Ephemeral; e != nil && e.Has(uint16(s.Local.Port)) {
		text += " from the range " + e.String()
	}
	if x.reserved(x.Bind.Port) {
		return text + ", before the port was reserved."
	}
	return sentences(text+".", "This can happen to any server whose port lies in that range.")
}

func (x *explainer) connectedText(g *group) string {
	s, n := g.sockets[0], len(g.sockets)
	switch {
	case x.accepted(s):
		return sentences(pick(n, "A listener on this port accepted it, and it has the port too for as long as it is open.",
			"A listener on this port accepted them, and they have the port too for as long as they are open."),
			x.reuseText(g))
	case autobound(s) == socket.No:
		return sentences(pick(n, "Its program bound the port before it connected.", "Their program bound the port before it connected."),
			x.reuseText(g))
	case x.ephemeral(uint16(s.Local.Port)):
		return sentences("The port is in the range that the kernel gives to outgoing connections, and so is the other end's: which of the two has opened the connection cannot be seen.",
			x.reuseText(g))
	}
	return sentences(pick(n, "It was accepted by a listener that is closed by now, or bound the port before it connected, and keeps it for as long as it is open.",
		"They were accepted by a listener that is closed by now, or bound the port before they connected, and keep it for as long as they are open."),
		x.reuseText(g))
}

func (x *explainer) timeWaitText(g *group) string {
	n := len(g.sockets)
	text := pick(n, "A program here closed this connection before the other end did",
		"A program here closed these connections before the other end did")
	text += ", and the kernel keeps the port for a minute lest late packets reach a new connection"
	if ms := left(g.sockets[0]); ms > 0 {
		text += pick(n, ": for ", ": the last one for ") + counted(seconds(ms), "more second", "more seconds")
	}
	reuse := "SO_REUSEADDR on the new socket alone does not help unless the old one had it too, which no table tells."
	switch agree(g.sockets, reuseAddr) {
	case socket.Yes:
		reuse = "The old one had SO_REUSEADDR, so SO_REUSEADDR on the new socket is enough."
	case socket.No:
		reuse = "SO_REUSEADDR on the new socket alone does not help, for the old one had not set it."
	}
	return sentences(text+".", reuse)
}

func (x *explainer) closingText(g *group) string {
	s, n := g.sockets[0], len(g.sockets)
	text := pick(n, "Its program has closed it, and the kernel is still finishing the connection",
		"Their program has closed them, and the kernel is still finishing the connections")
	switch s.State {
	case socket.FinWait2:
		text += ": in FIN_WAIT2 it waits for the other end to close"
		if ms := left(s); ms > 0 {
			text += ", for at most " + counted(seconds(ms), "more second", "more seconds")
		}
	case socket.FinWait1, socket.LastAck, socket.Closing:
		text += ": in " + s.State.String() + " it waits for the other end to acknowledge, which takes minutes when that one is gone"
	}
	return sentences(text+".", x.reuseText(g))
}
