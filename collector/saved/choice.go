package saved

import (
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// choice decides which rows of a file answer a query, and notes what of them
// the file does not tell.
type choice struct {
	query     collector.Query
	undecided int
	tallies   [len(options)]tally // of the options
}

// tally counts the sockets that could have a detail, and those that do.
type tally struct{ could, have int }

// admits reports whether the query asks for the row.
func (c *choice) admits(r *row) bool {
	q, s := &c.query, &r.Socket
	switch {
	case !q.Protos.Has(s.Proto), !q.States.Has(s.State), unbound(s) && !q.States.Has(socket.Close),
		s.Proto.Inet() && s.Family == socket.IPv4 && !q.IPv4,
		s.Proto.Inet() && s.Family == socket.IPv6 && !q.IPv6:
		return false
	}
	known := q.Details
	if s.Cookie == 0 { // it came from /proc/net
		known &^= socket.DetailIdentity
	}
	for i := range options {
		o, t := &options[i], &c.tallies[i]
		switch {
		case !q.Details.Has(o.detail):
			continue
		case o.untold(s):
			known &^= o.detail | o.with
			continue
		case !o.possible(s):
			continue
		}
		t.could++
		if r.has.Has(o.detail) {
			t.have++
		} else {
			known &^= o.detail | o.with
		}
	}
	if q.Filter == nil {
		return true
	}
	switch filter.Eval(q.Filter, s, known) {
	case socket.Yes:
		return true
	case socket.Unknown:
		c.undecided++
	}
	return false
}

// strip removes what the query does not ask for, so that a file answers as the
// machine that it is of would have.
func (c *choice) strip(s *socket.Socket) {
	d := c.query.Details
	if !d.Has(socket.DetailOwners) {
		s.Processes, s.NoProcess = nil, socket.ReasonNone
	}
	if s.Details == nil {
		return
	}
	if !d.Has(socket.DetailExtended | socket.DetailMark | socket.DetailCgroupPath | socket.DetailAutobound) {
		s.Details.Extended = nil
	}
	if !d.Has(socket.DetailTimer) {
		s.Details.Timer = nil
	}
	if !d.Has(socket.DetailMemory) {
		s.Details.Memory = nil
	}
	if !d.Has(socket.DetailTCPInfo) {
		s.Details.TCP, s.Details.MPTCP, s.Details.SCTP = nil, nil, nil
	}
	if !d.Has(socket.DetailTOS | socket.DetailIPFlags) {
		s.Details.IP = nil
	}
	if !d.Has(socket.DetailReuse) {
		s.Details.Reuse = nil
	}
}

// unbound reports whether s is a datagram socket that is in no table and open to
// nobody yet, which is listed where unbound sockets are.
func unbound(s *socket.Socket) bool {
	return (s.Proto == socket.UDP || s.Proto == socket.UDPLite) && s.State == socket.Unconn && s.Local.Port == 0
}

// untold reports whether s was found where the detail is not told: as a
// descriptor, or in the /proc/net of the protocols that have no other table.
func (o *option) untold(s *socket.Socket) bool {
	switch o.detail {
	case socket.DetailOwners, socket.DetailContext, socket.DetailDir, socket.DetailParents, socket.DetailWorkload,
		socket.DetailReuse, socket.DetailTCPInfo, socket.DetailTimer:
		return false
	}
	return s.Proto == socket.Raw || s.Proto == socket.Ping || s.Proto.Inet() && (s.State == socket.Close || unbound(s))
}

// possible reports whether s could have the detail. What is left of a
// connection has no file and no details.
func (o *option) possible(s *socket.Socket) bool {
	switch o.detail {
	case socket.DetailTCPInfo, socket.DetailTimer:
		return o.protos.Has(s.Proto) && s.Inode != 0 && s.State != socket.Close && s.State != socket.Bound
	case socket.DetailOwners:
		return true
	case socket.DetailContext, socket.DetailDir, socket.DetailParents, socket.DetailWorkload, socket.DetailReuse: // these are asked of a holder
		return o.protos.Has(s.Proto) && len(s.Processes) > 0
	}
	return o.protos.Has(s.Proto) && s.Inode != 0
}
