//go:build !linux

package collector

import (
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Ends is nil: nobody tells of destroyed sockets here.
func Ends(*netns.Namespace) func(socket.ProtoSet, []uint16) (sockdiag.EventConn, error) { return nil }
