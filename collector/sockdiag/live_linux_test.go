package sockdiag

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// live is what the kernel says of a socket to the process that has it.
type live struct {
	inode, cookie uint64
}

// open makes a socket that is closed with the test.
func open(t *testing.T, domain, typ, protocol int) int {
	t.Helper()
	fd, err := unix.Socket(domain, typ|unix.SOCK_CLOEXEC, protocol)
	must(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// needs skips the test where this kernel or user has no such sockets.
func needs(t *testing.T, domain, typ, protocol int) {
	t.Helper()
	fd, err := unix.Socket(domain, typ|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		t.Skipf("making a socket: %v", err)
	}
	_ = unix.Close(fd)
}

// must ends the goroutine, which need not be the test's own.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		runtime.Goexit()
	}
}

func liveOf(t *testing.T, fd int) live {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Fstat(fd, &st))
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	must(t, err)
	return live{inode: st.Ino, cookie: cookie}
}

func portOf(t *testing.T, fd int) uint32 {
	t.Helper()
	name, err := unix.Getsockname(fd)
	must(t, err)
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		return uint32(a.Port)
	case *unix.SockaddrInet6:
		return uint32(a.Port)
	}
	t.Errorf("a name of type %T", name)
	return 0
}

// table dumps one protocol of the running kernel by cookie. That no cookie
// comes twice is checked for every table.
func table(t *testing.T, r Request) map[uint64]socket.Socket {
	t.Helper()
	conn, err := Dial()
	must(t, err)
	c := NewClient(conn, testIfName)
	defer c.Close()
	rows := map[uint64]socket.Socket{}
	must(t, c.Dump(context.Background(), r, func(s *socket.Socket) error {
		if _, ok := rows[s.Cookie]; ok && s.Cookie != 0 {
			t.Errorf("two rows with the cookie %d", s.Cookie)
		}
		rows[s.Cookie] = *s
		return nil
	}))
	return rows
}

// expect compares the row of a socket. Its uid is that of this process.
func expect(t *testing.T, rows map[uint64]socket.Socket, of live, want socket.Socket) {
	t.Helper()
	want.Inode, want.Cookie = of.inode, of.cookie
	if want.Proto != socket.Netlink { // which tells no uid
		want.UID, want.HasUID = uint32(os.Getuid()), true
	}
	got, ok := rows[of.cookie]
	if !ok {
		t.Errorf("%s socket %+v is not listed", want.Proto, of)
		return
	}
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("%s row (-want +got):\n%s", want.Proto, diff)
	}
}

func everything(p socket.Proto) Request {
	return Request{
		Proto: p, IPv4: true, IPv6: true, States: socket.AllStates, Details: socket.DetailPeer | socket.DetailQueues,
	}
}

func TestLiveTCP(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		four := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(four, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		must(t, unix.Listen(four, 17))
		six := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
		must(t, unix.SetsockoptInt(six, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
		must(t, unix.SetsockoptString(six, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, "lo"))
		must(t, unix.Bind(six, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}))
		must(t, unix.Listen(six, 5))
		dual := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
		must(t, unix.SetsockoptInt(dual, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
		must(t, unix.Bind(dual, &unix.SockaddrInet6{}))
		must(t, unix.Listen(dual, 5))

		client := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		fourPort := int(portOf(t, four))
		must(t, unix.Connect(client, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: fourPort}))

		// A listener that tried to connect before keeps that address for itself.
		past := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(past, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		if err := unix.Connect(past, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 1}); err == nil {
			t.Error("something listens on port 1")
		}
		must(t, unix.Listen(past, 5))

		rows := table(t, everything(socket.TCP))
		listener := socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Listen}
		want := listener
		want.Local, want.RecvQ, want.SendQ = inetEnd("127.0.0.1", portOf(t, four)), 1, 17
		expect(t, rows, liveOf(t, four), want)

		want = listener
		want.Local, want.SendQ = inetEnd("127.0.0.1", portOf(t, past)), 5
		expect(t, rows, liveOf(t, past), want)

		want = listener
		want.Family, want.V6Only, want.Local, want.SendQ = socket.IPv6, socket.Yes, inetEnd("::1", portOf(t, six)), 5
		want.Device = testIfName(1) // lo is the first interface of every namespace
		expect(t, rows, liveOf(t, six), want)

		want = listener
		want.Family, want.V6Only, want.Local, want.SendQ = socket.IPv6, socket.No, inetEnd("::", portOf(t, dual)), 5
		expect(t, rows, liveOf(t, dual), want)

		want = listener
		want.State, want.Local, want.Remote = socket.Established, inetEnd("127.0.0.1", portOf(t, client)), inetEnd("127.0.0.1", uint32(fourPort))
		expect(t, rows, liveOf(t, client), want)

		if len(rows) != 6 { // and the connection that nobody accepted
			t.Errorf("%d rows, want 6: %+v", len(rows), rows)
		}
		for family, n := range map[socket.Family]int{socket.IPv4: 2, socket.IPv6: 2} {
			r := everything(socket.TCP)
			r.IPv4, r.IPv6, r.States = family == socket.IPv4, family == socket.IPv6, socket.ListeningStates
			if rows := table(t, r); len(rows) != n {
				t.Errorf("%d listeners over %v, want %d", len(rows), family, n)
			}
		}
	})
}

