//go:build unix && !linux

package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// try makes the socket and closes it. It does not listen: here is no way to keep
// connections from it meanwhile, and bind has the last word on these systems. A
// wish for no address is one for the wildcards of both families, each by itself.
func try(b why.Bind, _ bool) (string, error) {
	if b.UID != uint32(os.Geteuid()) {
		return "", cannot("become user "+strconv.FormatUint(uint64(b.UID), 10), errors.ErrUnsupported)
	}
	if b.Addr.IsValid() {
		return bindOnce(b)
	}
	wild := [...]netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, b.Addr = range wild {
		b.V6Only = socket.TriOf(b.Addr.Is6())
		errno, err := bindOnce(b)
		if b.Addr.Is6() && (errno == "EAFNOSUPPORT" || errno == "EADDRNOTAVAIL") {
			continue // there is no IPv6
		}
		if errno != "" || err != nil {
			return errno, err
		}
	}
	return "", nil
}

func bindOnce(b why.Bind) (string, error) {
	fd, err := open(b)
	if fd >= 0 {
		if closeErr := unix.Close(fd); closeErr != nil && err == nil {
			return "", fmt.Errorf("probe: close: %w", closeErr)
		}
	}
	return outcome(err)
}

// open makes a bound socket. The descriptor is there whenever it is not negative,
// with an error too.
func open(b why.Bind) (fd int, err error) {
	kind := unix.SOCK_STREAM
	switch b.Proto {
	case socket.TCP:
	case socket.UDP:
		kind = unix.SOCK_DGRAM
	default:
		return -1, fmt.Errorf("probe: %s has no ports to bind", b.Proto)
	}
	if b.Device != "" {
		return -1, refusal{unix.ENOPROTOOPT}
	}
	family, addr := unix.AF_INET6, unix.Sockaddr(nil)
	if b.Addr.Is4() {
		family, addr = unix.AF_INET, &unix.SockaddrInet4{Port: int(b.Port), Addr: b.Addr.As4()}
	} else if addr, err = sockaddr6(b); err != nil {
		return -1, err
	}
	// Not all of these systems can make a socket that no child inherits.
	syscall.ForkLock.RLock()
	fd, err = unix.Socket(family, kind, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, refused("make socket", err)
	}
	if err := prepare(fd, b, family); err != nil {
		return fd, err
	}
	if err := unix.Bind(fd, addr); err != nil {
		return fd, refused("bind", err)
	}
	return fd, nil
}

// prepare sets what has to be there before bind.
func prepare(fd int, b why.Bind, family int) error {
	options := []struct {
		set         bool
		level, name int
		value       int
	}{
		{b.ReuseAddr, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{b.ReusePort, unix.SOL_SOCKET, reusePort, 1},
		{family == unix.AF_INET6 && b.V6Only == socket.Yes, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1},
		{family == unix.AF_INET6 && b.V6Only == socket.No, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0},
	}
	for _, o := range options {
		if !o.set {
			continue
		}
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return refused("set socket option", err)
		}
	}
	return nil
}

// sockaddr6 is what is passed to bind. An interface may be given by its number.
func sockaddr6(b why.Bind) (unix.Sockaddr, error) {
	sa := &unix.SockaddrInet6{Port: int(b.Port), Addr: b.Addr.As16()}
	zone := b.Addr.Zone()
	if zone == "" {
		return sa, nil
	}
	if link, err := net.InterfaceByName(zone); err == nil {
		sa.ZoneId = uint32(link.Index)
		return sa, nil
	}
	index, err := strconv.ParseUint(zone, 10, 32)
	if err != nil {
		return nil, refusal{unix.ENXIO}
	}
	sa.ZoneId = uint32(index)
	return sa, nil
}
