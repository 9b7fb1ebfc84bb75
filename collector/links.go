//go:build linux

package collector

import (
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// links names the network interfaces of the network namespace that it was
// opened in, by the thread that opened it. /sys would show those of the
// namespace it was mounted in.
type links struct{ fd int }

func openLinks() links {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return links{fd: -1} // every name is then a number
	}
	return links{fd: fd}
}

func (l links) close() {
	if l.fd >= 0 {
		_ = unix.Close(l.fd) // held no data
	}
}

// name returns "if7" for an index that has no name any more.
func (l links) name(index uint32) string {
	unnamed := "if" + strconv.FormatUint(uint64(index), 10)
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

// index is that of the interface of this name.
func (l links) index(name string) (uint32, bool) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, false
	}
	if err := unix.IoctlIfreq(l.fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, false
	}
	return request.Uint32(), true
}

// links opens those of the namespace that is looked into.
func (l *linux) links() links {
	opened := links{fd: -1}
	_ = l.proc.Inside(func() error { // where it fails, every name is a number
		opened = openLinks()
		return nil
	})
	return opened
}

// linkName names an interface of the namespace that is looked into. The socket
// that the question takes is closed at once, or it would be among those listed.
func (l *linux) linkName(index uint32) string {
	opened := l.links()
	defer opened.close()
	return opened.name(index)
}

// linkIndex is the reverse of linkName.
func (l *linux) linkIndex(name string) (uint32, bool) {
	opened := l.links()
	defer opened.close()
	return opened.index(name)
}

// linkIndexes are those of all interfaces of the namespace that is looked into.
func (l *linux) linkIndexes() []uint32 {
	var interfaces []net.Interface
	_ = l.proc.Inside(func() (err error) { // where it fails, there are none
		interfaces, err = net.Interfaces()
		return err
	})
	indexes := make([]uint32, len(interfaces))
	for i := range interfaces {
		indexes[i] = uint32(interfaces[i].Index)
	}
	return indexes
}
