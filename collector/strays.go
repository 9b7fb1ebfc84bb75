//go:build linux

package collector

import (
	"context"
	"errors"

	"github.com/sockls/sockls/collector/descriptor"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// strayProtos are the protocols of which sockets may exist that no table
// lists: those without a table, and those whose sockets enter the table only
// when they are bound.
func (c *collection) strayProtos() socket.ProtoSet {
	protos := c.blind
	if c.query.States.Has(socket.Close) {
		protos |= socket.ProtoSetOf(socket.TCP, socket.MPTCP, socket.UDP, socket.UDPLite, socket.SCTP, socket.Netlink)
	}
	return protos & c.query.Protos
}

// strays makes rows of the sockets that only a descriptor shows.
func (c *collection) strays(ctx context.Context, finder owner.Finder, found *owner.Result) ([]socket.Socket, error) {
	if len(found.Strays) == 0 || c.ns == nil {
		return nil, nil
	}
	protos := c.strayProtos()
	inspector := descriptor.Inspector{FS: c.proc, NetNS: c.ns.Inode, IfName: c.links.name}
	var (
		rows     []socket.Socket
		pids     = []int32{}
		inodes   = owner.NewInodes(0)
		unopened int
		settled  uint64 // the strays are ordered by inode, which one look settles
	)
	for _, d := range found.Strays {
		if d.Inode != settled {
			settled = d.Inode
			s, err := inspect(inspector, d, protos)
			switch {
			case err == nil && c.belongs(&s):
				rows = append(rows, s)
				inodes.Add(s.Inode)
			case errors.Is(err, descriptor.ErrGone):
				settled = 0 // perhaps another holder still has it
			case err != nil && !errors.Is(err, descriptor.ErrElsewhere):
				unopened++
			}
		}
		if inodes.Index(d.Inode) >= 0 {
			pids = append(pids, d.PID)
		}
	}
	if unopened > 0 {
		c.note(socket.Notice{
			Code: "descriptors-unreadable", Count: unopened,
			Message: count(unopened, "socket") + " that no table lists could not be looked at through a descriptor",
		})
	}
	if len(rows) == 0 {
		return nil, nil
	}
	c.readFrom("descriptors")
	holders, err := finder.Find(ctx, owner.Want{Inodes: inodes, Details: c.query.Details, PIDs: pids})
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for _, s := range rows {
		if held := holders.Holders(inodes.Index(s.Inode)); len(held) > 0 {
			s.Processes = c.holders(held)
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// inspect looks at a socket if it may be one of the wanted protocols. The zero
// Socket, of no protocol, stands for one that is not.
func inspect(i descriptor.Inspector, d owner.Descriptor, protos socket.ProtoSet) (socket.Socket, error) {
	p, err := i.Proto(int(d.PID), int(d.TID), int(d.FD))
	if err != nil {
		return socket.Socket{}, descriptor.ErrGone
	}
	if !protos.Has(p) {
		return socket.Socket{}, nil
	}
	return i.Socket(int(d.PID), int(d.TID), int(d.FD), d.Inode)
}

// belongs reports whether a socket is one that the tables could not have
// listed. Any other has been opened since they were read.
func (c *collection) belongs(s *socket.Socket) bool {
	if !c.query.Protos.Has(s.Proto) || !c.query.States.Has(s.State) ||
		s.Family == socket.IPv4 && !c.query.IPv4 || s.Family == socket.IPv6 && !c.query.IPv6 {
		return false
	}
	if c.blind.Has(s.Proto) {
		return true
	}
	switch s.State {
	case socket.Close:
		return true
	case socket.Bound: // kernels before 6.8 do not list these
		return s.Proto == socket.TCP || s.Proto == socket.MPTCP
	case socket.Unconn:
		return s.Local.Port == 0
	}
	return false
}
