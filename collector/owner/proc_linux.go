package owner

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sorting"
)

// Proc walks /proc/PID/fd. It needs no privilege for the caller's own
// processes and CAP_SYS_PTRACE for those of others.
type Proc struct {
	FS procfs.FS
	// Root is the directory that stands for "/" where container engines have
	// their files; "" means that.
	Root string
}

// Name implements Finder.
func (p Proc) Name() string { return "proc" }

// maxWorkers is where more threads stop to gain: they contend for the same
// directory locks, and an inspector must leave the machine to its work.
const maxWorkers = 4

// maxRounds bounds how often the list of processes is read again.
const maxRounds = 3

// Find implements Finder. Processes that were born while others were looked
// at may have inherited a socket from one that is gone by now, so as long as a
// wanted socket has no holder the new ones are visited too.
func (p Proc) Find(ctx context.Context, w Want) (*Result, error) {
	path := p.FS.Dir()
	root, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(root)

	facts := newFacts(p.FS, p.Root, w.Details)
	workers := make([]walker, min(maxWorkers, runtime.GOMAXPROCS(0)))
	for i := range workers {
		workers[i] = walker{root: root, want: w, facts: facts, compares: ownPIDs(root)}
	}
	limit := map[int32]bool{}
	for _, pid := range w.PIDs {
		limit[pid] = true
	}
	visited := map[int32]bool{}
	result := &Result{}
	for range maxRounds {
		pids, err := listPIDs(root)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", path, err)
		}
		if len(visited) == 0 && w.PIDs == nil {
			result.Veiled = !slices.Contains(pids, 1)
		}
		pids = slices.DeleteFunc(pids, func(pid int32) bool {
			return visited[pid] || w.PIDs != nil && !limit[pid]
		})
		if len(pids) == 0 {
			break
		}
		visit(ctx, workers, pids)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result.merge(w, workers)
		if result.complete() {
			break
		}
		for _, pid := range pids {
			visited[pid] = true
		}
	}
	return result, nil
}

// visit shares the processes among the workers, one at a time: a few of them
// often hold most of the machine's descriptors.
func visit(ctx context.Context, workers []walker, pids []int32) {
	const worthOne = 8 // a worker is not started for fewer processes
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	for i := range workers[:min(len(workers), len(pids)/worthOne+1)] {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(pids) {
					return
				}
				workers[i].visit(pids[n])
			}
		})
	}
	wg.Wait()
}

// merge gathers what all workers have found so far.
func (r *Result) merge(w Want, workers []walker) {
	r.Strays, r.Rings, r.Denied, r.Starved, r.DeniedPID = nil, nil, 0, 0, 0
	found := make([][]Held, 0, len(workers))
	for i := range workers {
		found = append(found, workers[i].held)
		r.Strays = append(r.Strays, workers[i].strays...)
		r.Rings = append(r.Rings, workers[i].rings...)
		r.Denied += workers[i].denied
		if pid := int(workers[i].deniedPID); pid != 0 && (r.DeniedPID == 0 || pid < r.DeniedPID) {
			r.DeniedPID = pid
		}
		r.Starved += workers[i].starved
	}
	r.held, r.starts = group(w.Inodes.Len(), found)
	sorting.Stable(r.Strays, compareDescriptors)
}
