package sockdiag

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// eventGroups are the multicast groups of NETLINK_SOCK_DIAG (enum
// sknetlink_groups, include/uapi/linux/sock_diag.h), as bits of nl_groups.
func eventGroups(protos socket.ProtoSet) uint32 {
	const tcp4, udp4, tcp6, udp6 = 1 << 0, 1 << 1, 1 << 2, 1 << 3
	var groups uint32
	if protos.Has(socket.TCP) {
		groups |= tcp4 | tcp6
	}
	if protos.Has(socket.UDP) {
		groups |= udp4 | udp6
	}
	return groups
}

// eventBuffer is room for more than ten thousand events, which is as many sockets as
// a server may drop at a time. The kernel takes the memory when there are as many.
const eventBuffer = 16 << 20

// eventConn is polled by the Go runtime, so that closing it wakes its reader.
type eventConn struct {
	file *os.File
}

// DialEvents subscribes to the sockets of these protocols, TCP and UDP, that are
// destroyed in the calling thread's network namespace. Where there are ports,
// the kernel tells only of sockets that have one of them at their local end, if
// they are not too many for it to compare.
func DialEvents(protos socket.ProtoSet, ports []uint16) (EventConn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag events: %w", err)
	}
	file := os.NewFile(uintptr(fd), "sock_diag events")
	if err := subscribe(fd, protos, ports); err != nil {
		_ = file.Close() // nothing was written to it
		return nil, fmt.Errorf("open sock_diag events: %w", err)
	}
	return eventConn{file}, nil
}

func subscribe(fd int, protos socket.ProtoSet, ports []uint16) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, eventBuffer) != nil {
		// Not root: as much as net.core.rmem_max lets everyone have.
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, eventBuffer); err != nil {
			return fmt.Errorf("receive buffer: %w", err)
		}
	}
	if program := portProgram(ports); program != nil {
		f := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
		if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &f); err != nil {
			return fmt.Errorf("attach filter: %w", err)
		}
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: eventGroups(protos)}); err != nil {
		return fmt.Errorf("join groups: %w", err)
	}
	return nil
}

// mostPorts is how many a program compares: its jumps have eight bits.
const mostPorts = 250

// portProgram is a socket filter (linux/filter.h) for the local port of a struct
// inet_diag_msg, nil where everything passes.
func portProgram(ports []uint16) []unix.SockFilter {
	if len(ports) == 0 || len(ports) > mostPorts {
		return nil
	}
	const sport = headerLen + 4 // nlmsghdr, then family, state, timer, retrans
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: sport}}
	for i, port := range ports {
		program = append(program, unix.SockFilter{
			Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(ports) - i), K: uint32(port),
		})
	}
	return append(program,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 1<<32 - 1})
}

func (c eventConn) Close() error { return c.file.Close() }

// Drops implements dropCounter. The kernel counts what did not fit into the
// receive buffer (netlink_overrun in net/netlink/af_netlink.c), and tells that
// among the numbers of SO_MEMINFO.
func (c eventConn) Drops() (uint32, error) {
	raw, err := c.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	const entries, drops = 9, 8 // SK_MEMINFO_VARS, SK_MEMINFO_DROPS
	var info [entries]uint32
	size := uint32(unsafe.Sizeof(info))
	var errno unix.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	})
	switch {
	case err != nil:
		return 0, err
	case errno != 0:
		return 0, errno
	case size < uint32(unsafe.Sizeof(info)):
		return 0, unix.ENOTSUP
	}
	return info[drops], nil
}

// Receive implements EventConn.
func (c eventConn) Receive(b []byte) (int, error) {
	raw, err := c.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	var (
		n       int
		failure error
	)
	err = raw.Read(func(fd uintptr) bool {
		var from unix.Sockaddr
		for {
			n, from, failure = unix.Recvfrom(int(fd), b, unix.MSG_TRUNC)
			if sender, ok := from.(*unix.SockaddrNetlink); failure == nil && (!ok || sender.Pid != 0) {
				continue // not the kernel
			}
			if !errors.Is(failure, unix.EINTR) {
				return !errors.Is(failure, unix.EAGAIN)
			}
		}
	})
	switch {
	case err != nil:
		return 0, err
	case failure != nil:
		return 0, failure
	case n > len(b):
		return 0, fmt.Errorf("datagram of %d bytes: %w", n, unix.EMSGSIZE)
	}
	return n, nil
}
