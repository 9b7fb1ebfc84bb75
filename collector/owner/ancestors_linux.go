package owner

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// ancestors finds the parents of processes. Many holders have the same ones, so
// what was read of a process serves all that come later: what is true of the
// parent of a process that was there when the parent was read is true of it
// still, because a process that loses its parent gets an older one.
type ancestors struct {
	proc procfs.FS
	now  func() uint64 // ticks since boot, as Lineage.Start counts them

	mu    sync.Mutex
	known map[int]ancestor
}

// ancestor is what was read of one process, and when.
type ancestor struct {
	procfs.Lineage
	read uint64
}

func newAncestors(proc procfs.FS) *ancestors {
	return &ancestors{proc: proc, now: ticksSinceBoot, known: map[int]ancestor{}}
}

// ticksSinceBoot reads the clock that start times are of, which a time namespace
// shifts alike.
func ticksSinceBoot() uint64 {
	const tick = time.Second / 100 // USER_HZ
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0 // which is before every start: nothing is taken for known
	}
	return uint64(time.Duration(ts.Nano()) / tick)
}

// of returns the ancestors of a process, the nearest first, up to one that has
// no parent in this pid namespace. It is nil where the process cannot be read,
// and ends early at an ancestor that cannot.
func (a *ancestors) of(pid int) []socket.Ancestor {
	const (
		deepest = 256
		retries = 4
	)
	child, err := a.proc.Lineage(pid)
	if err != nil {
		return nil
	}
	chain := make([]socket.Ancestor, 0, 4)
	at := pid
	for try := 0; child.Parent != 0 && len(chain) < deepest; {
		parent, ok := a.parent(at, child)
		if !ok {
			// The parent has ended since, and the process has another one now.
			if try++; try > retries {
				break
			}
			if child, err = a.again(at, child); err != nil {
				break
			}
			continue
		}
		chain = append(chain, socket.Ancestor{PID: child.Parent, Name: parent.Name})
		at, child = child.Parent, parent
	}
	return chain
}

// parent returns the parent of child, whose number is pid. It reports false when
// the process with the parent's number is gone, or cannot be the parent: one that
// got the number after the parent had ended is younger than the child.
func (a *ancestors) parent(pid int, child procfs.Lineage) (procfs.Lineage, bool) {
	a.mu.Lock()
	known, ok := a.known[child.Parent]
	a.mu.Unlock()
	// A child that is younger than the reading may be that of another process
	// with the same number.
	if ok && child.Start < known.read && known.Start < child.Start {
		return known.Lineage, true
	}
	read := a.now()
	parent, err := a.proc.Lineage(child.Parent)
	if err != nil || parent.Start > child.Start {
		return procfs.Lineage{}, false
	}
	if parent.Start == child.Start {
		// Ticks cannot tell which is older. As long as the child has this parent
		// it has not ended, and its number is its own.
		if now, err := a.proc.Lineage(pid); err != nil || now.Start != child.Start || now.Parent != child.Parent {
			return procfs.Lineage{}, false
		}
	}
	a.mu.Lock()
	a.known[child.Parent] = ancestor{Lineage: parent, read: read}
	a.mu.Unlock()
	return parent, true
}

// again reads a process whose parent was not what it had been, unless it is
// another process by now.
func (a *ancestors) again(pid int, before procfs.Lineage) (procfs.Lineage, error) {
	a.mu.Lock()
	delete(a.known, pid)
	a.mu.Unlock()
	now, err := a.proc.Lineage(pid)
	if err == nil && now.Start != before.Start {
		err = unix.ESRCH
	}
	return now, err
}
