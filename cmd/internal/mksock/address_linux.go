package mksock

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// inetAddress turns "127.0.0.1:80" or "[fe80::1%tap0]:80" into the family and
// address that socket(2) and bind(2) take. An IPv4 address written as IPv6
// (::ffff:127.0.0.1) makes an IPv6 socket.
func inetAddress(text string) (family int, addr unix.Sockaddr, port int, err error) {
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		return 0, nil, 0, fmt.Errorf("parse address: %w", err)
	}
	port = int(ap.Port())
	if ap.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: ap.Addr().As4()}, port, nil
	}
	a := &unix.SockaddrInet6{Port: port, Addr: ap.Addr().As16()}
	if zone := ap.Addr().Zone(); zone != "" {
		link, err := net.InterfaceByName(zone)
		if err != nil {
			return 0, nil, 0, fmt.Errorf("zone of %s: %w", text, err)
		}
		a.ZoneId = uint32(link.Index)
	}
	return unix.AF_INET6, a, port, nil
}

// familyOf is what a kind without a whole address has instead: "4" or "6".
func familyOf(text string) (int, error) {
	switch text {
	case "", "4":
		return unix.AF_INET, nil
	case "6":
		return unix.AF_INET6, nil
	}
	return 0, fmt.Errorf("family %q is neither 4 nor 6", text)
}
