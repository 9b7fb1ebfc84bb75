package live

import (
	"net"
	"strconv"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Subscribe opens subscriptions in a network namespace, nil for that of the
// calling thread.
func Subscribe(ns *netns.Namespace) func(socket.ProtoSet, []uint16) (sockdiag.EventConn, error) {
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

// ifName names an interface as the tables do that show only its number. Of those
// of other namespaces it knows no more.
func ifName(index uint32) string {
	if link, err := net.InterfaceByIndex(int(index)); err == nil {
		return link.Name
	}
	return "if" + strconv.FormatUint(uint64(index), 10)
}
