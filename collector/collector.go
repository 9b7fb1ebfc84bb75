package collector

import (
	"context"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// Query is what a caller wants to know. Backends ask the kernel for this and
// for nothing else.
type Query struct {
	Protos socket.ProtoSet
	// IPv4 and IPv6 choose the families of the internet protocols.
	IPv4, IPv6 bool
	States     socket.StateSet
	Details    socket.Detail
	// Named are the protocols the user spelled out. That the kernel lacks one
	// of these is worth a notice; that it lacks another is not.
	Named socket.ProtoSet
	// Filter is what a socket has to match beside all that; nil matches all.
	// Details must hold what it needs (filter.Details). A socket of which
	// cannot be told whether it matches is left out, with a notice.
	Filter filter.Expr
}

// Collector reads the socket table of one system.
type Collector interface {
	// Collect calls yield once for each socket that matches q, in the order of
	// the kernel's tables. The Socket is reused for the next row; only where q
	// asks for owners the collector has gathered the rows, and the caller may keep
	// the pointer. An error from yield ends the collection
	// and is returned as it is. What could not be seen is in the Report, not in
	// the error: an error means that there is no answer.
	Collect(ctx context.Context, q Query, yield func(*socket.Socket) error) (socket.Report, error)
}

// Gather keeps all rows of q and calls add with each as it comes in, while the
// kernel is still at work on the next. The pointer stays good.
func Gather(ctx context.Context, c Collector, q Query, add func(*socket.Socket)) (socket.Report, error) {
	var rows socket.Rows
	return c.Collect(ctx, q, func(s *socket.Socket) error {
		if !q.Details.Has(socket.DetailOwners) { // else Collect has kept it itself
			s = rows.Add(s)
		}
		add(s)
		return nil
	})
}
