//go:build linux

package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// reader reads the tables for one query, once.
type reader struct {
	*session
	query    Query
	notices  []socket.Notice
	from     []string        // the sources that answered
	fell     fallback        // what was read from /proc/net instead
	unlisted socket.ProtoSet // protocols that have sockets and no table
	read     bool            // a table was read
	poor     socket.ProtoSet // protocols with rows from /proc/net
	stopped  error           // what the caller's yield returned
	// judged is set when whoever takes the rows judges them by the filter.
	judged bool
	// held, if not nil, are the only inodes that a matching socket can have.
	held *owner.Inodes
	told map[socket.Proto]socket.Detail // the details that the rows of each protocol come with
}

// tableDetails are those that sock_diag tells with the row; all others are
// looked for afterwards.
const tableDetails = socket.DetailQueues | socket.DetailPeer | socket.DetailExtended | socket.DetailMark |
	socket.DetailTimer | socket.DetailMemory | socket.DetailTCPInfo | socket.DetailTOS | socket.DetailIPFlags |
	socket.DetailAutobound | socket.DetailIdentity

// again reads other tables, or the same ones later, over the same connection.
func (r *reader) again(q Query) *reader { return newReader(r.session, q) }

func newReader(s *session, q Query) *reader {
	return &reader{session: s, query: q, told: map[socket.Proto]socket.Detail{}}
}

func (r *reader) note(n socket.Notice) { r.notices = append(r.notices, n) }

// readFrom records a source that answered.
func (r *reader) readFrom(source string) {
	r.read = true
	if !slices.Contains(r.from, source) {
		r.from = append(r.from, source)
	}
}

// tables reads the table of each protocol asked for. It is an error when none
// could be read: an empty list would claim that there are no sockets.
func (r *reader) tables(ctx context.Context, yield func(*socket.Socket) error) error {
	take := func(s *socket.Socket) error {
		if r.rejects(s) {
			return nil
		}
		r.stopped = yield(s)
		return r.stopped
	}
	var first error
	for _, p := range socket.Protos() {
		if !r.query.Protos.Has(p) {
			continue
		}
		err := r.table(ctx, p, take)
		var unreadable *unreadableError
		switch {
		case r.stopped != nil:
			return r.stopped
		case errors.As(err, &unreadable):
			r.note(socket.Notice{Code: "table-unreadable", Message: err.Error()})
			if first == nil {
				first = err
			}
		case err != nil:
			return err
		}
	}
	if !r.read && first != nil {
		return first
	}
	return nil
}

// owned is DetailUID for the protocols whose table tells the owner.
func owned(p socket.Proto) socket.Detail {
	if p == socket.Netlink {
		return 0
	}
	return socket.DetailUID
}

// rejects reports whether the filter excludes s for certain, by what the table
// tells.
func (r *reader) rejects(s *socket.Socket) bool {
	if r.held != nil && r.held.Index(s.Inode) < 0 {
		return true
	}
	return r.query.Filter != nil && !r.judged && filter.Eval(r.query.Filter, s, r.told[s.Proto]) == socket.No
}

// unreadableError is a protocol that neither sock_diag nor /proc/net tells of.
type unreadableError struct {
	proto     socket.Proto
	diag, net error
}

func (e *unreadableError) Error() string {
	if e.diag == nil {
		return fmt.Sprintf("%s sockets cannot be listed: %v", e.proto, e.net)
	}
	return fmt.Sprintf("%s sockets cannot be listed: %v; %v", e.proto, e.diag, e.net)
}

// table reads one protocol from the best source that answers.
func (r *reader) table(ctx context.Context, p socket.Proto, yield func(*socket.Socket) error) error {
	if p == socket.Raw || p == socket.Ping { // no kernel here has a diag module for these
		if err := r.procNet(p, yield); err != nil {
			return r.judge(p, nil, err)
		}
		return nil
	}
	if optional(p) && !r.has(p) {
		if r.query.Named.Has(p) {
			r.note(absent(p))
		}
		return nil
	}
	err := r.dump(ctx, p, yield)
	if err == nil {
		return nil
	}
	var failed *sockdiag.Error
	switch {
	case r.stopped != nil, ctx.Err() != nil, !errors.As(err, &failed):
		return cmp.Or(r.stopped, ctx.Err(), err)
	case failed.Rows > 0, errors.Is(err, sockdiag.ErrInterrupted), errors.Is(err, sockdiag.ErrMalformed) && !hasProcTable(p):
		r.note(socket.Notice{Code: "table-incomplete", Message: err.Error()})
		r.readFrom("sock_diag")
		return nil
	case !hasProcTable(p) && !r.registered(p) && !r.query.Named.Has(p):
		return nil // asked on chance, and there is nothing of the kind
	case !hasProcTable(p):
		r.unlisted |= socket.ProtoSetOf(p)
		return nil
	}
	if netErr := r.procNet(p, yield); netErr != nil {
		return r.judge(p, err, netErr)
	}
	r.fell.add(p, failed.Err)
	r.poor |= socket.ProtoSetOf(p)
	return nil
}

// judge weighs a failure of /proc/net, after that of sock_diag: a table that
// is not there, of a protocol that the kernel does not have, is an answer.
func (r *reader) judge(p socket.Proto, diag, net error) error {
	if errors.Is(net, fs.ErrNotExist) && !r.has(p) {
		if r.query.Named.Has(p) {
			r.note(absent(p))
		}
		return nil
	}
	return &unreadableError{proto: p, diag: diag, net: net}
}

// dump reads one protocol over sock_diag.
func (r *reader) dump(ctx context.Context, p socket.Proto, yield func(*socket.Socket) error) error {
	if err := r.connect(); err != nil {
		return &sockdiag.Error{Proto: p, Err: err}
	}
	request := sockdiag.Request{
		Proto: p, IPv4: r.query.IPv4, IPv6: r.query.IPv6,
		States: r.query.States, Details: r.query.Details, OrphanUIDs: r.orphanUIDs, Tail: r.tail,
		Filter: r.query.Filter, IfIndex: r.linkIndex, Interfaces: r.linkIndexes,
	}
	r.told[p] = r.query.Details & (tableDetails | owned(p)) &^ r.withheld(r.query.Details)
	dump := r.client.Dump
	if r.apart(request) {
		dump = r.dumpApart
	}
	err := dump(ctx, request, yield)
	if err == nil {
		r.readFrom("sock_diag")
	}
	if !r.client.Usable() {
		// The other tables are asked over a new one.
		_ = r.client.Close() // nothing was written to it that could be lost
		r.client = nil
	}
	return err
}
