package descriptor

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// Reuse asks the socket with this inode behind a descriptor whether others may
// have its address and its port, which no table tells, and IPV6_V6ONLY, which
// sock_diag does not tell of those that have a peer: Unknown for other families.
func (i *Inspector) Reuse(pid, tid, fd int, inode uint64) (reuse socket.Reuse, v6only socket.Tri, err error) {
	dup, err := i.duplicate(pid, tid, fd)
	if err != nil {
		return reuse, v6only, err
	}
	defer unix.Close(dup)
	if _, err := ownerOf(dup, inode); err != nil {
		return reuse, v6only, err
	}
	address, err := unix.GetsockoptInt(dup, unix.SOL_SOCKET, unix.SO_REUSEADDR)
	if err != nil {
		return reuse, v6only, fmt.Errorf("getsockopt SO_REUSEADDR: %w", err)
	}
	port, err := unix.GetsockoptInt(dup, unix.SOL_SOCKET, unix.SO_REUSEPORT)
	if err != nil {
		return reuse, v6only, fmt.Errorf("getsockopt SO_REUSEPORT: %w", err)
	}
	if only, err := unix.GetsockoptInt(dup, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY); err == nil { // else it is no IPv6 socket
		v6only = socket.TriOf(only != 0)
	}
	return socket.Reuse{Address: socket.TriOf(address != 0), Port: socket.TriOf(port != 0)}, v6only, nil
}
