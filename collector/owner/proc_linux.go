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

	workers := newWalkers(root, w, newFacts(p.FS, p.Root, w.Details))
	result := &Result{Way: ByProc}
	if err := result.rounds(ctx, w, root, workers, findings{}, map[int32]bool{}); err != nil {
		return nil, err
	}
	return result, nil
}

// rounds has the workers look at all processes but those that were visited, and
// then at those that were born meanwhile, as long as something has no holder. The
// rest is what was found before.
func (r *Result) rounds(ctx context.Context, w Want, root int, workers []walker, rest findings, visited map[int32]bool) error {
	limit := map[int32]bool{}
	for _, pid := range w.PIDs {
		limit[pid] = true
	}
	for round := range maxRounds {
		pids, err := listPIDs(root)
		if err != nil {
			return fmt.Errorf("list processes: %w", err)
		}
		if round == 0 && w.PIDs == nil {
			r.Veiled = !slices.Contains(pids, 1) && !visited[1]
		}
		pids = slices.DeleteFunc(pids, func(pid int32) bool {
			return visited[pid] || w.PIDs != nil && !limit[pid]
		})
		if len(pids) == 0 && round > 0 {
			return nil
		}
		visit(ctx, workers, pids)
		if err := ctx.Err(); err != nil {
			return err
		}
		r.merge(w, workers, rest)
		if r.complete() {
			return nil
		}
		for _, pid := range pids {
			visited[pid] = true
		}
	}
	return nil
}

// newWalkers makes as many workers as are worth it.
func newWalkers(root int, w Want, f facts) []walker {
	workers := make([]walker, min(maxWorkers, runtime.GOMAXPROCS(0)))
	compares := ownPIDs(root)
	for i := range workers {
		workers[i] = walker{root: root, want: w, facts: f, compares: compares}
	}
	return workers
}

// visit has the workers look at processes.
func visit(ctx context.Context, workers []walker, pids []int32) {
	share(ctx, workers, len(pids), func(w *walker, i int) { w.visit(pids[i]) })
}

// share has the workers do n things, one at a time: a few processes often hold
// most of the machine's descriptors.
func share(ctx context.Context, workers []walker, n int, do func(w *walker, i int)) {
	const worthOne = 8 // a worker is not started for fewer processes
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	for i := range workers[:min(len(workers), n/worthOne+1)] {
		wg.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= n {
					return
				}
				do(&workers[i], k)
			}
		})
	}
	wg.Wait()
}

// merge gathers what all workers have found so far, and what was found before.
func (r *Result) merge(w Want, workers []walker, rest findings) {
	r.Strays, r.Rings = slices.Clone(rest.strays), slices.Clone(rest.rings)
	r.Denied, r.Starved, r.DeniedPID = 0, 0, 0
	found := make([][]Held, 0, len(workers)+1)
	found = append(found, rest.held)
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
	sorting.Stable(r.Rings, compareDescriptors)
}
