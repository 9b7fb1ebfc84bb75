//go:build linux

package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// linux reads sock_diag where it can, /proc/net where it cannot, and
// descriptors for what neither tells.
type linux struct {
	proc procfs.FS
	dial func() (sockdiag.Conn, error)
}

// Collect implements Collector.
func (l *linux) Collect(ctx context.Context, q Query, yield func(*socket.Socket) error) (socket.Report, error) {
	c := &collection{linux: l, query: q, users: users{}, links: &links{}}
	defer c.close()
	c.report.Source.Kernel = kernelRelease()
	c.report.Source.Owners = "none"
	c.findNetNS()

	if !q.Details.Has(socket.DetailOwners) {
		err := c.tables(ctx, c.streamed(yield))
		return c.finish(), err
	}
	var rows []socket.Socket
	err := c.tables(ctx, func(s *socket.Socket) error {
		rows = append(rows, *s)
		return nil
	})
	if err != nil {
		return c.finish(), err
	}
	rows, err = c.join(ctx, rows)
	if err != nil {
		return c.finish(), err
	}
	for i := range rows {
		c.complete(&rows[i])
		if err := yield(&rows[i]); err != nil {
			return c.finish(), err
		}
	}
	return c.finish(), nil
}

// collection is one call of Collect.
type collection struct {
	*linux
	query   Query
	report  socket.Report
	client  *sockdiag.Client
	links   *links
	users   users
	ns      *socket.NetNS
	refused error           // why there is no sock_diag connection
	fell    fallback        // what was read from /proc/net instead
	blind   socket.ProtoSet // protocols that have sockets and no table
	present socket.ProtoSet // what the kernel has registered, once asked
	asked   bool
	read    bool  // a table was read
	stopped error // what the caller's yield returned
}

func (c *collection) close() {
	if c.client != nil {
		_ = c.client.Close() // nothing was written to it that could be lost
	}
	c.links.close()
}

// streamed completes each row before it goes out.
func (c *collection) streamed(yield func(*socket.Socket) error) func(*socket.Socket) error {
	return func(s *socket.Socket) error {
		c.complete(s)
		return yield(s)
	}
}

// complete adds what is known without asking about the socket itself.
func (c *collection) complete(s *socket.Socket) {
	s.NetNS = c.ns
	if s.HasUID && c.query.Details.Has(socket.DetailUser) {
		s.User = c.users.name(s.UID)
	}
}

func (c *collection) findNetNS() {
	ns, err := netns.Current(c.proc.Dir())
	if err != nil {
		c.note(socket.Notice{Code: "netns-unknown", Message: "this network namespace could not be identified: " + err.Error()})
		return
	}
	c.ns = &ns
}

// tables reads the table of each protocol asked for. It is an error when none
// could be read: an empty list would claim that there are no sockets.
func (c *collection) tables(ctx context.Context, yield func(*socket.Socket) error) error {
	take := func(s *socket.Socket) error {
		c.stopped = yield(s)
		return c.stopped
	}
	var first error
	for _, p := range socket.Protos() {
		if !c.query.Protos.Has(p) {
			continue
		}
		err := c.table(ctx, p, take)
		var unreadable *unreadableError
		switch {
		case c.stopped != nil:
			return c.stopped
		case errors.As(err, &unreadable):
			c.note(socket.Notice{Code: "table-unreadable", Message: err.Error()})
			if first == nil {
				first = err
			}
		case err != nil:
			return err
		}
	}
	if !c.read && first != nil {
		return first
	}
	return nil
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
func (c *collection) table(ctx context.Context, p socket.Proto, yield func(*socket.Socket) error) error {
	if p == socket.Raw || p == socket.Ping { // no kernel here has a diag module for these
		if err := c.procNet(p, yield); err != nil {
			return c.unlisted(p, nil, err)
		}
		return nil
	}
	if optional(p) && !c.has(p) {
		if c.query.Named.Has(p) {
			c.note(absent(p))
		}
		c.read = true // there is nothing to read, which is an answer
		return nil
	}
	err := c.dump(ctx, p, yield)
	if err == nil {
		return nil
	}
	var failed *sockdiag.Error
	switch {
	case c.stopped != nil, ctx.Err() != nil, !errors.As(err, &failed):
		return cmp.Or(c.stopped, ctx.Err(), err)
	case errors.Is(err, sockdiag.ErrInterrupted), errors.Is(err, sockdiag.ErrMalformed), failed.Rows > 0:
		c.note(socket.Notice{Code: "table-incomplete", Message: err.Error()})
		return nil
	case !hasProcTable(p):
		c.blind |= socket.ProtoSetOf(p)
		c.read = true
		return nil
	}
	if netErr := c.procNet(p, yield); netErr != nil {
		return c.unlisted(p, err, netErr)
	}
	c.fell.add(p, failed.Err)
	return nil
}

// unlisted judges a failure of /proc/net, after that of sock_diag: a table that
// is not there, of a protocol that the kernel does not have, is an answer.
func (c *collection) unlisted(p socket.Proto, diag, net error) error {
	if errors.Is(net, fs.ErrNotExist) && !c.has(p) {
		if c.query.Named.Has(p) {
			c.note(absent(p))
		}
		return nil
	}
	return &unreadableError{proto: p, diag: diag, net: net}
}

// dump reads one protocol over sock_diag.
func (c *collection) dump(ctx context.Context, p socket.Proto, yield func(*socket.Socket) error) error {
	if c.client == nil {
		if c.refused == nil {
			conn, err := c.dial()
			if err == nil {
				c.client = sockdiag.NewClient(conn, c.links.name)
			}
			c.refused = err
		}
		if c.refused != nil {
			return &sockdiag.Error{Proto: p, Err: c.refused}
		}
	}
	err := c.client.Dump(ctx, sockdiag.Request{
		Proto: p, IPv4: c.query.IPv4, IPv6: c.query.IPv6,
		States: c.query.States, Details: c.query.Details,
	}, yield)
	if err == nil {
		c.readFrom("sock_diag")
	}
	return err
}

// optional tells the protocols that a kernel may be built without. Their diag
// module must not be asked for on chance: the request would load it, and with
// it the protocol.
func optional(p socket.Proto) bool {
	return socket.ProtoSetOf(socket.MPTCP, socket.SCTP, socket.Vsock, socket.XDP, socket.TIPC).Has(p)
}

// has reports whether the kernel has the protocol, or may have it: where it
// does not say, asking is the way to know.
func (c *collection) has(p socket.Proto) bool {
	if !c.asked {
		c.asked = true
		names, err := c.proc.Protocols()
		c.present = socket.AllProtos
		if err == nil {
			c.present = 0
			for name := range names {
				c.present |= socket.ProtoSetOf(socket.ProtoOfKernel(name))
			}
		}
	}
	return c.present.Has(p)
}

func kernelRelease() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}
