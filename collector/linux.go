//go:build linux

package collector

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// linux reads sock_diag where it can, /proc/net where it cannot, and
// descriptors for what neither tells.
type linux struct {
	proc procfs.FS
	dial func() (sockdiag.Conn, error)
	// away is the network namespace to look into, nil for the calling thread's.
	// Once it is open, proc.Enter leads there.
	away *netns.Namespace
	// owners is how holders are looked for, kernel what is known for that once it
	// was found out.
	owners owner.Way
	kernel *owner.Kernel
}

// Collect implements Collector.
func (l *linux) Collect(ctx context.Context, q Query, yield func(*socket.Socket) error) (socket.Report, error) {
	if err := spare(descriptorsNeeded); err != nil {
		return socket.Report{}, fmt.Errorf("no file descriptors left to work with: %w", err)
	}
	l, leave, err := l.inside()
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w; run as root", err)
	}
	if err != nil {
		return socket.Report{}, err
	}
	defer leave()
	c, err := l.begin(q)
	if err != nil {
		return socket.Report{}, err
	}
	defer c.end()
	err = c.collect(ctx, yield)
	return c.finish(), err
}

// begin starts a collection; end lets go of what it opens.
func (l *linux) begin(q Query) (*collection, error) {
	kernel := kernelRelease()
	session := &session{linux: l, orphanUIDs: atLeast(kernel, 6, 17), listsBound: atLeast(kernel, 6, 8), tail: tcpInfoTail(kernel)}
	c := &collection{reader: newReader(session, q), extras: newExtras(l.proc)}
	c.judged = true
	c.report.Source.Kernel = kernel
	c.report.Source.Owners = "none"
	var err error
	if c.query.Filter, err = c.localise(q.Filter); err != nil {
		c.end()
		return nil, err
	}
	if q.Details.Has(socket.DetailNetNS) || l.away != nil {
		c.findNetNS()
	}
	return c, nil
}

func (c *collection) end() {
	c.extras.close()
	c.close()
}

// collection is one call of Collect.
type collection struct {
	*reader
	report socket.Report
	users  users
	ns     *socket.NetNS
	extras extras
	// vanished counts the listeners that were closed meanwhile: a service that
	// dies and comes back again and again may be seen by nothing else.
	vanished int
	// doubted counts the rows that may have more holders than are shown.
	doubted int
	// found counts the rows that only a descriptor shows; contextless is set
	// when there are processes and none has a security context.
	found       int
	contextless bool
	// undecided counts the rows that the filter could not judge.
	undecided int
	// sightless is set when no process could be looked at.
	sightless bool
}

// collect streams the rows; only where holders are wanted, which are looked for
// once all sockets are known, it gathers them.
func (c *collection) collect(ctx context.Context, yield func(*socket.Socket) error) error {
	if !c.query.Details.Has(socket.DetailOwners) {
		return c.tables(ctx, func(s *socket.Socket) error {
			if !c.admits(s) {
				return nil
			}
			return yield(s)
		})
	}
	if err := c.beforehand(ctx); err != nil {
		return err
	}
	if c.held != nil && c.held.Len() == 0 {
		c.report.Source.Owners = owner.ByProc.String()
		return nil // no process holds what the filter asks for
	}
	rows, err := c.gather(ctx)
	if err != nil {
		return err
	}
	if rows, err = c.join(ctx, rows); err != nil {
		return err
	}
	for _, s := range rows {
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// gather keeps the rows of the tables that may match.
func (c *collection) gather(ctx context.Context) ([]*socket.Socket, error) {
	var gathered socket.Rows
	err := c.tables(ctx, func(s *socket.Socket) error {
		if !c.excluded(s) {
			gathered.Add(s)
		}
		return nil
	})
	return gathered.All, err
}

// excluded reports whether the filter excludes a row for certain, before its
// processes are known.
func (c *collection) excluded(s *socket.Socket) bool {
	if c.query.Filter == nil {
		return false
	}
	c.complete(s)
	const completed = socket.DetailUser | socket.DetailNetNS | socket.DetailCgroupPath
	return filter.Eval(c.query.Filter, s, c.told[s.Proto]|c.query.Details&completed) == socket.No
}

// admits completes a row of a table and judges it by all that is known of it.
func (c *collection) admits(s *socket.Socket) bool { return c.judges(s, c.told[s.Proto]) }

// judges is admits for a row of which told is known beside what is looked for
// afterwards. The owner of a netlink socket comes with its holders.
func (c *collection) judges(s *socket.Socket, told socket.Detail) bool {
	c.complete(s)
	if c.query.Filter == nil {
		return true
	}
	later := c.query.Details &^ tableDetails
	if !later.Has(socket.DetailOwners) {
		later &^= socket.DetailUID
	}
	switch filter.Eval(c.query.Filter, s, told|later) {
	case socket.Yes:
		return true
	case socket.Unknown:
		c.undecided++
	}
	return false
}

// complete adds what its table does not tell of a socket.
func (c *collection) complete(s *socket.Socket) {
	s.NetNS = c.ns
	if s.HasUID && c.query.Details.Has(socket.DetailUser) {
		s.User = c.users.name(s.UID)
	}
	c.detail(s)
}

func (c *collection) findNetNS() {
	if c.away != nil {
		c.ns = &c.away.NetNS
		return
	}
	ns, err := netns.Current(c.proc.Dir())
	if err != nil {
		c.note(socket.Notice{Code: "netns-unknown", Message: "this network namespace could not be identified: " + err.Error()})
		return
	}
	c.ns = &ns
}

// descriptorsNeeded are those without which nothing can be read: a file, and
// the epoll and eventfd of the Go runtime's poller, which ends the program when
// there is no room for them.
const descriptorsNeeded = 3

// spare reports whether that many descriptors can be opened.
func spare(n int) error {
	for range n {
		fd, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
	}
	return nil
}

func kernelRelease() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

// atLeast reports whether a release such as "6.18.4-arch1" is of that version
// or a later one. A release that cannot be read counts as old.
func atLeast(release string, major, minor int) bool {
	first, rest, _ := strings.Cut(release, ".")
	second := rest
	if end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		second = rest[:end]
	}
	x, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	y, err := strconv.Atoi(second)
	return err == nil && (x > major || x == major && y >= minor)
}
