package mksock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// sockopts are the options that have to be set before bind. All sockets that
// one spec makes on its own side of a connection share them.
type sockopts struct {
	integers   []integerOption
	device     string
	congestion string
}

type integerOption struct {
	name                 string
	level, option, value int
}

func (s *spec) takeSockopts() (o sockopts, err error) {
	for _, known := range []integerOption{
		{"reuseaddr", unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{"reuseport", unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		{"v6only", unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1},
		{"dual", unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0},
		{"keepalive", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"freebind", unix.IPPROTO_IP, unix.IP_FREEBIND, 1},
		{"transparent", unix.IPPROTO_IP, unix.IP_TRANSPARENT, 1},
	} {
		if s.flag(known.name) {
			o.integers = append(o.integers, known)
		}
	}
	for _, known := range []integerOption{
		{"mark", unix.SOL_SOCKET, unix.SO_MARK, 0},
		{"priority", unix.SOL_SOCKET, unix.SO_PRIORITY, 0},
		{"rcvbuf", unix.SOL_SOCKET, unix.SO_RCVBUF, 0},
		{"sndbuf", unix.SOL_SOCKET, unix.SO_SNDBUF, 0},
		{"tos", unix.IPPROTO_IP, unix.IP_TOS, 0},
		{"tclass", unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 0},
	} {
		if _, given := s.options[known.name]; !given {
			continue
		}
		if known.value, err = s.number(known.name, 0); err != nil {
			return o, err
		}
		o.integers = append(o.integers, known)
	}
	o.device = s.word("device", "")
	o.congestion = s.word("congestion", "")
	return o, nil
}

// open makes a socket that is ready to be bound.
func (o sockopts) open(family, kind, protocol int) (int, error) {
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return -1, fmt.Errorf("make socket: %w", err)
	}
	for _, i := range o.integers {
		if err := unix.SetsockoptInt(fd, i.level, i.option, i.value); err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("set %s: %w", i.name, err)
		}
	}
	if o.device != "" {
		if err := unix.BindToDevice(fd, o.device); err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("bind to device %s: %w", o.device, err)
		}
	}
	if o.congestion != "" {
		if err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, o.congestion); err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("set congestion control %s: %w", o.congestion, err)
		}
	}
	return fd, nil
}

// bound makes a socket and binds it.
func (o sockopts) bound(family, kind, protocol int, addr unix.Sockaddr) (int, error) {
	fd, err := o.open(family, kind, protocol)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, addr); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("bind: %w", err)
	}
	return fd, nil
}

// connected makes a socket, binds it to from (an address and port, or nothing)
// and connects it to addr.
func (o sockopts) connected(family, kind, protocol int, from string, addr unix.Sockaddr) (fd, port int, err error) {
	fd, err = o.open(family, kind, protocol)
	if err != nil {
		return -1, 0, err
	}
	if from != "" {
		var source unix.Sockaddr
		if _, source, port, err = inetAddress(from); err == nil {
			err = unix.Bind(fd, source)
		}
		if err != nil {
			unix.Close(fd)
			return -1, 0, fmt.Errorf("bind client: %w", err)
		}
	}
	if err := unix.Connect(fd, addr); err != nil {
		unix.Close(fd)
		return -1, 0, fmt.Errorf("connect: %w", err)
	}
	return fd, port, nil
}
