//go:build !linux

package waiting

import (
	"errors"

	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Subscribe fails: nobody tells of destroyed sockets here.
func Subscribe(socket.ProtoSet, []uint16) (sockdiag.EventConn, error) {
	return nil, errors.ErrUnsupported
}
