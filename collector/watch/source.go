package watch

import (
	"context"

	"github.com/sockls/sockls/collector/socket"
)

// Told are the protocols of whose sockets the kernel tells when they are destroyed.
const Told = socket.ProtoSet(1<<socket.TCP | 1<<socket.UDP)

// Source is a machine to look at.
type Source interface {
	// Look yields every socket that can be in view, as it is now. The Socket is
	// reused for the next one.
	Look(ctx context.Context, yield func(*socket.Socket) error) (socket.Report, error)
	// Identify finds the holders of sockets, which it changes.
	Identify(ctx context.Context, rows []*socket.Socket) (socket.Report, error)
	// Held reports whether those that have held a socket still do, as far as can be
	// told by a quick look at each.
	Held(s *socket.Socket) bool
	// Subscribe opens a subscription to the sockets that are destroyed from now on.
	// It is an error where nobody tells of them.
	Subscribe() (Subscription, error)
}

// Subscription tells of destroyed sockets.
type Subscription interface {
	// Listen calls hear for each until ctx is done, which closes the subscription
	// and is the error then. The Socket is reused. It is nil where missing others
	// were lost, or 0 where nobody knows how many.
	Listen(ctx context.Context, hear func(s *socket.Socket, missing int) error) error
	// MoreMissing is how many more were lost since Listen, or this, has told of some.
	// It may be called during Listen.
	MoreMissing() int
	// Close ends a subscription that Listen was not called for.
	Close() error
}
