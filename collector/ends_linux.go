package collector

import (
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Ends opens subscriptions to the sockets that are destroyed in a network
// namespace, nil for that of the calling thread. It is nil where nobody tells.
func Ends(ns *netns.Namespace) func(socket.ProtoSet, []uint16) (sockdiag.EventConn, error) {
	if ns == nil {
		return sockdiag.DialEvents
	}
	return func(protos socket.ProtoSet, ports []uint16) (conn sockdiag.EventConn, err error) {
		enterErr := netns.Do(*ns, func() error {
			conn, err = sockdiag.DialEvents(protos, ports)
			return err
		})
		return conn, enterErr
	}
}
