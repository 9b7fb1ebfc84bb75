package watch

import (
	"context"
	"time"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// destroyed is what the kernel has told of one socket, nil for others that were
// lost.
type destroyed struct {
	socket  *socket.Socket
	at      time.Time
	missing int
}

// backlog is how many destroyed sockets wait for a look to end. When there are
// more, they wait in the kernel, which in the end has to drop some.
const backlog = 16 << 10

// ear hears of destroyed sockets while looks are taken.
type ear struct {
	sub   Subscription
	heard chan destroyed // closed when there is nothing more to hear
	// why nothing more is heard, once heard is closed.
	why  error
	stop context.CancelFunc
}

// listen begins to hear of those that a view is concerned with.
func listen(ctx context.Context, sub Subscription, v *View) *ear {
	ctx, stop := context.WithCancel(ctx)
	e := &ear{sub: sub, heard: make(chan destroyed, backlog), stop: stop}
	_, lasting := v.Candidates()
	go e.run(ctx, v, lasting)
	return e
}

func (e *ear) run(ctx context.Context, v *View, lasting filter.Expr) {
	defer close(e.heard)
	e.why = e.sub.Listen(ctx, func(s *socket.Socket, missing int) error {
		d := destroyed{at: time.Now(), missing: missing}
		if s != nil {
			if !v.concerns(s, lasting) {
				return nil
			}
			kept := *s
			kept.Details = s.Details.Clone()
			d.socket = &kept
		}
		select {
		case e.heard <- d:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// close ends the subscription, and waits for the end.
func (e *ear) close() {
	e.stop()
	for range e.heard {
		continue // so that it does not wait for room
	}
}
