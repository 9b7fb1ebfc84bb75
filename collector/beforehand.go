//go:build linux

package collector

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
)

// beforehand looks at the processes before the tables where the filter names
// those that have to hold the socket: what they hold is little, and a table of
// a million rows need not be kept to be matched with all processes later.
// It leaves held nil where it cannot tell for certain.
func (c *collection) beforehand(ctx context.Context) error {
	required := requiredHolders(c.query.Filter)
	if len(required) == 0 || c.inNestedPIDNS() {
		return nil
	}
	pids, all := c.matchingPIDs(required)
	if !all {
		return nil
	}
	found, err := owner.Proc{FS: c.proc}.Find(ctx, owner.Want{Inodes: owner.NewInodes(0), Strays: true, PIDs: pids})
	if err != nil {
		return ctx.Err() // other faults will show again, and be told of, when owners are looked for
	}
	if found.Denied > 0 || found.Starved > 0 {
		return nil
	}
	held := owner.NewInodes(len(found.Strays))
	for _, d := range found.Strays {
		held.Add(d.Inode)
	}
	c.held = held
	return nil
}

// requiredHolders are predicates about what is quickly read of a process, of
// which one at least must be true for e to be; none if there is no such list.
func requiredHolders(e filter.Expr) filter.Or {
	switch x := e.(type) {
	case filter.PID:
		return filter.Or{x}
	case filter.Process:
		switch x.Text {
		case filter.ProcessName, filter.ProcessCommand, filter.ProcessExe:
			return filter.Or{x}
		}
	case filter.And:
		for _, part := range x {
			if required := requiredHolders(part); len(required) > 0 {
				return required
			}
		}
	case filter.Or:
		var all filter.Or
		for _, part := range x {
			required := requiredHolders(part)
			if len(required) == 0 {
				return nil
			}
			all = append(all, required...)
		}
		return all
	}
	return nil
}

// matchingPIDs are the processes of which one of the predicates is true, and
// whether every process of the machine could be asked.
func (c *collection) matchingPIDs(required filter.Or) (pids []int32, all bool) {
	entries, err := os.ReadDir(c.proc.Dir())
	if err != nil {
		return nil, false
	}
	process := &socket.Process{}
	probe := &socket.Socket{Processes: []socket.Holder{{Process: process}}}
	details := filter.Details(required)
	pids = []int32{} // nil would mean all of them
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		whole, err := c.identify(pid, details, process)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH):
			continue // it has ended
		case err != nil:
			return nil, false
		}
		if !whole || filter.Eval(required, probe, details) == socket.Yes {
			pids = append(pids, int32(pid))
		}
	}
	// Where processes of others are not listed, the first one is not.
	return pids, slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "1" })
}

// identify reads those facts of a process by which a filter may ask for it. They
// are not whole where its main thread has exited, and the kernel tells them only
// of the threads that live on.
func (c *collection) identify(pid int, details socket.Detail, p *socket.Process) (whole bool, err error) {
	*p = socket.Process{PID: pid}
	if p.Name, err = c.proc.Comm(pid); err != nil {
		return false, err
	}
	whole = true
	if details.Has(socket.DetailCommand) {
		if p.Command, err = c.proc.Command(pid); err != nil {
			return false, err
		}
		whole = p.Command != ""
	}
	if details.Has(socket.DetailExe) {
		p.Exe, err = c.proc.Exe(pid)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
	}
	return whole, err
}
