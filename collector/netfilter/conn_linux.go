package netfilter

import (
	"errors"
	"fmt"
	"time"

	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// answerTimeout is how long the kernel may be silent. A dump is produced
// inside recvmsg, so silence means a fault, not a long list.
const answerTimeout = 10 * time.Second

// conn reads into the caller's buffer instead of nl's Receive, which makes a
// copy and a slice of messages for each datagram.
type conn struct{ socket *nl.NetlinkSocket }

// dial opens an nfnetlink socket in the calling thread's network namespace.
func dial() (Conn, error) {
	s, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open nfnetlink: %w", err)
	}
	return conn{socket: s}, nil
}

func (c conn) Close() error {
	c.socket.Close()
	return nil
}

func (c conn) Send(request []byte) error {
	for {
		err := unix.Sendto(c.socket.GetFd(), request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (c conn) Receive(b []byte) (int, error) {
	fd := c.socket.GetFd()
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
