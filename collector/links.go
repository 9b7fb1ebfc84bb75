//go:build linux

package collector

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// linkName names a network interface of this network namespace, "if7" for an
// index that has no name any more. /sys would show those of the namespace it
// was mounted in. The socket that the question takes is closed at once, or it
// would be among the sockets that are listed.
func linkName(index uint32) string {
	unnamed := "if" + strconv.FormatUint(uint64(index), 10)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return unnamed
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("")
	if err != nil {
		return unnamed
	}
	request.SetUint32(index)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFNAME, request); err != nil {
		return unnamed
	}
	return request.Name()
}
