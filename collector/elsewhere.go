//go:build linux

package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/socket"
)

// Elsewhere collects q in every network namespace but the one that o is about:
// the rows, namespace by namespace and each with its NetNS, and what could not
// be seen. Namespaces that
// come or go meanwhile may be missed; one of which only a part could be seen is
// told of in the notices.
//
// The processes are looked at once for all namespaces. Each costs a connection
// to the kernel and the tables that q asks for, so q should name protocols,
// states and a filter: the listeners on a port are found in microseconds, and
// for connections the kernel walks through those of the whole machine, once for
// each namespace.
func Elsewhere(ctx context.Context, o Options, q Query) ([]*socket.Socket, []socket.Notice, error) {
	here, err := New(o)
	if err != nil {
		return nil, nil, err
	}
	e := elsewhere{home: here.(*linux)}
	defer e.end()
	if err := e.enter(ctx, q); err != nil {
		return nil, nil, err
	}
	rows, err := e.join(ctx)
	if err != nil {
		return nil, nil, err
	}
	return rows, e.notes(), nil
}

// elsewhere is one call of Elsewhere.
type elsewhere struct {
	home    *linux
	parts   []*part
	notices []socket.Notice
	// refused counts the namespaces that could not be looked into, why is the first
	// of their reasons.
	refused int
	why     error
}

// part is the collection of one namespace.
type part struct {
	*collection
	ns    netns.Namespace
	rows  []*socket.Socket
	leave func() // nil once it was called
}

func (e *elsewhere) end() {
	for _, p := range e.parts {
		p.close()
	}
}

// close lets go of the namespace, once.
func (p *part) close() {
	if p.leave != nil {
		p.end()
		p.leave()
		p.leave = nil
	}
}

// homeInode is the namespace that is left out.
func (e *elsewhere) homeInode() (uint64, error) {
	if e.home.away != nil {
		return e.home.away.Inode, nil
	}
	ns, err := netns.Current(e.home.proc.Dir())
	return ns.Inode, err
}

// enter reads the tables of all other namespaces.
func (e *elsewhere) enter(ctx context.Context, q Query) error {
	home, err := e.homeInode()
	if err != nil {
		return err
	}
	all, seen, err := netns.List(netns.Options{Proc: e.home.proc.Root})
	e.unseen(seen, err)
	for _, ns := range all {
		if ns.Inode == home {
			continue
		}
		err := e.read(ctx, q, ns)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, netns.ErrGone):
		case err != nil:
			e.refused++
			e.why = cmp.Or(e.why, err)
		}
	}
	return nil
}

// read gathers the rows of one namespace. It stays open where there are any:
// their tables may have to be read again.
func (e *elsewhere) read(ctx context.Context, q Query, ns netns.Namespace) error {
	there := *e.home
	there.away = &ns
	l, leave, err := there.inside()
	if err != nil {
		return err
	}
	c, err := l.begin(q)
	if err != nil {
		leave()
		return err
	}
	p := &part{collection: c, ns: ns, leave: leave}
	if p.rows, err = c.gather(ctx); err != nil {
		p.close()
		return err
	}
	if e.parts = append(e.parts, p); len(p.rows) == 0 && c.strayProtos() == 0 {
		p.close()
	}
	return nil
}

// unseen notes which namespaces may not have been found.
func (e *elsewhere) unseen(seen netns.Seen, err error) {
	note := func(n int, message, hint string) {
		e.notices = append(e.notices, socket.Notice{Code: "netns-hidden", Count: n, Message: message, Hint: hint})
	}
	const root = "run as root to search them all"
	switch {
	case err != nil:
		note(0, "network namespaces of processes are not known: "+err.Error(), "")
	case seen.Denied > 0 && os.Geteuid() == 0:
		note(seen.Denied, fmt.Sprintf("the network namespaces of %s (pid %d) are refused even to root",
			processes(seen.Denied), seen.DeniedPID), "a security module forbids it, or CAP_SYS_PTRACE is missing")
	case seen.Denied > 0:
		note(seen.Denied, "the network namespaces of "+processes(seen.Denied)+" are not known", root)
	case seen.Veiled:
		note(0, "processes of other users are not shown, nor are their network namespaces", root)
	}
	if seen.MountsErr != nil {
		note(0, "network namespaces without processes are not known: "+seen.MountsErr.Error(), "")
	}
}

