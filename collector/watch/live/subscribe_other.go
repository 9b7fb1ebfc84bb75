//go:build !linux

package live

import (
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Subscribe is nil: nobody tells of destroyed sockets here.
func Subscribe(*netns.Namespace) func(socket.ProtoSet, []uint16) (sockdiag.EventConn, error) {
	return nil
}

func ifName(uint32) string { return "" }
