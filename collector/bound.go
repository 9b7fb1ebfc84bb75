//go:build linux

package collector

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// manySockets is from where on the walk through the bind table is worth a
// connection of its own: it takes a fifth of the time of the whole dump and
// finds next to nothing.
const manySockets = 20_000

// apart reports whether the bound TCP sockets are better asked for beside the
// others than before them.
func (r *reader) apart(q sockdiag.Request) bool {
	bound := socket.StateSetOf(socket.Bound)
	if q.Proto != socket.TCP || q.States&bound == 0 || q.States&^bound == 0 {
		return false
	}
	n, err := r.proc.TCPAllocated()
	return err == nil && n >= manySockets
}

// boundRows are the bound sockets found beside another dump. A socket that
// connects meanwhile may be seen by both, and then it is connected.
type boundRows struct {
	done  atomic.Bool
	ended chan error
	rows  map[uint64]*socket.Socket // by cookie; the reader's until done
	all   socket.Rows
	early []uint64 // cookies that the other dump saw before that
}

// dumpApart is Dump with the bind table walked at the same time.
func (r *reader) dumpApart(ctx context.Context, q sockdiag.Request, yield func(*socket.Socket) error) error {
	conn, err := r.dial()
	if err != nil {
		return r.client.Dump(ctx, q, yield)
	}
	b := &boundRows{ended: make(chan error, 1), rows: map[uint64]*socket.Socket{}}
	ask := q
	ask.States = socket.StateSetOf(socket.Bound)
	names := openLinks() // here: the goroutine's thread may be in another namespace
	go func() {
		defer names.close()
		client := sockdiag.NewClient(conn, names.name)
		err := client.Dump(ctx, ask, func(s *socket.Socket) error {
			b.rows[s.Cookie] = b.all.Add(s)
			return nil
		})
		_ = client.Close() // nothing was written to it that could be lost
		b.done.Store(true)
		b.ended <- err
	}()
	q.States &^= ask.States
	n := 0
	err = r.client.Dump(ctx, q, func(s *socket.Socket) error {
		n++
		b.saw(s.Cookie)
		return yield(s)
	})
	boundErr := <-b.ended
	if err != nil {
		return err
	}
	for _, cookie := range b.early {
		delete(b.rows, cookie)
	}
	for _, s := range b.all.All {
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

// saw notes a socket of the other dump.
func (b *boundRows) saw(cookie uint64) {
	if b.done.Load() {
		delete(b.rows, cookie)
	} else {
		b.early = append(b.early, cookie)
	}
}
