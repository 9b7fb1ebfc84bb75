package mksock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// unixTypes are the socket types of AF_UNIX by the name the type option uses.
func unixTypes() map[string]int {
	return map[string]int{
		"stream": unix.SOCK_STREAM, "dgram": unix.SOCK_DGRAM, "seqpacket": unix.SOCK_SEQPACKET,
	}
}

func (s *spec) unixType() (int, error) {
	name := s.word("type", "stream")
	kind, ok := unixTypes()[name]
	if !ok {
		return 0, fmt.Errorf("unknown unix type %q", name)
	}
	return kind, nil
}

// makeUnixPair makes two sockets without a name that are each other's peer.
func makeUnixPair(_ *world, s *spec) ([]made, error) {
	kind, err := s.unixType()
	if err != nil {
		return nil, err
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make socket pair: %w", err)
	}
	return []made{{fd: fds[0]}, {suffix: "_peer", fd: fds[1]}}, nil
}

// bindUnix binds to the address of a spec: a path, relative ones included, or
// @name in the abstract namespace.
func (s *spec) bindUnix(kind int, listen bool) (int, error) {
	backlog, err := s.number("backlog", defaultBacklog)
	if err != nil {
		return -1, err
	}
	fd, err := sockopts{}.bound(unix.AF_UNIX, kind, 0, &unix.SockaddrUnix{Name: s.address})
	if err != nil || !listen {
		return fd, err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return -1, fmt.Errorf("listen: %w", err)
	}
	return fd, nil
}

func unixBound(kind int, listen bool) maker {
	return func(_ *world, s *spec) ([]made, error) {
		fd, err := s.bindUnix(kind, listen)
		return []made{{fd: fd}}, err
	}
}

// makeUnixDeleted leaves a listener whose path is gone: nobody can reach it any
// more, and the kernel still tells the old name.
func makeUnixDeleted(_ *world, s *spec) ([]made, error) {
	fd, err := s.bindUnix(unix.SOCK_STREAM, true)
	if err != nil {
		return nil, err
	}
	if err := unix.Unlink(s.address); err != nil {
		return nil, fmt.Errorf("delete socket path: %w", err)
	}
	return []made{{fd: fd}}, nil
}

// makeUnixConnected makes a listener, a client and the accepted end, which
// carries the listener's name.
func makeUnixConnected(_ *world, s *spec) ([]made, error) {
	kind, err := s.unixType()
	if err != nil {
		return nil, err
	}
	listener, err := s.bindUnix(kind, true)
	if err != nil {
		return nil, err
	}
	client, _, err := sockopts{}.connected(unix.AF_UNIX, kind, 0, "", &unix.SockaddrUnix{Name: s.address})
	if err != nil {
		return nil, err
	}
	accepted, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	return []made{
		{fd: listener}, {suffix: "_client", fd: client}, {suffix: "_accepted", fd: accepted},
	}, nil
}
