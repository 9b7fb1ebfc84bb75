package why

import "github.com/sockls/sockls/collector/socket"

// accident tells of programs that share a port and have nothing to do with each
// other. Each may believe that it has the port to itself.
func (x *explainer) accident(g *group) (Reason, bool) {
	if len(g.sockets) < 2 || !strangers(processes(g.sockets)) {
		return Reason{}, false
	}
	text := "Different programs share this port by SO_REUSEPORT, and the kernel spreads what arrives over all of them. Unless that is meant, each of them misses a part."
	if g.rule == RuleDatagram {
		text = "Different programs share this port by SO_REUSEADDR, and only the one that was bound last receives what is not multicast. Unless that is meant, the others miss it."
	}
	return Reason{
		Rule: RuleAccidental, Overlap: g.overlap, Blocking: socket.No, Socket: g.sockets[0], Others: g.sockets[1:], Text: text,
		Remedies: []Remedy{{Text: "Find out which of them is meant to have the port, and stop the others."}},
	}, true
}

// strangers reports whether two of the processes certainly are different
// programs of different origin.
func strangers(all []*socket.Process) bool {
	for i := range all {
		for _, p := range all[:i] {
			if different(p, all[i]) && !related(p, all[i]) {
				return true
			}
		}
		if i > 32 {
			break // a group that large is one server's
		}
	}
	return false
}

func different(a, b *socket.Process) bool {
	if a.Exe != "" && b.Exe != "" && a.Exe != b.Exe {
		return true
	}
	if a.Exe == "" || b.Exe == "" {
		if a.Name != b.Name {
			return true
		}
	}
	// One interpreter runs many programs; what it runs is told by its arguments.
	return a.Command != "" && b.Command != "" && a.Command != b.Command && a.Parents != nil && b.Parents != nil
}

// related reports whether two processes belong together: one is the ancestor of
// the other, both are children of one that is not the first of all, or one unit
// or container has both.
func related(a, b *socket.Process) bool {
	if above(a, b) || above(b, a) {
		return true
	}
	if len(a.Parents) > 0 && len(b.Parents) > 0 && a.Parents[0].PID != 1 && a.Parents[0].PID == b.Parents[0].PID &&
		a.Name == b.Name {
		return true
	}
	v, w := a.Workload, b.Workload
	if v == nil || w == nil {
		return false
	}
	if v.Container != nil || w.Container != nil {
		return v.Container != nil && w.Container != nil && v.Container.ID == w.Container.ID && v.Container.Name == w.Container.Name
	}
	return v.Unit != "" && v.Unit == w.Unit && v.Manager == w.Manager
}

func above(a, b *socket.Process) bool {
	for _, p := range b.Parents {
		if p.PID == a.PID {
			return true
		}
	}
	return false
}
