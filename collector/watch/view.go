package watch

import (
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// View is which sockets are watched. One is in view while it is in one of the
// States and the Filter is true of it.
type View struct {
	Protos     socket.ProtoSet
	IPv4, IPv6 bool
	States     socket.StateSet
	Filter     filter.Expr
	// Details are known of each socket that a look yields, and of those that have
	// been destroyed as far as the kernel tells them.
	Details socket.Detail
}

// Candidates are the states and the filter by which a look has to choose: what
// can be in view at some time of its life. A socket that has left the view, and
// may come back, must not look like a new one in the end. The filter is nil where
// everything can be.
func (v *View) Candidates() (socket.StateSet, filter.Expr) {
	states := v.States
	if states&socket.ConnectedStates != 0 {
		states |= socket.ConnectedStates
	}
	e := lasting(v.Filter)
	if filter.Constant(e) == socket.Yes {
		e = nil
	}
	return states, e
}

// lasting is what of a filter is true or false of a socket all its life.
func lasting(e filter.Expr) filter.Expr {
	if e == nil {
		return filter.And{}
	}
	return filter.Rewrite(relax(e, true), func(leaf filter.Expr) filter.Expr { return leaf })
}

// relax puts what is more often true, or under a not what is more often false, in
// place of predicates about what changes.
func relax(e filter.Expr, positive bool) filter.Expr {
	switch x := e.(type) {
	case filter.And:
		all := make(filter.And, len(x))
		for i, part := range x {
			all[i] = relax(part, positive)
		}
		return all
	case filter.Or:
		some := make(filter.Or, len(x))
		for i, part := range x {
			some[i] = relax(part, positive)
		}
		return some
	case filter.Not:
		return filter.Not{X: relax(x.X, !positive)}
	case filter.States, filter.Compare, filter.Text, filter.PID, filter.Process:
		if positive {
			return filter.And{}
		}
		return filter.Or{}
	}
	return e
}

// steady reports whether all that a look yields is in view.
func (v *View) steady() bool {
	states, _ := v.Candidates()
	if states != v.States {
		return false
	}
	steady := true
	filter.Walk(v.Filter, func(leaf filter.Expr) {
		switch leaf.(type) {
		case filter.States, filter.Compare, filter.Text, filter.PID, filter.Process:
			steady = false
		}
	})
	return steady
}

// admits tells whether a socket is in view.
func (v *View) admits(s *socket.Socket) socket.Tri {
	if !v.States.Has(s.State) {
		return socket.No
	}
	if v.Filter == nil {
		return socket.Yes
	}
	return filter.Eval(v.Filter, s, v.Details)
}

// remains reports whether what can be left of a connection, its FIN_WAIT2 or its
// TIME_WAIT, is in view.
func (v *View) remains() bool {
	return v.Protos.Has(socket.TCP) && (v.States.Has(socket.TimeWait) || v.States.Has(socket.FinWait2))
}

// destroyedDetails are those that the kernel tells of a destroyed socket.
const destroyedDetails = socket.DetailIdentity | socket.DetailTCPInfo | socket.DetailPeer

// concerns reports whether a destroyed socket can have been in view.
func (v *View) concerns(s *socket.Socket, lasting filter.Expr) bool {
	if !v.Protos.Has(s.Proto) || s.Local.Port == 0 ||
		s.Family == socket.IPv4 && !v.IPv4 || s.Family == socket.IPv6 && !v.IPv6 {
		return false
	}
	return lasting == nil || filter.Eval(lasting, s, destroyedDetails) != socket.No
}

// admitsBrief tells whether a socket was in view that nothing but its end is known
// of. The kernel does not say which states it has been in: one with a peer counts
// as a connection, and one of TCP without as whatever has a port and no peer. One
// that has tried to connect and is disconnected, as a refused connect leaves it, is
// none of these: what it would announce as its segment size is all that is left.
func (v *View) admitsBrief(s *socket.Socket) socket.Tri {
	state := s.State
	switch {
	case s.Proto != socket.TCP:
	case !s.Remote.IsZero():
		state = socket.Established
	case s.Details != nil && s.Details.TCP != nil && s.Details.TCP.AdvMSS > 0:
		state = socket.Close
	case v.States.Has(socket.Listen):
		state = socket.Listen
	default:
		state = socket.Bound
	}
	if !v.States.Has(state) {
		return socket.No
	}
	if v.Filter == nil {
		return socket.Yes
	}
	was := *s
	was.State, was.NoProcess = state, socket.ReasonUnknown
	return filter.Eval(v.Filter, &was, v.Details&destroyedDetails)
}
