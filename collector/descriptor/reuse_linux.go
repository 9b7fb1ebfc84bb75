package descriptor

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// Reuse asks the socket with this inode behind a descriptor whether others may
// have its address and its port, which no table tells.
func (i *Inspector) Reuse(pid, tid, fd int, inode uint64) (socket.Reuse, error) {
	dup, err := i.duplicate(pid, tid, fd)
	if err != nil {
		return socket.Reuse{}, err
	}
	defer unix.Close(dup)
	if _, err := ownerOf(dup, inode); err != nil {
		return socket.Reuse{}, err
	}
	address, err := unix.GetsockoptInt(dup, unix.SOL_SOCKET, unix.SO_REUSEADDR)
	if err != nil {
		return socket.Reuse{}, fmt.Errorf("getsockopt SO_REUSEADDR: %w", err)
	}
	port, err := unix.GetsockoptInt(dup, unix.SOL_SOCKET, unix.SO_REUSEPORT)
	if err != nil {
		return socket.Reuse{}, fmt.Errorf("getsockopt SO_REUSEPORT: %w", err)
	}
	reuse := socket.Reuse{Address: socket.TriOf(address != 0), Port: socket.TriOf(port != 0)}
	if v6only, err := unix.GetsockoptInt(dup, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY); err == nil { // else it is no IPv6 socket
		reuse.V6Only = socket.TriOf(v6only != 0)
	}
	return reuse, nil
}
