package live

import (
	"context"
	"errors"
	"fmt"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// OwnerDetails are those that are looked for in processes, and not at each look.
const OwnerDetails = socket.DetailOwners | socket.DetailCommand | socket.DetailExe | socket.DetailStarted |
	socket.DetailProcessUser | socket.DetailContext | socket.DetailReuse | socket.DetailDir | socket.DetailParents |
	socket.DetailWorkload

// Source implements watch.Source.
type Source struct {
	collector collector.Collector
	query     collector.Query // of the looks
	details   socket.Detail   // of the holders
	namespace *netns.Namespace
}

// New is the source of what q chooses, by c, which looks into a network namespace,
// nil for this one. It returns the view of q as well.
func New(c collector.Collector, q collector.Query, ns *netns.Namespace) (*Source, watch.View) {
	v := watch.View{Protos: q.Protos, IPv4: q.IPv4, IPv6: q.IPv6, States: q.States, Filter: q.Filter, Details: q.Details}
	s := &Source{collector: c, query: q, details: q.Details, namespace: ns}
	s.query.States, s.query.Filter = v.Candidates()
	s.query.Details &^= OwnerDetails
	return s, v
}

// Look implements watch.Source. It leaves out the netlink sockets by which it looks.
func (s *Source) Look(ctx context.Context, yield func(*socket.Socket) error) (socket.Report, error) {
	var ours map[uint64]bool
	return s.collector.Collect(ctx, s.query, func(row *socket.Socket) error {
		if row.Proto == socket.Netlink {
			if ours == nil {
				ours = own()
			}
			if ours[row.Inode] {
				return nil
			}
		}
		return yield(row)
	})
}

// Identify implements watch.Source.
func (s *Source) Identify(ctx context.Context, rows []*socket.Socket) (socket.Report, error) {
	finder, ok := s.collector.(collector.HolderFinder)
	if !ok {
		return socket.Report{}, fmt.Errorf("holders of single sockets: %w", errors.ErrUnsupported)
	}
	q := s.query
	q.Details = s.details
	return finder.FindHolders(ctx, q, rows)
}

// Subscribe implements watch.Source.
func (s *Source) Subscribe() (watch.Subscription, error) {
	subscribe := collector.Ends(s.namespace)
	if subscribe == nil {
		return nil, errors.ErrUnsupported
	}
	protos := s.query.Protos & watch.Told
	if protos == 0 {
		return nothing{}, nil
	}
	conn, err := subscribe(protos, nil)
	if err != nil {
		return nil, err
	}
	return subscription{sockdiag.NewEvents(conn, linkName(s.namespace), socket.DetailTCPInfo, sockdiag.TailUnknown)}, nil
}

// subscription implements watch.Subscription.
type subscription struct{ events *sockdiag.Events }

// Listen implements watch.Subscription.
func (s subscription) Listen(ctx context.Context, hear func(*socket.Socket, int) error) error {
	defer s.events.Close() // it was only read
	return s.events.Watch(ctx, func(e sockdiag.Event) error { return hear(e.Socket, e.Missing) })
}

// MoreMissing implements watch.Subscription.
func (s subscription) MoreMissing() int { return s.events.MoreMissing() }

// Close implements watch.Subscription.
func (s subscription) Close() error { return s.events.Close() }

// nothing is a subscription to protocols of which the kernel tells nothing.
type nothing struct{}

// Listen implements watch.Subscription.
func (nothing) Listen(ctx context.Context, _ func(*socket.Socket, int) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// MoreMissing implements watch.Subscription.
func (nothing) MoreMissing() int { return 0 }

// Close implements watch.Subscription.
func (nothing) Close() error { return nil }
