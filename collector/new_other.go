//go:build !linux

package collector

import (
	"context"
	"fmt"

	"github.com/sockls/sockls/collector/portable"
	"github.com/sockls/sockls/collector/socket"
)

// New returns the collector of this system.
func New(o Options) (Collector, error) {
	if o.NetNS != nil {
		return nil, fmt.Errorf("network namespaces: %w", portable.ErrUnsupported)
	}
	c, err := portable.New()
	if err != nil {
		return nil, err
	}
	return &elsewhere{c}, nil
}

// elsewhere is a system that is not Linux. It is the Collector of package portable,
// which cannot name the types of this one.
type elsewhere struct{ *portable.Collector }

var _ HolderFinder = (*elsewhere)(nil)

// Collect implements Collector.
func (e *elsewhere) Collect(ctx context.Context, q Query, yield func(*socket.Socket) error) (socket.Report, error) {
	return e.Collector.Collect(ctx, portable.Query(q), yield)
}

// FindHolders implements HolderFinder.
func (e *elsewhere) FindHolders(ctx context.Context, q Query, rows []*socket.Socket) (socket.Report, error) {
	return e.Collector.FindHolders(ctx, portable.Query(q), rows)
}
