package why

import (
	"github.com/sockls/sockls/collector/socket"
)

// socketRemedies are what can be done about the sockets of a group.
func (x *explainer) socketRemedies(g *group, r *Reason) []Remedy {
	if x.windows() {
		return x.windowsRemedies(g, r)
	}
	if x.portable() {
		return x.portableRemedies(g, r)
	}
	if g.blocking == socket.No {
		return nil
	}
	var all []Remedy
	switch g.rule {
	case RuleListener, RuleGroup, RuleDatagram:
		all = append(x.joinRemedies(g), x.holderRemedies(g, r)...)
	case RuleBound:
		all = append(x.shareRemedies(g), x.holderRemedies(g, r)...)
	case RuleConnected:
		if x.accepted(g.sockets[0]) {
			all = x.acceptedRemedies(g)
			break
		}
		all = append(x.reuseRemedies(g), x.holderRemedies(g, r)...)
		all = append(all, x.closeRemedies(g)...)
	case RuleChild:
		all = append(x.reuseRemedies(g), x.holderRemedies(g, r)...)
		all = append(all, x.closeRemedies(g)...)
	case RuleOutgoing:
		all = append(x.holderRemedies(g, r), x.closeRemedies(g)...)
		all = append(all, x.reserveRemedies()...)
	case RuleTimeWait:
		all = append(x.waitRemedies(g), x.reuseRemedies(g)...)
		all = append(all, x.closeRemedies(g)...)
	case RuleClosing:
		all = append(x.waitRemedies(g), x.reuseRemedies(g)...)
		all = append(all, x.closeRemedies(g)...)
	case RuleKernel:
		all = x.kernelRemedies(r)
	}
	if g.blocking == socket.Unknown {
		all = append([]Remedy{x.probeRemedy()}, all...)
	}
	return unique(all)
}

// unique leaves out what has been said before.
func unique(all []Remedy) []Remedy {
	kept := all[:0]
next:
	for _, r := range all {
		for _, k := range kept {
			if k == r {
				continue next
			}
		}
		kept = append(kept, r)
	}
	return kept
}

// joinRemedies are for who wants to share a port.
func (x *explainer) joinRemedies(g *group) []Remedy {
	if g.rule == RuleDatagram {
		return x.shareRemedies(g)
	}
	if g.rule != RuleGroup || x.Bind.ReusePort {
		return nil
	}
	owners, known := uids(g.sockets)
	if !known || len(owners) != 1 || owners[0] != x.Bind.UID {
		return nil
	}
	return []Remedy{{Text: "To take a share of what arrives here, set SO_REUSEPORT in the new program before it binds."}}
}

// acceptedRemedies are for connections that go when their listener's program does.
func (x *explainer) acceptedRemedies(g *group) []Remedy {
	return []Remedy{{
		Text: "Set SO_REUSEADDR in the server before it binds, each time it starts: then connections that it leaves behind never are in the way.",
	}}
}

// reuseRemedies are for sockets that SO_REUSEADDR can make harmless.
func (x *explainer) reuseRemedies(g *group) []Remedy {
	if share := x.shareRemedies(g); share != nil {
		return share
	}
	return []Remedy{{
		Text: "For the next time, set SO_REUSEADDR in the server before it binds, each time it starts: what it leaves behind has the option then, and no longer is in the way.",
	}}
}

// shareRemedies are for sockets that have SO_REUSEADDR themselves.
func (x *explainer) shareRemedies(g *group) []Remedy {
	switch {
	case x.Bind.ReuseAddr || agree(g.sockets, reuseAddr) != socket.Yes:
		return nil
	case g.rule == RuleDatagram:
		return []Remedy{{Text: "To share the port, for multicast, say, set SO_REUSEADDR in the new program before it binds."}}
	}
	return []Remedy{{Text: "Set SO_REUSEADDR in the new program before it binds."}}
}

// waitRemedies are for what goes by itself.
func (x *explainer) waitRemedies(g *group) []Remedy {
	ms := left(g.sockets[0])
	switch {
	case ms > 0:
		return []Remedy{{Text: "Wait " + counted(seconds(ms), "second", "seconds") + "."}}
	case g.rule == RuleTimeWait:
		return []Remedy{{Text: "Wait: it lasts a minute at the most."}}
	}
	return []Remedy{{Text: "Wait: the kernel gives up by itself."}}
}

// closeRemedies are for connections that can be destroyed without their program.
func (x *explainer) closeRemedies(g *group) []Remedy {
	command := x.closeCommand(g)
	if command == "" {
		return nil
	}
	for _, s := range g.sockets[1:] {
		if s.State != g.sockets[0].State {
			return []Remedy{{Text: "Destroy the connections, as root; both ends see them break.", Command: command}}
		}
	}
	text := "Destroy " + pick(len(g.sockets), "the connection", "the connections") + ", as root"
	switch g.rule {
	case RuleTimeWait:
		text += "; late packets of the old connection may then reach a new one"
	case RuleClosing:
		text += "; what the other end has not received yet is lost"
	default:
		text += "; both ends see " + pick(len(g.sockets), "it", "them") + " break"
	}
	return []Remedy{{Text: text + ".", Command: command}}
}

// probeText is what has been done when an answer is settled.
const probeText = "Settle it by really binding the port, for a moment."

// probeRemedy settles what cannot be read.
func (x *explainer) probeRemedy() Remedy {
	return Remedy{
		Text:    probeText,
		Command: x.Bind.whyCommand("--probe"),
	}
}

// kernelRemedies are for ports that the kernel uses.
func (x *explainer) kernelRemedies(r *Reason) []Remedy {
	switch k := r.Kernel; {
	case k == nil:
		return []Remedy{{Text: "Look for a tunnel interface or a network file system that uses this port.", Command: "ip -d link"}}
	case k.Link != "":
		remedy := Remedy{Text: "Give the interface another port, or remove it."}
		if plain(k.Link) {
			remedy.Command = "ip link delete " + k.Link
		}
		return []Remedy{remedy}
	case k.Kind == "nfsd":
		return []Remedy{{Text: "Stop the NFS server.", Command: "systemctl stop nfs-server.service"}}
	}
	return []Remedy{{Text: "Stop the service of the kernel that uses it; no process can be ended for it."}}
}
