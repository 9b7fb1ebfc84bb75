//go:build linux

package collector

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// links names network interfaces of this network namespace. /sys would show
// those of the namespace it was mounted in.
type links struct {
	fd   int
	open bool
}

// name returns "if7" for an index that has no name any more.
func (l *links) name(index uint32) string {
	unnamed := "if" + strconv.FormatUint(uint64(index), 10)
	if !l.open {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return unnamed
		}
		l.fd, l.open = fd, true
	}
	request, err := unix.NewIfreq("")
	if err != nil {
		return unnamed
	}
	request.SetUint32(index)
	if err := unix.IoctlIfreq(l.fd, unix.SIOCGIFNAME, request); err != nil {
		return unnamed
	}
	return request.Name()
}

func (l *links) close() {
	if l.open {
		_ = unix.Close(l.fd) // held no data
	}
}
