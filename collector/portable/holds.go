package portable

import (
	"context"
	"errors"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// Holds reports whether a process holds a socket with the protocol and addresses of
// one of these, by one more look at the tables. It is an error where a table could
// not be read that may tell of it.
func (c *Collector) Holds(ctx context.Context, pid int, sockets []*socket.Socket) (bool, error) {
	q := Query{IPv4: true, IPv6: true, States: socket.AllStates, Details: socket.DetailOwners}
	wanted := make([]tuple, len(sockets))
	for i, s := range sockets {
		q.Protos |= socket.ProtoSetOf(s.Proto)
		wanted[i] = tupleOf(s)
	}
	r := reading{host: c.host, query: &q}
	if err := c.system.read(ctx, &r); err != nil {
		return false, err
	}
	holds := func(row Row) bool { return int(row.PID) == pid && !row.Hearsay && slices.Contains(wanted, row.tuple()) }
	switch {
	case slices.ContainsFunc(r.rows, holds), slices.ContainsFunc(r.holders, holds):
		return true, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case r.failed, len(r.failures) > 0:
		return false, errors.Join(r.failures...)
	}
	return false, nil
}
