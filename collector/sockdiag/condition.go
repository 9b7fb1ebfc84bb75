package sockdiag

import (
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// group are the states for which the kernel is to test the same thing.
type group struct {
	states socket.StateSet
	// parts is what each part of the filter comes to, weakened tells of which
	// not everything is left.
	parts    filter.And
	weakened []bool
}

// groups sorts the states of a walk, leaving out those in which no socket can
// match.
func (p *planner) groups(w walk) []group {
	if groups, ok := p.known[w]; ok {
		return groups
	}
	var groups []group
	like := map[socket.State]int{} // index in groups, -1 for none
	for state := range socket.State(32) {
		if !w.states.Has(state) {
			continue
		}
		a := about{proto: p.Proto, ipv4: w.ipv4, ipv6: w.ipv6, state: state, auto: w.auto}
		at, ok := p.alike(a, like)
		if !ok {
			at = -1
			if g, possible := p.group(a); possible {
				at = slices.IndexFunc(groups, func(o group) bool {
					return filter.Equal(o.parts, g.parts) && slices.Equal(o.weakened, g.weakened)
				})
				if at < 0 {
					groups, at = append(groups, g), len(groups)
				}
			}
		}
		like[state] = at
		if at >= 0 {
			groups[at].states |= socket.StateSetOf(state)
		}
	}
	p.known[w] = groups
	return groups
}

// alike finds a state of which the filter says the same.
func (p *planner) alike(a about, like map[socket.State]int) (at int, ok bool) {
	for state, at := range like {
		other := a
		other.state = state
		if other.peerless() == a.peerless() &&
			!slices.ContainsFunc(p.sets, func(set socket.StateSet) bool { return set.Has(state) != set.Has(a.state) }) {
			return at, true
		}
	}
	return 0, false
}

// group is what is to be tested of sockets in one state, not possible where
// none can match.
func (p *planner) group(a about) (g group, possible bool) {
	g = group{parts: make(filter.And, len(p.parts)), weakened: make([]bool, len(p.parts))}
	for i, part := range p.parts {
		p.weakened = false
		g.parts[i] = p.lift(filter.Rewrite(part, a.known))
		g.weakened[i] = p.weakened
		if filter.Constant(g.parts[i]) == socket.No {
			return g, false
		}
	}
	return g, true
}

// condition is what the kernel tests in one walk.
type condition struct {
	// test is true of every socket of the walk that matches the filter.
	test filter.Expr
	// done tells of each part of the filter whether nothing of it is left.
	done []bool
}

// condition joins what is to be tested in each state: the bytecode cannot tell
// states apart.
func (p *planner) condition(w walk) condition {
	groups := p.groups(w)
	c := condition{done: make([]bool, len(p.parts))}
	var common filter.And
	rests := make([]filter.And, len(groups))
	for i := range p.parts {
		equal, weakened := true, false
		for _, g := range groups {
			equal = equal && filter.Equal(g.parts[i], groups[0].parts[i])
			weakened = weakened || g.weakened[i]
		}
		c.done[i] = equal && !weakened
		if equal && len(groups) > 0 {
			common = append(common, groups[0].parts[i])
			continue
		}
		for j, g := range groups {
			rests[j] = append(rests[j], g.parts[i])
		}
	}
	var some filter.Or
	for _, rest := range rests {
		e := filter.Rewrite(rest, same)
		if slices.ContainsFunc(some, func(o filter.Expr) bool { return implies(e, o) }) {
			continue
		}
		some = slices.DeleteFunc(some, func(o filter.Expr) bool { return implies(o, e) })
		some = append(some, e)
	}
	if p.ops.has(opProgram) {
		switch w.auto {
		case socket.Yes:
			common = append(common, filter.Autobound{})
		case socket.No:
			common = append(common, filter.Not{X: filter.Autobound{}})
		}
	}
	c.test = filter.Rewrite(append(common, some), same)
	return c
}

// implies reports whether all alternatives of e are among those of another
// condition. It does not look at long lists.
func implies(e, other filter.Expr) bool {
	const most = 1 << 12
	these, those := alternatives(e), alternatives(other)
	return len(these)*len(those) <= most && !slices.ContainsFunc(these, func(one filter.Expr) bool {
		return !slices.ContainsFunc(those, func(o filter.Expr) bool { return filter.Equal(one, o) })
	})
}

func alternatives(e filter.Expr) filter.Or {
	if or, ok := e.(filter.Or); ok {
		return or
	}
	return filter.Or{e}
}

// tuple is one port or address of each kind that a socket has to have.
type tuple struct {
	sport, dport  uint16
	local, remote netip.Addr
}

// required finds the ports and addresses that e has to be true of, and what is
// left to be tested when a request names the ports by itself.
func required(e filter.Expr) (t tuple, rest filter.And) {
	parts, ok := e.(filter.And)
	if !ok {
		parts = filter.And{e}
	}
	for _, part := range parts {
		switch l := part.(type) {
		case filter.Port:
			port, single := onlyPort(l.Ranges)
			switch {
			case single && l.End == filter.Local && t.sport == 0:
				t.sport = port
				continue
			case single && l.End == filter.Remote && t.dport == 0:
				t.dport = port
				continue
			}
		case filter.Addr:
			switch {
			case !l.Prefix.IsSingleIP():
			case l.End == filter.Local:
				t.local = l.Prefix.Addr()
			case l.End == filter.Remote:
				t.remote = l.Prefix.Addr()
			}
		}
		rest = append(rest, part)
	}
	return t, rest
}

// onlyPort is the port of a list of one; 0 means any to the kernel.
func onlyPort(ranges filter.Ranges) (uint16, bool) {
	if len(ranges) != 1 || ranges[0].First != ranges[0].Last {
		return 0, false
	}
	port := uint16(ranges[0].First)
	return port, port != 0
}

// split moves ports from the program into the request, where the kernel
// compares them with what it has at hand: a program makes it read three more
// parts of every socket. The table of bound sockets is read without a look at
// the request's ports, so that the program keeps them.
func (c condition) split(proto socket.Proto, w walk) (test filter.Expr, sport, dport uint16) {
	if proto != socket.TCP && proto != socket.UDP && proto != socket.UDPLite {
		return c.test, 0, 0
	}
	t, rest := required(c.test)
	if w.states.Has(socket.Bound) {
		return c.test, t.sport, t.dport
	}
	return filter.Rewrite(rest, same), t.sport, t.dport
}
