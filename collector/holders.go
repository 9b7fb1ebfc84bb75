package collector

import (
	"context"

	"github.com/sockls/sockls/collector/socket"
)

// HolderFinder is a Collector that can be asked for the holders of a few sockets,
// by somebody who looks again and again and knows those of all others already.
type HolderFinder interface {
	Collector
	// FindHolders gives rows of the same system, which were collected by q without
	// DetailOwners, their Processes or NoProcess. A row that has changed since is
	// brought up to date; one whose socket is gone has ReasonUnknown. The filter of
	// q is not asked.
	FindHolders(ctx context.Context, q Query, rows []*socket.Socket) (socket.Report, error)
}
