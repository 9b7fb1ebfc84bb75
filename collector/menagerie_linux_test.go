package collector

import (
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// menagerie makes sockets of every protocol and state that do not change by
// themselves for a while.
func menagerie(t *testing.T) {
	t.Helper()
	server := listener(t, 1000, 16)
	connection(t, 2000, 1000)
	accept(t, server)
	leaving := connection(t, 2001, 1000)
	accept(t, server)
	must(t, unix.Close(leaving))
	settle(t, 2001, socket.FinWait2)
	leaving = connection(t, 2002, 1000)
	left := accept(t, server)
	must(t, unix.Close(leaving))
	settle(t, 2002, socket.FinWait2)
	must(t, unix.Close(left))
	settle(t, 2002, socket.TimeWait)
	connection(t, 2003, 1000) // not accepted
	full := connection(t, 2004, 1000)
	fill(t, full)
	must(t, unix.Close(full)) // FIN_WAIT1

	deferring := listener(t, 1001, 16)
	must(t, unix.SetsockoptInt(deferring, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 30))
	connection(t, 2005, 1001) // SYN_RECV

	// A listener whose queue is full answers nothing, so the next stays in
	// SYN_SENT.
	listener(t, 1002, 0)
	connection(t, 2006, 1002)
	waiting := bound(t, unix.AF_INET, unix.SOCK_STREAM, 0, v4(1, 2007))
	must(t, unix.SetNonblock(waiting, true))
	if err := unix.Connect(waiting, v4(1, 1002)); err != unix.EINPROGRESS {
		t.Fatalf("connect to a full queue: %v", err)
	}

	for _, only := range []int{0, 1} {
		any6 := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
		must(t, unix.SetsockoptInt(any6, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only))
		must(t, unix.Bind(any6, &unix.SockaddrInet6{Port: 1003 + only}))
		must(t, unix.Listen(any6, 7))
	}
	mapped := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
	must(t, unix.SetsockoptInt(mapped, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
	must(t, unix.Connect(mapped, &unix.SockaddrInet6{Addr: [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}, Port: 1000}))
	for range 3 { // a group on one port
		one := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.SetsockoptInt(one, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
		must(t, unix.Bind(one, v4(1, 1005)))
		must(t, unix.Listen(one, 1))
	}
	device := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.BindToDevice(device, "lo"))
	must(t, unix.Bind(device, &unix.SockaddrInet4{Port: 1006}))
	must(t, unix.Listen(device, 1))

	bound(t, unix.AF_INET, unix.SOCK_STREAM, 0, v4(1, 1007)) // BOUND
	open(t, unix.AF_INET, unix.SOCK_STREAM, 0)               // CLOSE

	bound(t, unix.AF_INET, unix.SOCK_DGRAM, 0, v4(1, 1100))
	bound(t, unix.AF_INET6, unix.SOCK_DGRAM, 0, v6(1101))
	bound(t, unix.AF_INET6, unix.SOCK_DGRAM, 0, &unix.SockaddrInet6{Port: 1102})
	udp := bound(t, unix.AF_INET, unix.SOCK_DGRAM, 0, v4(1, 1103))
	must(t, unix.Connect(udp, v4(2, 1100)))
	must(t, unix.Sendto(open(t, unix.AF_INET, unix.SOCK_DGRAM, 0), []byte("queued"), 0, v4(1, 1100)))
	bound(t, unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE, v4(1, 1104))
	bound(t, unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE, v6(1105))
	bound(t, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP, v4(3, 0))
	open(t, unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6)

	if mptcp, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_MPTCP); err == nil {
		must(t, unix.Bind(mptcp, v4(1, 1008)))
		must(t, unix.Listen(mptcp, 5))
		must(t, unix.Connect(open(t, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP), v4(1, 1008)))
		accept(t, mptcp)
	}

	dir := t.TempDir()
	for i, kind := range []int{unix.SOCK_STREAM, unix.SOCK_SEQPACKET, unix.SOCK_DGRAM} {
		name := dir + "/" + strconv.Itoa(i)
		at := bound(t, unix.AF_UNIX, kind, 0, &unix.SockaddrUnix{Name: name})
		bound(t, unix.AF_UNIX, kind, 0, &unix.SockaddrUnix{Name: "@sockls-" + strconv.Itoa(i)})
		open(t, unix.AF_UNIX, kind, 0)
		if kind != unix.SOCK_DGRAM {
			must(t, unix.Listen(at, 3))
			must(t, unix.Connect(open(t, unix.AF_UNIX, kind, 0), &unix.SockaddrUnix{Name: name}))
			accept(t, at)
		}
		must(t, unix.Connect(open(t, unix.AF_UNIX, kind, 0), &unix.SockaddrUnix{Name: name}))
		_, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
		must(t, err)
	}

	all := int(htons(unix.ETH_P_ALL))
	open(t, unix.AF_PACKET, unix.SOCK_RAW, all)
	bound(t, unix.AF_PACKET, unix.SOCK_DGRAM, 0, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_IP), Ifindex: 1})
	open(t, unix.AF_PACKET, unix.SOCK_RAW, 0)

	for i, groups := range []uint32{0, 1, 5} {
		bound(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE,
			&unix.SockaddrNetlink{Family: unix.AF_NETLINK, Pid: uint32(7000 + i), Groups: groups})
	}
	bound(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT,
		&unix.SockaddrNetlink{Family: unix.AF_NETLINK, Pid: 7100, Groups: 1})
}

func htons(n uint16) uint16 { return n<<8 | n>>8 }