// TestLiveTCPBound: sockets that are bound and do not listen, which Linux
// lists since 6.8.
func TestLiveTCPBound(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		bound := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(bound, &unix.SockaddrInet6{}))
		// Only a port that was asked for by number outlives a refused connection.
		tried := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(tried, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 9000}))
		if err := unix.Connect(tried, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 1}); err == nil {
			t.Error("something listens on port 1")
		}
		rows := table(t, everything(socket.TCP))
		if len(rows) == 0 {
			t.Skip("this kernel does not list bound sockets")
		}
		want := socket.Socket{
			Proto: socket.TCP, Family: socket.IPv6, Type: socket.Stream, State: socket.Bound,
			Local: inetEnd("::", portOf(t, bound)), V6Only: socket.No,
		}
		expect(t, rows, liveOf(t, bound), want)
		want.Family, want.V6Only, want.Local = socket.IPv4, socket.Unknown, inetEnd("127.0.0.1", portOf(t, tried))
		expect(t, rows, liveOf(t, tried), want)
	})
}

func TestLiveUDP(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		four := open(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
		must(t, unix.Bind(four, &unix.SockaddrInet4{}))
		six := open(t, unix.AF_INET6, unix.SOCK_DGRAM, 0)
		must(t, unix.Bind(six, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}))
		connected := open(t, unix.AF_INET6, unix.SOCK_DGRAM, 0)
		must(t, unix.Connect(connected, &unix.SockaddrInet6{Addr: [16]byte{15: 1}, Port: 9}))

		rows := table(t, everything(socket.UDP))
		want := socket.Socket{Proto: socket.UDP, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn}
		want.Local = inetEnd("0.0.0.0", portOf(t, four))
		expect(t, rows, liveOf(t, four), want)
		// To bind to one IPv6 address is to leave IPv4 (inet6_bind).
		want.Family, want.V6Only, want.Local = socket.IPv6, socket.Yes, inetEnd("::1", portOf(t, six))
		expect(t, rows, liveOf(t, six), want)
		want.State, want.V6Only = socket.Established, socket.Unknown
		want.Local, want.Remote = inetEnd("::1", portOf(t, connected)), inetEnd("::1", 9)
		expect(t, rows, liveOf(t, connected), want)
		if len(rows) != 3 {
			t.Errorf("%d UDP rows, want 3", len(rows))
		}
	})
}

func TestLiveUDPLite(t *testing.T) {
	t.Parallel()
	needs(t, unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE)
	nstest.Run(t, func(t *testing.T) {
		lite := open(t, unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE)
		must(t, unix.Bind(lite, &unix.SockaddrInet4{}))
		want := socket.Socket{
			Proto: socket.UDPLite, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn,
			Local: inetEnd("0.0.0.0", portOf(t, lite)),
		}
		expect(t, table(t, everything(socket.UDPLite)), liveOf(t, lite), want)
	})
}

func TestLiveUnix(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a\nb")
	nstest.Run(t, func(t *testing.T) {
		onPath := open(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(onPath, &unix.SockaddrUnix{Name: path}))
		must(t, unix.Listen(onPath, 9))
		abstract := open(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		must(t, unix.Bind(abstract, &unix.SockaddrUnix{Name: "@sockls" + "\x00" + "inside"}))
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		for _, fd := range pair {
			t.Cleanup(func() { _ = unix.Close(fd) })
		}
		client := open(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
		must(t, unix.Connect(client, &unix.SockaddrUnix{Name: path}))
		accepted, _, err := unix.Accept4(onPath, unix.SOCK_CLOEXEC)
		must(t, err)
		t.Cleanup(func() { _ = unix.Close(accepted) })

		rows := table(t, everything(socket.Unix))
		row := socket.Socket{Proto: socket.Unix, Family: socket.FamilyUnix, Type: socket.Stream, State: socket.Listen}
		want := row
		want.Local.Name, want.SendQ = path, 9
		expect(t, rows, liveOf(t, onPath), want)

		want = row
		want.Type, want.State, want.Local.Name = socket.Dgram, socket.Unconn, "\x00sockls\x00inside"
		expect(t, rows, liveOf(t, abstract), want)

		want = row
		want.Type, want.State, want.Remote.Node = socket.Seqpacket, socket.Established, uint32(liveOf(t, pair[1]).inode)
		expect(t, rows, liveOf(t, pair[0]), want)

		want = row
		want.State, want.Remote = socket.Established, socket.Endpoint{Node: uint32(liveOf(t, accepted).inode), Name: path}
		expect(t, rows, liveOf(t, client), want)
		if len(rows) != 6 {
			t.Errorf("%d rows, want 6", len(rows))
		}
	})
}

func TestLivePacket(t *testing.T) {
	t.Parallel()
	needs(t, unix.AF_PACKET, unix.SOCK_DGRAM, 0)
	nstest.Run(t, func(t *testing.T) {
		fd := open(t, unix.AF_PACKET, unix.SOCK_DGRAM, 0)
		network := uint16(0x0608) // ETH_P_ARP in network order
		if native.Uint16([]byte{1, 0}) != 1 {
			network = 0x0806
		}
		must(t, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: network, Ifindex: 1}))
		expect(t, table(t, everything(socket.Packet)), liveOf(t, fd), socket.Socket{
			Proto: socket.Packet, Family: socket.FamilyPacket, Type: socket.Dgram, State: socket.Unconn,
			Local: socket.Endpoint{Port: 0x0806, Node: 1, Name: testIfName(1)}, Device: testIfName(1),
		})
	})
}

