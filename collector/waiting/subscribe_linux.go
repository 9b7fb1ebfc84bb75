package waiting

import (
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Subscribe subscribes in the calling thread's network namespace.
func Subscribe(protos socket.ProtoSet, ports []uint16) (sockdiag.EventConn, error) {
	return sockdiag.DialEvents(protos, ports)
}
