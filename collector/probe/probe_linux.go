package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// try makes the socket and closes it.
func try(b why.Bind, listen bool) (string, error) {
	// The capabilities are the thread's, and so is the namespace.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd, err := open(b, listen)
	if fd >= 0 {
		if closeErr := unix.Close(fd); closeErr != nil && err == nil {
			return "", fmt.Errorf("probe: close: %w", closeErr)
		}
	}
	return outcome(err)
}

// open makes a socket as described, bound and perhaps listening. The descriptor
// is there whenever it is not negative, with an error too.
func open(b why.Bind, listen bool) (fd int, err error) {
	kind, protocol, err := typeOf(b.Proto)
	if err != nil {
		return -1, err
	}
	family := unix.AF_INET6
	if b.Addr.Is4() {
		family = unix.AF_INET
	}
	fd, err = unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if errors.Is(err, unix.EAFNOSUPPORT) && !b.Addr.IsValid() {
		family = unix.AF_INET
		fd, err = unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	}
	if err != nil {
		return -1, refused("make socket", err)
	}
	if err := prepare(fd, b, family); err != nil {
		return fd, err
	}
	addr, err := sockaddr(fd, b, family)
	if err != nil {
		return fd, err
	}
	if err := bind(fd, addr, b.Privileged); err != nil {
		return fd, err
	}
	if !listen || kind != unix.SOCK_STREAM {
		return fd, nil
	}
	if err := deafen(fd); err != nil {
		return fd, err
	}
	if err := unix.Listen(fd, 0); err != nil {
		return fd, refused("listen", err)
	}
	return fd, nil
}

func typeOf(p socket.Proto) (kind, protocol int, err error) {
	switch p {
	case socket.TCP:
		return unix.SOCK_STREAM, unix.IPPROTO_TCP, nil
	case socket.UDP:
		return unix.SOCK_DGRAM, unix.IPPROTO_UDP, nil
	case socket.UDPLite:
		return unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE, nil
	}
	return 0, 0, fmt.Errorf("probe: %s has no ports to bind", p)
}

// prepare sets what has to be there before bind.
func prepare(fd int, b why.Bind, family int) error {
	options := []struct {
		set         bool
		level, name int
		value       int
	}{
		{b.ReuseAddr, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{b.ReusePort, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		{family == unix.AF_INET6 && b.V6Only == socket.Yes, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1},
		{family == unix.AF_INET6 && (b.V6Only == socket.No || b.V6Only == socket.Unknown && !b.Addr.IsValid()), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0},
	}
	for _, o := range options {
		if !o.set {
			continue
		}
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return refused("set socket option", err)
		}
	}
	if b.Device != "" {
		err := unix.BindToDevice(fd, b.Device)
		if errors.Is(err, unix.EPERM) {
			return cannot("bind to a device", err) // before Linux 5.7
		}
		if err != nil {
			return refused("bind to device", err)
		}
	}
	return become(fd, b.UID)
}

// become gives the socket to another user.
func become(fd int, uid uint32) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("probe: look at socket: %w", err)
	}
	if st.Uid == uid {
		return nil
	}
	if err := unix.Fchown(fd, int(uid), -1); err != nil {
		return cannot("become user "+strconv.FormatUint(uint64(uid), 10), err)
	}
	return nil
}

// sockaddr is what is passed to bind. Interfaces are looked up by the socket,
// which is in the right namespace.
func sockaddr(fd int, b why.Bind, family int) (unix.Sockaddr, error) {
	if family == unix.AF_INET {
		if !b.Addr.IsValid() {
			return &unix.SockaddrInet4{Port: int(b.Port)}, nil
		}
		return &unix.SockaddrInet4{Port: int(b.Port), Addr: b.Addr.As4()}, nil
	}
	addr := b.Addr
	if !addr.IsValid() {
		addr = netip.IPv6Unspecified()
	}
	sa := &unix.SockaddrInet6{Port: int(b.Port), Addr: addr.As16()}
	if zone := addr.Zone(); zone != "" {
		index, err := interfaceIndex(fd, zone)
		if err != nil {
			return nil, err
		}
		sa.ZoneId = index
	}
	return sa, nil
}

// interfaceIndex is the number of an interface, which may be given as that.
func interfaceIndex(fd int, name string) (uint32, error) {
	request, err := unix.NewIfreq(name)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request)
	}
	if err == nil {
		return request.Uint32(), nil
	}
	if index, numErr := strconv.ParseUint(name, 10, 32); numErr == nil {
		return uint32(index), nil
	}
	// A name longer than any interface has is none, too.
	return 0, refusal{unix.ENODEV}
}

// deafen drops every segment in front of a listener.
func deafen(fd int) error {
	drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K}}
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(drop)), Filter: &drop[0]})
	if err != nil {
		return fmt.Errorf("probe: drop connections: %w", os.NewSyscallError("setsockopt", err))
	}
	return nil
}
