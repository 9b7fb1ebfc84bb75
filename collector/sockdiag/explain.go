package sockdiag

import (
	"net/netip"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// Explanation is what the kernel does for a filter, and what it leaves.
type Explanation struct {
	// Asked are the requests in their order; nothing is asked where no socket
	// can match.
	Asked []Asked
	// Left is what the kernel does not decide, nil where that is nothing.
	Left filter.Expr
}

// Asked is one request.
type Asked struct {
	Proto socket.Proto
	// IPv4 and IPv6 are the families of an internet protocol.
	IPv4, IPv6 bool
	States     socket.StateSet
	// Test is what the kernel tests of each socket, nil for nothing.
	Test filter.Expr
	// Lookup says that one connection is looked up and no table is read.
	Lookup bool
	// Autobound is the side that is asked for, Unknown for both.
	Autobound socket.Tri
}

// Explain tells what Dump asks a kernel for that knows all of the bytecode, of
// somebody with CAP_NET_ADMIN. All requests have the same filter.
func Explain(requests ...Request) Explanation {
	var e Explanation
	var parts filter.And
	var left []bool
	for _, r := range requests {
		p := newPlanner(r, allOps, r.ifIndex)
		walks := p.walks()
		t, lookup := p.tuple(walks)
		if lookup {
			interfaces, ok := r.interfaces()
			lookup = ok && len(interfaces) <= maxInterfaces
		}
		if left == nil {
			parts, left = p.parts, make([]bool, len(p.parts))
		}
		for _, w := range walks {
			c := p.condition(w)
			if lookup {
				c = p.lookedUp(t, w)
			}
			a := Asked{Proto: r.Proto, IPv4: w.ipv4, IPv6: w.ipv6, States: w.states, Lookup: lookup, Autobound: w.auto}
			if filter.Constant(c.test) != socket.Yes {
				a.Test = c.test
			}
			e.Asked = append(e.Asked, a)
			for i, done := range c.done {
				left[i] = left[i] || !done
			}
		}
	}
	var all filter.And
	for i, part := range parts {
		if left[i] {
			all = append(all, part)
		}
	}
	if len(all) > 0 {
		e.Left = filter.Rewrite(all, same)
	}
	return e
}

// lookedUp is what is true of the answer to a lookup: the rest is left.
func (p *planner) lookedUp(t tuple, w walk) condition {
	c := condition{test: t.expr(), done: p.condition(w).done}
	for _, g := range p.groups(w) {
		for i, part := range g.parts {
			c.done[i] = c.done[i] && filter.Constant(filter.Simplify(part, t.decide)) == socket.Yes
		}
	}
	return c
}

// expr is the connection in the language of filters.
func (t tuple) expr() filter.Expr {
	addr := func(end filter.End, a netip.Addr) filter.Expr {
		return filter.Addr{End: end, Prefix: netip.PrefixFrom(a, a.BitLen())}
	}
	port := func(end filter.End, n uint16) filter.Expr {
		return filter.Port{End: end, Ranges: filter.Ranges{{First: int64(n), Last: int64(n)}}}
	}
	return filter.And{
		addr(filter.Local, t.local), port(filter.Local, t.sport), addr(filter.Remote, t.remote), port(filter.Remote, t.dport),
	}
}

// decide tells what is true of that connection.
func (t tuple) decide(leaf filter.Expr) socket.Tri {
	switch l := leaf.(type) {
	case filter.Port:
		port := t.sport
		if l.End == filter.Remote {
			port = t.dport
		}
		return socket.TriOf(l.Ranges.Has(int64(port)))
	case filter.Addr:
		addr := t.local
		if l.End == filter.Remote {
			addr = t.remote
		}
		if l.Prefix.Addr().Is4() == addr.Is4() {
			return socket.TriOf(l.Prefix.Contains(addr))
		}
	}
	return socket.Unknown
}

// BoundWidens reports whether asking for bound sockets along with connections
// makes the kernel return all connections where it would else leave some out: one
// walk has one test, and "not dst 10/8" is true of every socket without a peer.
func BoundWidens(r Request) bool {
	p := newPlanner(r, allOps, r.ifIndex)
	peerless := socket.StateSetOf(socket.StateUnknown, socket.Listen, socket.Bound, socket.Close, socket.Unconn)
	connections := walk{ipv4: r.IPv4, ipv6: r.IPv6, states: r.States &^ peerless}
	both := connections
	both.states |= socket.StateSetOf(socket.Bound)
	return filter.Constant(p.condition(both).test) == socket.Yes && filter.Constant(p.condition(connections).test) != socket.Yes
}
