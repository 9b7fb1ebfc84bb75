package rtnetlink

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netlink"
)

// dial opens a netlink socket in the calling thread's network namespace.
func dial(protocol int) (Conn, error) {
	s, err := netlink.Open(protocol, "netlink")
	if err != nil {
		return nil, err
	}
	if protocol == unix.NETLINK_ROUTE {
		// Without it a request for one routing table lists all, which is what a
		// kernel before 4.20 does; they are told apart here then.
		if err := s.Option(unix.NETLINK_GET_STRICT_CHK); err != nil {
			_ = s.Close() // nothing was written to it
			return nil, fmt.Errorf("open netlink: strict requests: %w", err)
		}
	}
	return s, nil
}
