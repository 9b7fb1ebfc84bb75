package netlink

import (
	"errors"
	"fmt"
	"time"

	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// answerTimeout is how long the kernel may be silent. A dump is produced
// inside recvmsg, so silence means a fault, not a slow table.
const answerTimeout = 30 * time.Second

// Socket is an open netlink socket.
type Socket struct{ socket *nl.NetlinkSocket }

// Open opens a socket of a protocol (NETLINK_ROUTE, …) in the calling thread's
// network namespace, where it stays. The errors name the protocol as what.
func Open(protocol int, what string) (Socket, error) {
	s, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), protocol)
	if err != nil {
		return Socket{}, fmt.Errorf("open %s: %w", what, err)
	}
	return Socket{s}, nil
}

// Option sets an option of SOL_NETLINK, unless the kernel is too old to have it.
func (s Socket) Option(option int) error {
	err := unix.SetsockoptInt(s.socket.GetFd(), unix.SOL_NETLINK, option, 1)
	if errors.Is(err, unix.ENOPROTOOPT) {
		return nil
	}
	return err
}

// Close ends the connection.
func (s Socket) Close() error {
	s.socket.Close()
	return nil
}

// Send sends one datagram to the kernel.
func (s Socket) Send(request []byte) error {
	for {
		err := unix.Sendto(s.socket.GetFd(), request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Receive reads one datagram of the kernel into b. One that does not fit is an
// error, never a shorter one.
func (s Socket) Receive(b []byte) (int, error) {
	fd := s.socket.GetFd()
	for {
		n, from, err := unix.Recvfrom(fd, b, unix.MSG_TRUNC)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			if err := wait(fd); err != nil {
				return 0, err
			}
			continue
		case err != nil:
			return 0, err
		}
		if sender, ok := from.(*unix.SockaddrNetlink); !ok || sender.Pid != 0 {
			continue // not the kernel
		}
		if n > len(b) {
			return 0, fmt.Errorf("datagram of %d bytes: %w", n, unix.EMSGSIZE)
		}
		return n, nil
	}
}

func wait(fd int) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(answerTimeout.Milliseconds()))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	if n == 0 && err == nil {
		return unix.ETIMEDOUT
	}
	return nil
}
