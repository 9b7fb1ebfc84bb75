//go:build linux

package collector

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// manySockets is from where on the walk through the bind table is worth a
// connection of its own: it takes a fifth of the time of the whole dump and
// finds next to nothing.
const manySockets = 4_000

// apart reports whether the bound TCP sockets are better asked for beside the
// others than before them. Asked for alone they cost a walk through the
// connections as well, which is worth it only where that is little beside what
// the others cost: without a filter, or where a filter lets everything through
// for their sake.
func (r *reader) apart(q sockdiag.Request) bool {
	bound := socket.StateSetOf(socket.Bound)
	if q.Proto != socket.TCP || q.States&bound == 0 || q.States&^bound == 0 {
		return false
	}
	if q.Filter != nil && !sockdiag.BoundWidens(q) {
		return false
	}
	n, err := r.proc.TCPAllocated()
	return err == nil && n >= manySockets
}

// boundRows are the bound sockets found beside another dump. A socket that
// connects meanwhile may be seen by both, first as bound; then it is connected.
type boundRows struct {
	mu    sync.Mutex
	kept  socket.Rows
	rows  map[uint64]*socket.Socket // by cookie
	found atomic.Int64              // len(rows), to be asked for each row of the other
}

func (b *boundRows) add(s *socket.Socket) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows[s.Cookie] = b.kept.Add(s)
	b.found.Store(int64(len(b.rows)))
	return nil
}

// saw notes a socket of the other dump.
func (b *boundRows) saw(cookie uint64) {
	if b.found.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.rows, cookie)
	b.found.Store(int64(len(b.rows)))
}

// dumpApart is Dump with the bind table walked at the same time.
func (r *reader) dumpApart(ctx context.Context, q sockdiag.Request, yield func(*socket.Socket) error) error {
	conn, err := r.connection()
	if err != nil {
		return r.client.Dump(ctx, q, yield)
	}
	b := &boundRows{rows: map[uint64]*socket.Socket{}}
	ended := make(chan error, 1)
	ask := q
	ask.States = socket.StateSetOf(socket.Bound)
	names := r.links() // here: the goroutine's thread may be in another namespace
	ask.IfIndex = names.index
	go func() {
		defer names.close()
		client := sockdiag.NewClient(conn, names.name)
		err := client.Dump(ctx, ask, b.add)
		_ = client.Close() // nothing was written to it that could be lost
		ended <- err
	}()
	q.States &^= ask.States
	n := 0
	err = r.client.Dump(ctx, q, func(s *socket.Socket) error {
		n++
		b.saw(s.Cookie)
		return yield(s)
	})
	boundErr := <-ended
	if err != nil {
		return err
	}
	for _, s := range b.kept.All {
		if b.rows[s.Cookie] == s {
			n++
			if err := yield(s); err != nil {
				return err
			}
		}
	}
	// The rows of the other dump have gone out and must not be read elsewhere.
	var failed *sockdiag.Error
	if errors.As(boundErr, &failed) {
		return &sockdiag.Error{Proto: q.Proto, Rows: n, Err: failed.Err}
	}
	return boundErr
}
