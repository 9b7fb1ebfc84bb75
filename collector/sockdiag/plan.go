package sockdiag

import (
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// planner works out what the kernel is to be asked for one Request, so that
// all sockets that match its filter are in the answer.
type planner struct {
	Request
	// parts are the members of the and at the top of the filter.
	parts filter.And
	// sets are what the filter asks about states.
	sets []socket.StateSet
	lifter
	known map[walk][]group
}

// walk is one request, or for those kernels that want them apart one for each
// family.
type walk struct {
	ipv4, ipv6 bool
	states     socket.StateSet
	// auto is the side of SOCK_BINDPORT_LOCK that is asked for, Unknown for both.
	auto socket.Tri
}

// newPlanner plans for a kernel that takes these operations.
func newPlanner(r Request, ops opset, index func(string) (uint32, bool)) *planner {
	if !programmable(r.Proto) {
		ops = 0
	}
	p := &planner{Request: r, lifter: lifter{ops: ops, index: index}, known: map[walk][]group{}}
	if r.Filter != nil {
		parts := filter.Rewrite(r.Filter, same)
		if and, ok := parts.(filter.And); ok {
			p.parts = and
		} else {
			p.parts = filter.And{parts}
		}
	}
	filter.Walk(p.parts, func(leaf filter.Expr) {
		if l, ok := leaf.(filter.States); ok {
			p.sets = append(p.sets, l.Set)
		}
	})
	return p
}

// weaken goes on with fewer operations. The walks stay what they are.
func (p *planner) weaken(ops opset) {
	p.ops = ops
	clear(p.known)
}

// programmable reports whether the kernel runs programs over the sockets of a
// protocol. sctp_diag takes them and lists every socket all the same.
func programmable(p socket.Proto) bool {
	switch p {
	case socket.TCP, socket.MPTCP, socket.UDP, socket.UDPLite:
		return true
	}
	return false
}

// walks are the requests that cover everything that can match, in the order in
// which they are to be sent.
func (p *planner) walks() []walk {
	var walks []walk
	for _, side := range p.sides() {
		for _, w := range p.families(side) {
			walks = append(walks, p.tables(w)...)
		}
	}
	return walks
}

// sides are the values of Autobound to ask for apart, since no answer tells it.
// The kernel says yes of connections that were accepted and of all in SYN_RECV,
// which have the port of their listener, and of what is left in TIME_WAIT,
// whatever the socket was. A socket that gets there in between would be missing
// from both walks if the other side did not go first.
func (p *planner) sides() []socket.Tri {
	asked := false
	filter.Walk(p.parts, func(leaf filter.Expr) {
		_, is := leaf.(filter.Autobound)
		asked = asked || is
	})
	if asked && p.ops.has(opProgram) {
		return []socket.Tri{socket.No, socket.Yes}
	}
	return []socket.Tri{socket.Unknown}
}

// families are the walks that the families of a protocol need: one for TCP,
// whose tables can be read at once.
func (p *planner) families(side socket.Tri) []walk {
	whole := walk{states: p.States &^ neverStates(p.Proto), auto: side}
	if !p.Proto.Inet() {
		return p.narrow(whole)
	}
	var apart []walk
	for _, family := range []socket.Family{socket.IPv4, socket.IPv6} {
		w := whole
		w.ipv4, w.ipv6 = family == socket.IPv4 && p.IPv4, family == socket.IPv6 && p.IPv6
		if w.ipv4 || w.ipv6 {
			apart = append(apart, p.narrow(w)...)
		}
	}
	if p.Proto != socket.TCP || len(apart) < 2 {
		return apart
	}
	whole.ipv4, whole.ipv6 = true, true
	return p.narrow(whole)
}

// neverStates are those that no row of a protocol shows, though some have a
// number that others are asked for by.
func neverStates(p socket.Proto) socket.StateSet {
	never := socket.StateSetOf(socket.NewSynRecv)
	switch p {
	case socket.TCP:
		return never | socket.StateSetOf(socket.StateUnknown, socket.Close, socket.Unconn)
	case socket.UDP, socket.UDPLite:
		return never | socket.StateSetOf(socket.StateUnknown, socket.Close)
	case socket.MPTCP:
		return never | socket.StateSetOf(socket.StateUnknown, socket.Unconn)
	}
	return never
}

// narrow leaves out the states in which nothing can match, and the walk when
// none is left.
func (p *planner) narrow(w walk) []walk {
	var possible socket.StateSet
	for _, g := range p.groups(w) {
		possible |= g.states
	}
	if possible == 0 {
		return nil
	}
	w.states = possible
	return []walk{w}
}

// tables are the walks for what the kernel keeps in tables of its own: the TCP
// listeners can be asked for apart, which costs nothing, where the condition on
// them is another one. All other states are walked together or not at all, for
// to read the table of connections twice takes twice the time, and a socket
// that changes its state meanwhile might be missed.
func (p *planner) tables(w walk) []walk {
	listeners := w.states & socket.StateSetOf(socket.Listen)
	if p.Proto != socket.TCP || listeners == 0 || listeners == w.states || len(p.groups(w)) == 1 {
		return []walk{w}
	}
	first, rest := w, w
	first.states, rest.states = listeners, w.states&^listeners
	return []walk{first, rest}
}
