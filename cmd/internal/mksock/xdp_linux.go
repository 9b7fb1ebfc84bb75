package mksock

import (
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	xdpFrames    = 8
	xdpFrameSize = 2048
)

// makeXDP makes xdp:DEVICE, bound to queue 0, or a bare xdp socket. Binding
// needs a frame area and its rings (Documentation/networking/af_xdp.rst); copy
// mode works on every interface.
func makeXDP(_ *world, s *spec) ([]made, error) {
	fd, err := sockopts{}.open(unix.AF_XDP, unix.SOCK_RAW, 0)
	if err != nil {
		return nil, err
	}
	if s.address == "" {
		return []made{{fd: fd}}, nil
	}
	link, err := net.InterfaceByName(s.address)
	if err != nil {
		return nil, fmt.Errorf("device of xdp socket: %w", err)
	}
	// The mapping lives as long as the process; the socket pins it.
	area, err := unix.Mmap(-1, 0, xdpFrames*xdpFrameSize, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("map frames: %w", err)
	}
	region := unix.XDPUmemReg{
		Addr: uint64(uintptr(unsafe.Pointer(&area[0]))), Len: uint64(len(area)), Size: xdpFrameSize,
	}
	_, _, errno := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_XDP, unix.XDP_UMEM_REG,
		uintptr(unsafe.Pointer(&region)), unsafe.Sizeof(region), 0)
	if errno != 0 {
		return nil, fmt.Errorf("register frames: %w", errno)
	}
	for _, ring := range []int{unix.XDP_UMEM_FILL_RING, unix.XDP_UMEM_COMPLETION_RING, unix.XDP_RX_RING} {
		if err := unix.SetsockoptInt(fd, unix.SOL_XDP, ring, xdpFrames); err != nil {
			return nil, fmt.Errorf("make ring %d: %w", ring, err)
		}
	}
	addr := &unix.SockaddrXDP{Flags: unix.XDP_COPY, Ifindex: uint32(link.Index)}
	if err := unix.Bind(fd, addr); err != nil {
		return nil, fmt.Errorf("bind: %w", err)
	}
	return []made{{fd: fd}}, nil
}
