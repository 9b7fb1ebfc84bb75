package mksock

import (
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

const defaultBacklog = 16

// listener makes the listening socket of a spec.
func (s *spec) listener(protocol int) (fd, family, port int, err error) {
	o, err := s.takeSockopts()
	if err != nil {
		return -1, 0, 0, err
	}
	backlog, err := s.number("backlog", defaultBacklog)
	if err != nil {
		return -1, 0, 0, err
	}
	family, addr, port, err := inetAddress(s.address)
	if err != nil {
		return -1, 0, 0, err
	}
	fd, err = o.bound(family, unix.SOCK_STREAM, protocol, addr)
	if err != nil {
		return -1, 0, 0, err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		unix.Close(fd)
		return -1, 0, 0, fmt.Errorf("listen: %w", err)
	}
	return fd, family, port, nil
}

func streamListen(protocol int) maker {
	return func(_ *world, s *spec) ([]made, error) {
		fd, _, port, err := s.listener(protocol)
		return []made{{fd: fd, wish: port}}, err
	}
}

// target is where a client has to go to reach a listener: to=HOST, or the
// address the listener is bound to (connect takes the unspecified address for
// loopback).
func (s *spec) target(listener int) (family int, addr unix.Sockaddr, err error) {
	name, err := unix.Getsockname(listener)
	if err != nil {
		return 0, nil, fmt.Errorf("name of listener: %w", err)
	}
	var port int
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		family, port = unix.AF_INET, a.Port
	case *unix.SockaddrInet6:
		family, port = unix.AF_INET6, a.Port
	}
	host, ok := s.take("to")
	if !ok {
		return family, name, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + host + "]"
	}
	family, addr, _, err = inetAddress(host + ":" + strconv.Itoa(port))
	return family, addr, err
}

// shutdown closes the directions that the spec names.
func (s *spec) shutdown(fd int) error {
	word, ok := s.take("shutdown")
	if !ok {
		return nil
	}
	how, ok := map[string]int{"receive": unix.SHUT_RD, "send": unix.SHUT_WR, "both": unix.SHUT_RDWR}[word]
	if !ok {
		return fmt.Errorf("shutdown=%s is none of receive, send, both", word)
	}
	if err := unix.Shutdown(fd, how); err != nil {
		return fmt.Errorf("shutdown: %w", err)
	}
	return nil
}

// streamPair makes both ends of a connection. The accepted end comes first,
// because that is the one at the address of the spec.
func streamPair(protocol int) maker {
	return func(_ *world, s *spec) ([]made, error) {
		listener, _, port, err := s.listener(protocol)
		if err != nil {
			return nil, err
		}
		family, addr, err := s.target(listener)
		if err != nil {
			return nil, err
		}
		client, from, err := sockopts{}.connected(family, unix.SOCK_STREAM, protocol, s.word("from", ""), addr)
		if err != nil {
			return nil, err
		}
		accepted, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		if err != nil {
			return nil, fmt.Errorf("accept: %w", err)
		}
		if err := s.shutdown(accepted); err != nil {
			return nil, err
		}
		pair := []made{{fd: accepted, wish: port}, {suffix: "_client", fd: client, wish: from}}
		if s.flag("hangup") {
			if err := unix.Close(client); err != nil {
				return nil, fmt.Errorf("close client: %w", err)
			}
			pair = pair[:1]
		}
		if s.flag("keep") {
			return append(pair, made{suffix: "_listener", fd: listener, wish: port}), nil
		}
		return pair, unix.Close(listener)
	}
}

// makeUnaccepted leaves clients in a listener's queue. The kernel has a full
// socket for the other end of each, and no file refers to it.
func makeUnaccepted(_ *world, s *spec) ([]made, error) {
	clients, err := s.number("clients", 1)
	if err != nil {
		return nil, err
	}
	listener, _, port, err := s.listener(0)
	if err != nil {
		return nil, err
	}
	sockets := []made{{fd: listener, wish: port}}
	family, addr, err := s.target(listener)
	if err != nil {
		return nil, err
	}
	source := s.word("from", "")
	for i := range clients {
		suffix := "_client"
		if i > 0 {
			suffix += strconv.Itoa(i + 1)
		}
		fd, from, err := sockopts{}.connected(family, unix.SOCK_STREAM, 0, source, addr)
		if err != nil {
			return nil, err
		}
		sockets = append(sockets, made{suffix: suffix, fd: fd, wish: from})
	}
	return sockets, nil
}
