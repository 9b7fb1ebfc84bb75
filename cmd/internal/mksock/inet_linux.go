package mksock

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

func inetBound(kind, protocol int) maker {
	return func(_ *world, s *spec) ([]made, error) {
		family, addr, port, err := inetAddress(s.address)
		if err != nil {
			return nil, err
		}
		o, err := s.takeSockopts()
		if err != nil {
			return nil, err
		}
		fd, err := o.bound(family, kind, protocol, addr)
		return []made{{fd: fd, wish: port}}, err
	}
}

// inetConnected connects to the address of the spec; from=ADDRESS binds first.
func inetConnected(kind, protocol int) maker {
	return func(_ *world, s *spec) ([]made, error) {
		family, addr, _, err := inetAddress(s.address)
		if err != nil {
			return nil, err
		}
		o, err := s.takeSockopts()
		if err != nil {
			return nil, err
		}
		fd, port, err := o.connected(family, kind, protocol, s.word("from", ""), addr)
		return []made{{fd: fd, wish: port}}, err
	}
}

func inetUnbound(kind, protocol int) maker {
	return func(_ *world, s *spec) ([]made, error) {
		family, err := familyOf(s.address)
		if err != nil {
			return nil, err
		}
		o, err := s.takeSockopts()
		if err != nil {
			return nil, err
		}
		fd, err := o.open(family, kind, protocol)
		return []made{{fd: fd}}, err
	}
}

// rawProtocols are the names a raw spec may use instead of a number.
func rawProtocols() map[string]int {
	return map[string]int{
		"icmp": unix.IPPROTO_ICMP, "icmp6": unix.IPPROTO_ICMPV6,
		"ospf": 89, "sctp": unix.IPPROTO_SCTP, "raw": unix.IPPROTO_RAW,
	}
}

// makeRaw makes raw:PROTOCOL; v6 makes it an IPv6 socket, bind=ADDRESS binds it.
func makeRaw(_ *world, s *spec) ([]made, error) {
	protocol, ok := rawProtocols()[s.address]
	if !ok {
		return nil, fmt.Errorf("unknown raw protocol %q", s.address)
	}
	family := unix.AF_INET
	if s.flag("v6") {
		family = unix.AF_INET6
	}
	o, err := s.takeSockopts()
	if err != nil {
		return nil, err
	}
	host, bind := s.take("bind")
	if !bind {
		fd, err := o.open(family, unix.SOCK_RAW, protocol)
		return []made{{fd: fd}}, err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil, fmt.Errorf("parse address: %w", err)
	}
	family, addr, _, err := inetAddress(netip.AddrPortFrom(ip, 0).String())
	if err != nil {
		return nil, err
	}
	fd, err := o.bound(family, unix.SOCK_RAW, protocol, addr)
	return []made{{fd: fd}}, err
}

// makePing makes an unprivileged ICMP echo socket. The "port" of its address
// is the identifier in the packets. Who may have one is a sysctl of the
// namespace, so it is only widened in a namespace that mksock made.
func makePing(w *world, s *spec) ([]made, error) {
	if w.own {
		if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 2147483647"), 0); err != nil {
			return nil, fmt.Errorf("allow ping sockets: %w", err)
		}
	}
	family, addr, id, err := inetAddress(s.address)
	if err != nil {
		return nil, err
	}
	protocol := unix.IPPROTO_ICMP
	if family == unix.AF_INET6 {
		protocol = unix.IPPROTO_ICMPV6
	}
	o, err := s.takeSockopts()
	if err != nil {
		return nil, err
	}
	fd, err := o.bound(family, unix.SOCK_DGRAM, protocol, addr)
	return []made{{fd: fd, wish: id}}, err
}
