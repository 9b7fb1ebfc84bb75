//go:build linux

package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sockls/sockls/collector/descriptor"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// strayProtos are the protocols of which sockets may exist that no table
// lists: those without a table, and those whose sockets enter the table only
// when they are bound. To look at each socket that the tables have not shown
// takes long where a filter has made the kernel leave many out, so it must be
// possible that one of them matches.
func (c *collection) strayProtos() socket.ProtoSet {
	protos := c.unlisted & c.query.Protos
	if !c.query.States.Has(socket.Close) {
		return protos
	}
	for _, p := range []socket.Proto{socket.TCP, socket.MPTCP, socket.UDP, socket.UDPLite, socket.SCTP, socket.Netlink} {
		if c.query.Protos.Has(p) && c.strayMatches(p) {
			protos |= socket.ProtoSetOf(p)
		}
	}
	return protos
}

// strayMatches reports whether the filter may be true of a socket that no table
// lists: one that is not bound, or of TCP on old kernels one that is. A bound
// MPTCP socket is in the table of TCP.
func (c *collection) strayMatches(p socket.Proto) bool {
	listed := c.listsBound && !slices.Contains(c.fell.protos, socket.TCP.String())
	bound := p == socket.TCP && !listed || p == socket.MPTCP && !(listed && c.query.Protos.Has(socket.TCP))
	if c.query.Filter == nil || bound {
		return true
	}
	for _, family := range []socket.Family{socket.IPv4, socket.IPv6} {
		for _, state := range []socket.State{socket.Close, socket.Unconn} {
			s := socket.Socket{Proto: p, Family: family, State: state}
			if !filter.Impossible(c.query.Filter, func(leaf filter.Expr) socket.Tri { return decideUnbound(leaf, &s) }) {
				return true
			}
		}
	}
	return false
}

// decideUnbound tells what of a predicate follows from a socket's not being
// bound.
func decideUnbound(leaf filter.Expr, s *socket.Socket) socket.Tri {
	switch leaf.(type) {
	case filter.Port, filter.Addr, filter.Scope, filter.States, filter.Protos, filter.Family:
		return filter.Eval(leaf, s, 0)
	}
	return socket.Unknown
}

// strayDetails are those that are known of a socket that no table lists: that it
// has neither timer nor connection, and what its descriptor tells.
const strayDetails = socket.DetailIdentity | socket.DetailUID | socket.DetailTimer | socket.DetailTCPInfo |
	socket.DetailQueues | socket.DetailPeer

// strays makes rows of the sockets that only a descriptor shows.
func (c *collection) strays(ctx context.Context, finder owner.Finder, found *owner.Result) ([]*socket.Socket, error) {
	if c.held != nil { // else some process that the filter does not ask for had it
		found.Strays = slices.DeleteFunc(found.Strays, func(d owner.Descriptor) bool { return c.held.Index(d.Inode) < 0 })
	}
	if len(found.Strays) == 0 {
		return nil, nil
	}
	if c.ns == nil {
		c.findNetNS()
	}
	if c.ns == nil {
		return nil, nil // which is in the notices
	}
	inspector := descriptor.Inspector{
		FS: c.proc, Protos: c.strayProtos(), NetNS: c.ns.Inode, IfName: c.linkName,
	}
	defer inspector.Close()
	var (
		rows     socket.Rows
		pids     = []int32{}
		inodes   = owner.NewInodes(0)
		settled  = c.listed(ctx) // and what one look has told
		unopened int
		why      error // the first of their reasons
	)
	for _, d := range found.Strays {
		if settled.Index(d.Inode) < 0 {
			s, err := inspector.Socket(int(d.PID), int(d.TID), int(d.FD), d.Inode)
			switch {
			case errors.Is(err, descriptor.ErrGone):
				continue // perhaps another holder still has it
			case err == nil && c.belongs(&s):
				rows.Add(&s)
				inodes.Add(s.Inode)
			case err == nil, errors.Is(err, descriptor.ErrElsewhere), errors.Is(err, descriptor.ErrOther):
			default:
				unopened++
				why = cmp.Or(why, err)
			}
			settled.Add(d.Inode)
		}
		if inodes.Index(d.Inode) >= 0 {
			pids = append(pids, d.PID)
		}
	}
	if unopened > 0 {
		c.note(socket.Notice{
			Code: "descriptors-unreadable", Count: unopened,
			Message: fmt.Sprintf("%s that no table lists could not be looked at through a descriptor (%v)", count(unopened, "socket"), why),
		})
	}
	if len(rows.All) == 0 {
		return nil, nil
	}
	c.readFrom("descriptors")
	holders, err := finder.Find(ctx, owner.Want{Inodes: inodes, Details: c.query.Details, PIDs: pids})
	if err != nil {
		return nil, err
	}
	kept := rows.All[:0]
	for _, s := range rows.All {
		if held := holders.Holders(inodes.Index(s.Inode)); len(held) > 0 {
			s.Processes = c.holders(held)
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// listed are the inodes that the tables list and a filter has left out: these
// are no strays.
func (c *collection) listed(ctx context.Context) *owner.Inodes {
	inodes := owner.NewInodes(0)
	if c.query.Filter == nil {
		return inodes
	}
	again := c.again(Query{Protos: c.strayProtos() &^ c.unlisted, IPv4: true, IPv6: true, States: socket.AllStates})
	if again.query.Protos.Has(socket.MPTCP) {
		again.query.Protos |= socket.ProtoSetOf(socket.TCP) // which has the bound ones
	}
	// What is wrong with a table has been said; what it does not list is looked at.
	_ = again.tables(ctx, func(s *socket.Socket) error {
		inodes.Add(s.Inode)
		return nil
	})
	return inodes
}

// belongs reports whether a socket is one that the tables could not have
// listed. Any other has been opened since they were read.
func (c *collection) belongs(s *socket.Socket) bool {
	if !c.query.Protos.Has(s.Proto) || !c.query.States.Has(s.State) ||
		s.Family == socket.IPv4 && !c.query.IPv4 || s.Family == socket.IPv6 && !c.query.IPv6 {
		return false
	}
	if c.unlisted.Has(s.Proto) {
		return true
	}
	switch s.State {
	case socket.Close:
		return true
	case socket.Bound:
		if c.listsBound && s.Proto == socket.TCP && !slices.Contains(c.fell.protos, s.Proto.String()) {
			// The table would have it. What still tells a port and is not there
			// is a connection that was reset: it has its port no more.
			s.State = socket.Close
			return c.query.States.Has(socket.Close)
		}
		return s.Proto == socket.TCP || s.Proto == socket.MPTCP
	case socket.Unconn:
		return s.Local.Port == 0
	}
	return false
}
