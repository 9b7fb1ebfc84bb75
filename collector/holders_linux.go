package collector

import (
	"context"
	"fmt"
	"slices"

	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// FindHolders implements HolderFinder.
func (l *linux) FindHolders(ctx context.Context, q Query, rows []*socket.Socket) (socket.Report, error) {
	if err := spare(descriptorsNeeded); err != nil {
		return socket.Report{}, fmt.Errorf("no file descriptors left to work with: %w", err)
	}
	l, leave, err := l.inside()
	if err != nil {
		return socket.Report{}, err
	}
	defer leave()
	q.Filter = nil
	c, err := l.begin(q)
	if err != nil {
		return socket.Report{}, err
	}
	defer c.end()
	err = c.identifyAll(ctx, rows)
	return c.finish(), err
}

// identifyAll finds the holders of rows, or the reasons why they have none. Where
// a row says that by itself, nothing is looked at.
func (c *collection) identifyAll(ctx context.Context, rows []*socket.Socket) error {
	c.report.Source.Owners = owner.ByProc.String()
	l := look{finder: c.finder(), inodes: owner.NewInodes(0), found: &owner.Result{}}
	if slices.ContainsFunc(rows, func(s *socket.Socket) bool { return s.Inode != 0 }) {
		var err error
		if l, err = c.look(ctx, rows, false); err != nil {
			return err
		}
	}
	missing := c.assign(rows, l.inodes, l.found)
	c.doubtHolders(rows, l.found)
	if len(missing) > 0 {
		if err := c.account(ctx, l, rows, missing); err != nil {
			return err
		}
	}
	for _, s := range rows {
		c.complete(s)
	}
	c.vanished = 0 // which is no news to whoever looks again
	c.noteHidden(rows, l.found)
	return nil
}

// account finds the reasons of the rows that ought to have a holder. Where some
// processes could not be looked into, the tables would not tell more than that.
func (c *collection) account(ctx context.Context, l look, rows []*socket.Socket, missing []int) error {
	if c.sightless || l.found.Denied > 0 || l.found.Starved > 0 || l.found.Veiled {
		c.eliminate(ctx, l.finder, l.found, rows, missing)
		return nil
	}
	kept, err := c.explain(ctx, l.finder, l.found, slices.Clone(rows), missing)
	if err != nil {
		return err
	}
	stands := make(map[*socket.Socket]bool, len(kept))
	for _, s := range kept {
		stands[s] = true
	}
	for _, i := range missing {
		if !stands[rows[i]] {
			rows[i].NoProcess = socket.ReasonUnknown
		}
	}
	return nil
}
