package procfs

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

func TestLivePacket(t *testing.T) {
	t.Parallel()
	fd, inode := rawSocket(t, unix.AF_PACKET, unix.SOCK_DGRAM, 0)
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skipf("no loopback interface: %v", err)
	}
	// 0x88b5 is left to local experiments, so no packet of it comes in.
	const ethertype = 0x88b5
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: ethertype>>8 | ethertype&0xff<<8, Ifindex: lo.Index}); err != nil {
		t.Fatal(err)
	}
	want := socket.Socket{
		Local: socket.Endpoint{Port: ethertype, Node: uint32(lo.Index)}, Inode: inode,
		UID: uint32(os.Geteuid()), HasUID: true,
		Proto: socket.Packet, Family: socket.FamilyPacket, Type: socket.Dgram, State: socket.Unconn,
	}
	if diff := diffRows(want, find(t, inode, FS{}.Packet)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestLiveNetlink(t *testing.T) {
	t.Parallel()
	fd, inode := rawSocket(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	want := socket.Socket{
		Local: socket.Endpoint{Port: name.(*unix.SockaddrNetlink).Pid, Node: unix.NETLINK_ROUTE}, Inode: inode,
		Proto: socket.Netlink, Family: socket.FamilyNetlink, Type: socket.RawType, State: socket.Unconn,
	}
	if diff := diffRows(want, find(t, inode, FS{}.Netlink)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestLiveProtocols(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	got, err := FS{}.Protocols()
	if err != nil {
		t.Fatal(err)
	}
	if got["TCP"] < 1 {
		t.Errorf("counts %v", got)
	}
}
