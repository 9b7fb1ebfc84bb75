package sockdiag

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netlink"
)

// Dial opens a sock_diag socket in the calling thread's network namespace.
func Dial() (Conn, error) {
	s, err := netlink.Open(unix.NETLINK_SOCK_DIAG, "sock_diag")
	if err != nil {
		return nil, err
	}
	if err := s.Option(unix.NETLINK_EXT_ACK); err != nil {
		_ = s.Close() // nothing was written to it
		return nil, fmt.Errorf("open sock_diag: extended ack: %w", err)
	}
	return s, nil
}
