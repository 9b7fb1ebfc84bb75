package portable

import (
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// Query is what a caller wants to know. It has the fields of collector.Query, to
// be converted from it, for this package cannot import that one.
type Query struct {
	Protos     socket.ProtoSet
	IPv4, IPv6 bool
	States     socket.StateSet
	Details    socket.Detail
	Named      socket.ProtoSet
	Filter     filter.Expr
}

// wants reports whether rows of a protocol and family are asked for.
func (q *Query) wants(p socket.Proto, f socket.Family) bool {
	return q.Protos.Has(p) && (f == socket.IPv4 && q.IPv4 || f == socket.IPv6 && q.IPv6)
}

// kinds are the tables that hold what is asked for.
func (q *Query) kinds() (all []Kind) {
	for k := TCP4; k <= UDP6; k++ {
		if q.wants(k.Proto(), k.Family()) {
			all = append(all, k)
		}
	}
	return all
}
