package portable

import (
	"context"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// linuxHost is the running system through gopsutil alone.
type linuxHost struct{ library }

// Release implements Host.
func (linuxHost) Release(context.Context) string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

// NewLinux is the collector of this package on Linux, where all that is made of what
// gopsutil hands over can be held against the truth.
func NewLinux() *Collector {
	return newCollector(&system{
		name: "Linux", read: readWindows, owners: "gopsutil",
		details: socket.DetailOwners | processDetails | socket.DetailUser,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
	}, linuxHost{}, true)
}
