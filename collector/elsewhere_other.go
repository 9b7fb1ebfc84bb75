//go:build !linux

package collector

import (
	"context"

	"github.com/sockls/sockls/collector/socket"
)

// Elsewhere finds nothing: only Linux has other network namespaces.
func Elsewhere(context.Context, Options, Query) ([]*socket.Socket, []socket.Notice, error) {
	return nil, nil, nil
}