// join finds the holders of all rows with one look at the processes.
func (e *elsewhere) join(ctx context.Context) ([]*socket.Socket, error) {
	var (
		rows   []*socket.Socket
		strays bool
	)
	for _, p := range e.parts {
		rows = append(rows, p.rows...)
		strays = strays || p.strayProtos() != 0
	}
	if len(e.parts) == 0 || len(rows) == 0 && !strays {
		return nil, nil
	}
	first := e.parts[0]
	if !first.query.Details.Has(socket.DetailOwners) {
		return e.each(func(p *part) ([]*socket.Socket, error) {
			return slices.DeleteFunc(p.rows, func(s *socket.Socket) bool { return !p.admits(s) }), nil
		})
	}
	l, err := first.look(ctx, rows, strays)
	if err != nil {
		return nil, err
	}
	rows, err = e.each(func(p *part) ([]*socket.Socket, error) {
		p.sightless = first.sightless
		return p.settle(ctx, p.rows, l)
	})
	if err != nil {
		return nil, err
	}
	first.noteHidden(rows, l.found)
	return rows, nil
}

// each joins the rows that f makes of each part, and adds what was counted to
// the counts of the first.
func (e *elsewhere) each(f func(*part) ([]*socket.Socket, error)) ([]*socket.Socket, error) {
	var all []*socket.Socket
	first := e.parts[0]
	for _, p := range e.parts {
		rows, err := f(p)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if p != first {
			first.absorb(p.collection)
		}
	}
	return all, nil
}

// absorb takes over the counts of another collection.
func (c *collection) absorb(o *collection) {
	c.vanished += o.vanished
	c.doubted += o.doubted
	c.found += o.found
	c.undecided += o.undecided
	c.extras.unasked += o.extras.unasked
	c.extras.why = cmp.Or(c.extras.why, o.extras.why)
	o.vanished, o.doubted, o.found, o.undecided, o.extras.unasked = 0, 0, 0, 0, 0
}

// notes are the notices of all parts. What several have to say is said once.
func (e *elsewhere) notes() []socket.Notice {
	all := e.notices
	if e.refused > 0 {
		all = append(all, socket.Notice{
			Code: "netns-refused", Count: e.refused,
			Message: fmt.Sprintf("%s could not be looked into: %v", count(e.refused, "other network namespace"), e.why),
			Hint:    "run as root to search them all",
		})
	}
	alike := map[socket.Notice][]*part{}
	var order []socket.Notice
	for _, p := range e.parts {
		for _, n := range p.finish().Notices {
			if len(alike[n]) == 0 {
				order = append(order, n)
			}
			alike[n] = append(alike[n], p)
		}
	}
	for _, n := range order {
		parts := alike[n]
		if len(parts) > 1 {
			n.Message += fmt.Sprintf(" (in %d other network namespaces)", len(parts))
		} else if aboutTables(n) {
			n.Message += fmt.Sprintf(" (in network namespace %s)", parts[0].ns.Label())
		}
		all = append(all, n)
	}
	return all
}

// aboutTables reports whether a notice is about one namespace, and not about the
// processes, which are those of all.
func aboutTables(n socket.Notice) bool {
	switch n.Code {
	case "sock-diag-unavailable", "unix-forgeable", "table-malformed", "table-unreadable", "table-incomplete",
		"protocol-absent", "no-diag-module", "details-unavailable", "marks-hidden":
		return true
	}
	return false
}