// TestLiveNetlink has multicast subscribers, which the kernel lists twice.
func TestLiveNetlink(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		var fds []int
		for range 20 {
			fd := open(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
			must(t, unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}))
			fds = append(fds, fd)
		}
		rows := table(t, everything(socket.Netlink))
		kernels := 0
		for _, s := range rows {
			if s.Local.Port == 0 {
				kernels++
			}
		}
		if kernels == 0 {
			t.Error("the kernel's own sockets are not listed")
		}
		for _, fd := range fds {
			name, err := unix.Getsockname(fd)
			must(t, err)
			expect(t, rows, liveOf(t, fd), socket.Socket{
				Proto: socket.Netlink, Family: socket.FamilyNetlink, Type: socket.RawType, State: socket.Unconn,
				Local: socket.Endpoint{Port: name.(*unix.SockaddrNetlink).Pid, Node: unix.NETLINK_ROUTE},
			})
		}
	})
}

// TestLiveMPTCP: the row of the connection has the inode of its descriptor.
func TestLiveMPTCP(t *testing.T) {
	t.Parallel()
	needs(t, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
	nstest.Run(t, func(t *testing.T) {
		fd := open(t, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
		must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		must(t, unix.Listen(fd, 3))
		expect(t, table(t, everything(socket.MPTCP)), liveOf(t, fd), socket.Socket{
			Proto: socket.MPTCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Listen,
			Local: inetEnd("127.0.0.1", portOf(t, fd)), SendQ: 3,
		})
	})
}

// TestLiveManyDatagrams: a table over many datagrams comes whole, and the
// connection can be used again.
func TestLiveManyDatagrams(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		const n = 1500
		want := map[uint64]bool{}
		for range n {
			fd := open(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
			must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
			want[liveOf(t, fd).cookie] = true
		}
		conn, err := Dial()
		must(t, err)
		c := NewClient(conn, testIfName)
		defer c.Close()
		for range 3 {
			seen := map[uint64]bool{}
			must(t, c.Dump(context.Background(), everything(socket.UDP), func(s *socket.Socket) error {
				if seen[s.Cookie] || !want[s.Cookie] {
					t.Errorf("a row too many: %+v", s)
				}
				seen[s.Cookie] = true
				return nil
			}))
			if len(seen) != n {
				t.Errorf("%d rows, want %d", len(seen), n)
			}
		}
	})
}

// TestLiveRefusal: the kernel's refusal of a family that it has no table for
// arrives as an errno.
func TestLiveRefusal(t *testing.T) {
	t.Parallel()
	conn, err := Dial()
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(conn, testIfName)
	defer c.Close()
	d := dump{Client: c, ctx: context.Background(), states: socket.AllStates, yield: func(*socket.Socket) error { return nil }}
	err = d.run(request{kind: typeByFamily, body: []byte{200, 0, 0, 0, 0, 0, 0, 0}}, c.dec.decodeUnix)
	if err == nil || !strings.Contains(err.Error(), unix.EINVAL.Error()) && !strings.Contains(err.Error(), unix.ENOENT.Error()) {
		t.Errorf("family 200: %v", err)
	}
	if c.broken {
		t.Error("the connection is given up after a refusal")
	}
}

// TestLiveBufferTooSmall: a datagram that does not fit is an error.
func TestLiveBufferTooSmall(t *testing.T) {
	t.Parallel()
	conn, err := Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Send(showRequest(afNetlink, netlinkAllProtos, 0).encode(1)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Receive(make([]byte, 40))
	if n != 0 || err == nil || !strings.Contains(err.Error(), unix.EMSGSIZE.Error()) {
		t.Errorf("%d bytes, %v", n, err)
	}
}
