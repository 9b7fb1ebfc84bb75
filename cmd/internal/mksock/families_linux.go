package mksock

import (
	"fmt"
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// netlinkProtocols are the netlink families a spec may name
// (include/uapi/linux/netlink.h).
func netlinkProtocols() map[string]int {
	return map[string]int{
		"route": unix.NETLINK_ROUTE, "usersock": unix.NETLINK_USERSOCK,
		"generic": unix.NETLINK_GENERIC, "kobject-uevent": unix.NETLINK_KOBJECT_UEVENT,
	}
}

// makeNetlink makes netlink:FAMILY, a member of the multicast groups in the
// mask groups=N, under the port id port=N or one that the kernel chooses.
func makeNetlink(_ *world, s *spec) ([]made, error) {
	protocol, ok := netlinkProtocols()[s.address]
	if !ok {
		return nil, fmt.Errorf("unknown netlink family %q", s.address)
	}
	groups, err := s.number("groups", 0)
	if err != nil {
		return nil, err
	}
	port, err := s.number("port", 0)
	if err != nil {
		return nil, err
	}
	fd, err := sockopts{}.bound(unix.AF_NETLINK, unix.SOCK_RAW, protocol,
		&unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: uint32(groups), Pid: uint32(port)})
	return []made{{fd: fd, wish: port}}, err
}

// makePacket makes packet:all or packet:ETHERTYPE; device=NAME ties it to an
// interface, type=dgram strips the link header.
func makePacket(_ *world, s *spec) ([]made, error) {
	ethertype := uint64(unix.ETH_P_ALL)
	if s.address != "all" {
		var err error
		if ethertype, err = strconv.ParseUint(s.address, 0, 16); err != nil {
			return nil, fmt.Errorf("ethertype: %w", err)
		}
	}
	kind := unix.SOCK_RAW
	switch name := s.word("type", "raw"); name {
	case "raw":
	case "dgram":
		kind = unix.SOCK_DGRAM
	default:
		return nil, fmt.Errorf("unknown packet type %q", name)
	}
	addr := &unix.SockaddrLinklayer{Protocol: networkOrder(uint16(ethertype))}
	if device := s.word("device", ""); device != "" {
		link, err := net.InterfaceByName(device)
		if err != nil {
			return nil, fmt.Errorf("device of packet socket: %w", err)
		}
		addr.Ifindex = link.Index
	}
	// Protocol 0 receives nothing until bind, so no frame of another interface
	// slips in between.
	fd, err := sockopts{}.bound(unix.AF_PACKET, kind, 0, addr)
	return []made{{fd: fd}}, err
}

func networkOrder(v uint16) uint16 { return v<<8 | v>>8 }

// makeVsock listens on vsock-listen:PORT for any context id. AF_VSOCK knows no
// network namespaces on the kernels this was written for, so tests choose
// ports that do not collide.
func makeVsock(_ *world, s *spec) ([]made, error) {
	port, err := strconv.ParseUint(s.address, 0, 32)
	if err != nil {
		return nil, fmt.Errorf("vsock port: %w", err)
	}
	fd, err := sockopts{}.bound(unix.AF_VSOCK, unix.SOCK_STREAM, 0,
		&unix.SockaddrVM{CID: unix.VMADDR_CID_ANY, Port: uint32(port)})
	if err != nil {
		return nil, err
	}
	if err := unix.Listen(fd, defaultBacklog); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return []made{{fd: fd, wish: int(port)}}, nil
}
