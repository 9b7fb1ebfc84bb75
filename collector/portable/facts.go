package portable

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// processDetails are those that facts of processes give.
const processDetails = socket.DetailCommand | socket.DetailExe | socket.DetailStarted | socket.DetailProcessUser |
	socket.DetailDir | socket.DetailParents

// workers is how many processes are asked about at a time: what is asked runs a
// program on some systems.
const workers = 4

// factCache remembers what is known of processes from one look to the next. A
// process is known by its pid and the time it was started.
type factCache struct {
	host Host

	mu    sync.Mutex
	known map[int32]*known
}

// known is a process that was asked about.
type known struct {
	created time.Time
	asked   socket.Detail
	facts   Facts
	err     error
}

// look asks about processes. A process that has gone has no entry in the answer.
// What is remembered of processes that are not among pids is forgotten.
func (c *factCache) look(ctx context.Context, pids []int32, want socket.Detail) (map[int32]*known, error) {
	want &= processDetails
	found := make(map[int32]*known, len(pids))
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
	)
	queue := make(chan int32)
	for range min(workers, len(pids)) {
		wait.Go(func() {
			for pid := range queue {
				if k := c.one(ctx, pid, want); !errors.Is(k.err, ErrGone) {
					mu.Lock()
					found[pid] = k
					mu.Unlock()
				}
			}
		})
	}
	for _, pid := range pids {
		if ctx.Err() != nil {
			break
		}
		queue <- pid
	}
	close(queue)
	wait.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	c.mu.Lock()
	c.known = found
	c.mu.Unlock()
	return found, nil
}

// one asks about one process, unless it is the one that was asked about before.
// A pid that has changed hands while it was asked about is asked about again.
func (c *factCache) one(ctx context.Context, pid int32, want socket.Detail) *known {
	c.mu.Lock()
	before := c.known[pid]
	c.mu.Unlock()
	const tries = 3
	var k *known
	for range tries {
		created, err := c.host.Created(ctx, pid)
		if err != nil {
			return &known{err: err}
		}
		if before != nil && !created.IsZero() && before.created.Equal(created) && before.asked&want == want && before.err == nil {
			return before
		}
		k = &known{created: created, asked: want}
		if k.facts, k.err = c.host.Process(ctx, pid, want); errors.Is(k.err, ErrGone) {
			return k
		}
		after, err := c.host.Created(ctx, pid)
		switch {
		case err != nil:
			return &known{err: err}
		case after.Equal(created):
			return k
		}
	}
	return k
}

// process is the model's of a pid that a row names.
func (k *known) process(pid int32, name string) *socket.Process {
	p := &socket.Process{PID: int(pid), Name: name}
	if k == nil {
		return p
	}
	f := &k.facts
	if f.Name != "" {
		p.Name = f.Name
	}
	p.Command, p.Exe, p.Dir = f.Command, f.Exe, f.Dir
	p.UID, p.HasUID, p.User = f.UID, f.HasUID, f.User
	if k.asked.Has(socket.DetailStarted) {
		p.Started = k.created
	}
	return p
}

// ancestors are the processes above one. A parent that is younger than its child
// is another process with the pid of the one that has ended.
func (c *factCache) ancestors(ctx context.Context, child *known, seen map[int32]*known) []socket.Ancestor {
	const most = 64
	var all []socket.Ancestor
	var pids []int32
	for pid := child.facts.Parent; pid > 0 && len(all) < most && !slices.Contains(pids, pid); {
		k := seen[pid]
		if k == nil {
			k = c.one(ctx, pid, socket.DetailParents)
			seen[pid] = k
		}
		if k.err != nil || k.created.After(child.created) {
			break
		}
		all = append(all, socket.Ancestor{PID: int(pid), Name: k.facts.Name})
		pids = append(pids, pid)
		pid, child = k.facts.Parent, k
	}
	return all
}
