package sockdiag

import (
	"net/netip"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

const lastPort = 1<<16 - 1

// device is a filter.Device of which the index is known.
type device struct {
	filter.Device
	index uint32
}

// about is what is known of the sockets that a condition is for.
type about struct {
	proto      socket.Proto
	ipv4, ipv6 bool
	state      socket.State
	auto       socket.Tri // what the bytecode says of SOCK_BINDPORT_LOCK
}

// known replaces what follows from that, and splits predicates into those that
// the bytecode has.
func (a about) known(leaf filter.Expr) filter.Expr {
	switch filter.DecideProto(leaf, a.proto) {
	case socket.Yes:
		return filter.And{}
	case socket.No:
		return filter.Or{}
	}
	switch l := leaf.(type) {
	case filter.States:
		return constant(l.Set.Has(a.state))
	case filter.Family:
		return a.family(l)
	case filter.Autobound:
		if a.auto != socket.Unknown && a.proto.Inet() {
			return constant(a.auto == socket.Yes)
		}
	case filter.Port:
		if l.End == filter.Either {
			local, remote := l, l
			local.End, remote.End = filter.Local, filter.Remote
			return a.either(local, remote)
		}
		if l.End == filter.Remote && a.peerless() {
			return a.withoutPeer(l)
		}
	case filter.Addr:
		if l.End == filter.Either {
			local, remote := l, l
			local.End, remote.End = filter.Local, filter.Remote
			return a.either(local, remote)
		}
		if l.End == filter.Remote && a.peerless() {
			return a.withoutPeer(l)
		}
		if !a.ipv6 && !l.Prefix.Addr().Is4() {
			return filter.Or{}
		}
	case filter.Scope:
		if !a.proto.Inet() {
			return filter.Or{}
		}
		if l.End == filter.Either {
			return a.either(filter.Scope{End: filter.Local, Scope: l.Scope}, filter.Scope{End: filter.Remote, Scope: l.Scope})
		}
		if l.End == filter.Remote && a.peerless() {
			return a.withoutPeer(l)
		}
		return a.scope(l)
	}
	return leaf
}

func (a about) either(local, remote filter.Expr) filter.Expr {
	return filter.Rewrite(filter.Or{local, remote}, a.known)
}

// family is decided where only one is asked for. The bytecode can test one, so
// the other is put in its terms.
func (a about) family(l filter.Family) filter.Expr {
	switch {
	case !a.ipv4 || !a.ipv6:
		return constant(l.Family == socket.IPv4 && a.ipv4 || l.Family == socket.IPv6 && a.ipv6)
	case l.Family == socket.IPv4:
		return filter.Not{X: filter.Family{Family: socket.IPv6}}
	}
	return l
}

// peerless reports whether the rows of these sockets show no remote end. The
// kernel may still have one in mind, the peer of a connection that is no more:
// of a socket that was reset even the port. What is asked about the remote end
// must not be asked of the kernel then. The states of SCTP do not tell.
func (a about) peerless() bool {
	return a.proto.Inet() && a.proto != socket.SCTP && !hasPeer(&socket.Socket{Proto: a.proto, State: a.state}, false)
}

// withoutPeer is what a predicate about the remote end comes to for sockets
// that have none.
func (a about) withoutPeer(leaf filter.Expr) filter.Expr {
	eval := func(f socket.Family) bool {
		return filter.Eval(leaf, &socket.Socket{Proto: a.proto, Family: f, State: a.state}, 0) == socket.Yes
	}
	four, six := eval(socket.IPv4), eval(socket.IPv6)
	switch {
	case !a.ipv6 || a.ipv4 && four == six:
		return constant(four)
	case !a.ipv4:
		return constant(six)
	case four:
		return filter.Not{X: filter.Family{Family: socket.IPv6}}
	}
	return filter.Family{Family: socket.IPv6}
}

// scope spells a scope out in prefixes, see filter.ScopeOf.
func (a about) scope(l filter.Scope) filter.Expr {
	var prefixes filter.Or
	add := func(texts ...string) {
		for _, text := range texts {
			prefixes = append(prefixes, filter.Addr{End: l.End, Prefix: netip.MustParsePrefix(text)})
		}
	}
	if l.Scope == filter.ScopePublic { // all but the others, and those that have no scope
		add("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")
	}
	if l.Scope == filter.ScopeWildcard || l.Scope == filter.ScopePublic {
		add("0.0.0.0/32", "::/128")
	}
	if l.Scope == filter.ScopeLoopback || l.Scope == filter.ScopePublic {
		add("127.0.0.0/8", "::1/128")
	}
	if l.Scope == filter.ScopePrivate || l.Scope == filter.ScopePublic {
		add("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10")
	}
	within := filter.Rewrite(prefixes, a.known)
	if l.Scope == filter.ScopePublic {
		return filter.Rewrite(filter.Not{X: within}, same)
	}
	return within
}

func same(leaf filter.Expr) filter.Expr { return leaf }

func constant(value bool) filter.Expr {
	if value {
		return filter.And{}
	}
	return filter.Or{}
}

// lifter turns a condition into one that the bytecode can test: it is true
// wherever the condition is, and may be true elsewhere.
type lifter struct {
	ops opset
	// index finds the interface of a name, false where it is not certain.
	index func(name string) (uint32, bool)
	// weakened is set when something was left out.
	weakened bool
}

func (l *lifter) lift(e filter.Expr) filter.Expr {
	return filter.Rewrite(l.parts(filter.NNF(e)), same)
}

func (l *lifter) parts(e filter.Expr) filter.Expr {
	switch x := e.(type) {
	case filter.And:
		all := make(filter.And, len(x))
		for i, part := range x {
			all[i] = l.parts(part)
		}
		return all
	case filter.Or:
		some := make(filter.Or, len(x))
		for i, part := range x {
			some[i] = l.parts(part)
		}
		return some
	case filter.Not:
		return l.literal(x.X, true)
	}
	return l.literal(e, false)
}

// literal is a predicate or its negation. What the bytecode does not have
// becomes true, whether it is negated or not.
func (l *lifter) literal(leaf filter.Expr, not bool) filter.Expr {
	var lifted filter.Expr
	if l.ops.has(opProgram) {
		switch x := leaf.(type) {
		case filter.Port:
			return l.port(x, not)
		case filter.Addr:
			lifted = l.addr(x, not)
		case filter.Device:
			if index, ok := l.index(x.Name); ok && l.ops.has(opDevice) {
				lifted = device{Device: x, index: index}
			}
		case filter.Mark:
			if l.ops.has(opMark) {
				lifted = x
			}
		case filter.Cgroup:
			if x.ID != 0 && l.ops.has(opCgroup) {
				lifted = x
			}
		case filter.Family, filter.Autobound:
			lifted = x
		}
	}
	if lifted == nil {
		l.weakened = true
		return filter.And{}
	}
	if not {
		return filter.Not{X: lifted}
	}
	return lifted
}

// addr drops the zone, which the kernel does not look at: what remains says
// too much, so that nothing follows from its negation.
func (l *lifter) addr(a filter.Addr, not bool) filter.Expr {
	if !a.Prefix.IsValid() {
		return nil
	}
	if a.Zone != "" {
		if not {
			return nil
		}
		l.weakened = true
		a.Zone = ""
	}
	return a
}

// port spells "not" out in ranges and joins what is more than a program should
// hold.
func (l *lifter) port(p filter.Port, not bool) filter.Expr {
	if p.Family != socket.FamilyUnspec {
		l.weakened = true
		return filter.And{}
	}
	ranges := clip(p.Ranges)
	if not {
		ranges = complement(ranges)
	}
	if len(ranges) == 0 {
		return filter.Or{}
	}
	if ranges[0] == (filter.Range{First: 0, Last: lastPort}) {
		return filter.And{}
	}
	if len(ranges) > maxRanges {
		ranges = coarse(ranges)
		l.weakened = true
	}
	p.Ranges = ranges
	return p
}
