package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/windows"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// try makes the socket and closes it. It never listens: Windows checks the port in
// bind, once and for good, and nothing would keep clients away from a listener.
func try(b why.Bind, _ bool) (string, error) {
	switch {
	case b.Device != "":
		return "", cannot("bind to a device", errors.ErrUnsupported)
	case b.ReusePort:
		return "", cannot("set SO_REUSEPORT, which Windows has not", errors.ErrUnsupported)
	case b.UID != uint32(os.Geteuid()):
		return "", cannot("become another user", errors.ErrUnsupported)
	}
	var data windows.WSAData
	if err := windows.WSAStartup(0x202, &data); err != nil {
		return "", fmt.Errorf("probe: start winsock: %w", err)
	}
	defer windows.WSACleanup() // the count of who uses it
	if b.Addr.IsValid() {
		return attempt(b)
	}
	// Every address: the wildcards of both families, each by itself.
	b.Addr = netip.IPv4Unspecified()
	if errno, err := attempt(b); errno != "" || err != nil {
		return errno, err
	}
	b.Addr, b.V6Only = netip.IPv6Unspecified(), socket.Yes
	errno, err := attempt(b)
	if errno == "EAFNOSUPPORT" {
		errno = "" // there is but one family
	}
	return errno, err
}

// attempt makes one socket.
func attempt(b why.Bind) (string, error) {
	handle, err := open(b)
	if handle != windows.InvalidHandle {
		if closeErr := windows.Closesocket(handle); closeErr != nil && err == nil {
			return "", fmt.Errorf("probe: close: %w", closeErr)
		}
	}
	return outcome(err)
}

// refused makes a refusal of what the system said, unless it is about sockls.
func refused(what string, err error) error {
	var errno windows.Errno
	if !errors.As(err, &errno) || errno == windows.WSAEMFILE || errno == windows.WSAENOBUFS || errno == windows.WSANOTINITIALISED {
		return fmt.Errorf("probe: %s: %w", what, err)
	}
	return refusal{errno}
}

// outcome separates what the system answered from what could not be asked. The
// errors of Winsock have the names that they have elsewhere.
func outcome(err error) (string, error) {
	var r refusal
	if !errors.As(err, &r) {
		return "", err
	}
	switch r.errno {
	case windows.WSAEADDRINUSE:
		return "EADDRINUSE", nil
	case windows.WSAEACCES:
		return "EACCES", nil
	case windows.WSAEADDRNOTAVAIL:
		return "EADDRNOTAVAIL", nil
	case windows.WSAEAFNOSUPPORT:
		return "EAFNOSUPPORT", nil
	case windows.WSAEINVAL:
		return "EINVAL", nil
	}
	return "errno " + strconv.Itoa(int(r.errno)), nil
}

// open makes a socket as described, and binds it. The handle is there whenever it
// is a valid one, with an error too.
func open(b why.Bind) (windows.Handle, error) {
	var kind, protocol int32 = windows.SOCK_STREAM, windows.IPPROTO_TCP
	switch b.Proto {
	case socket.TCP:
	case socket.UDP:
		kind, protocol = windows.SOCK_DGRAM, windows.IPPROTO_UDP
	default:
		return windows.InvalidHandle, fmt.Errorf("probe: Windows has no %s", b.Proto)
	}
	family := int32(windows.AF_INET6)
	if b.Addr.Is4() {
		family = windows.AF_INET
	}
	handle, err := windows.WSASocket(family, kind, protocol, nil, 0, windows.WSA_FLAG_NO_HANDLE_INHERIT)
	if err != nil {
		return windows.InvalidHandle, refused("make socket", err)
	}
	if err := prepare(handle, b, family); err != nil {
		return handle, err
	}
	addr, err := sockaddr(b, family)
	if err != nil {
		return handle, err
	}
	if err := windows.Bind(handle, addr); err != nil {
		return handle, refused("bind", err)
	}
	return handle, nil
}

// prepare sets what has to be there before bind.
func prepare(handle windows.Handle, b why.Bind, family int32) error {
	options := []struct {
		set         bool
		level, name int
		value       int
	}{
		{b.ReuseAddr, windows.SOL_SOCKET, windows.SO_REUSEADDR, 1},
		{family == windows.AF_INET6 && b.V6Only == socket.Yes, windows.IPPROTO_IPV6, windows.IPV6_V6ONLY, 1},
		{family == windows.AF_INET6 && b.V6Only == socket.No, windows.IPPROTO_IPV6, windows.IPV6_V6ONLY, 0},
	}
	for _, o := range options {
		if !o.set {
			continue
		}
		if err := windows.SetsockoptInt(handle, o.level, o.name, o.value); err != nil {
			return refused("set socket option", err)
		}
	}
	return nil
}

// sockaddr is what is passed to bind.
func sockaddr(b why.Bind, family int32) (windows.Sockaddr, error) {
	if family == windows.AF_INET {
		return &windows.SockaddrInet4{Port: int(b.Port), Addr: b.Addr.As4()}, nil
	}
	sa := &windows.SockaddrInet6{Port: int(b.Port), Addr: b.Addr.As16()}
	if zone := b.Addr.Zone(); zone != "" {
		index, err := strconv.ParseUint(zone, 10, 32)
		if err != nil {
			link, err := net.InterfaceByName(zone)
			if err != nil {
				return nil, refusal{windows.WSAEADDRNOTAVAIL}
			}
			index = uint64(link.Index)
		}
		sa.ZoneId = uint32(index)
	}
	return sa, nil
}
