package sockdiag

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

func diffRows[T any](want, got T) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty())
}

func v6only(yes uint8) []byte { return attr(inetV6Only, yes) }

// shutdown is an attribute that comes unasked and is nobody's business here.
func shutdown() []byte { return attr(8, uint8(3)) }

func TestDecodeInet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		proto socket.Proto
		msg   inetMsg
		want  socket.Socket
	}{
		{
			name: "IPv4 listener", proto: socket.TCP,
			msg: inetMsg{
				family: afInet, state: 10, sport: 8080, src: "127.0.0.1", cookie: 0x1_0000_0002,
				rqueue: 3, wqueue: 4096, uid: 1000, inode: 4242, attrs: shutdown(),
			},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.Listen, Local: inetEnd("127.0.0.1", 8080),
				Cookie: 0x1_0000_0002, RecvQ: 3, SendQ: 4096, UID: 1000, HasUID: true, Inode: 4242,
			},
		},
		{
			name: "IPv4 connection", proto: socket.TCP,
			msg: inetMsg{
				family: afInet, state: 1, sport: 0xfffe, dport: 443, src: "192.0.2.1", dst: "198.51.100.255",
				cookie: ^uint64(0), rqueue: 0xffffffff, wqueue: 0x80000000, uid: 0xffffffff, inode: 0xffffffff,
			},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.Established,
				Local: inetEnd("192.0.2.1", 0xfffe), Remote: inetEnd("198.51.100.255", 443),
				Cookie: ^uint64(0), RecvQ: 0xffffffff, SendQ: 0x80000000, UID: 0xffffffff, HasUID: true, Inode: 0xffffffff,
			},
		},
		{
			name: "the address of an IPv4 socket is four bytes, whatever follows them", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 10, sport: 1, src: "7f00:1:ffff:ffff:ffff:ffff:ffff:ffff", inode: 1},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.Listen, Local: inetEnd("127.0.0.1", 1), HasUID: true, Inode: 1,
			},
		},
		{
			name: "dual-stack listener", proto: socket.TCP,
			msg: inetMsg{family: afInet6, state: 10, sport: 80, inode: 7, attrs: pack(shutdown(), v6only(0))},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Stream, State: socket.Listen, Local: inetEnd("::", 80),
				HasUID: true, Inode: 7, V6Only: socket.No,
			},
		},
		{
			name: "IPv6-only listener on a link", proto: socket.TCP,
			msg: inetMsg{family: afInet6, state: 10, sport: 80, inode: 7, index: 2, attrs: v6only(1)},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Stream, State: socket.Listen, Local: inetEnd("::", 80),
				HasUID: true, Inode: 7, V6Only: socket.Yes, Device: "eth2",
			},
		},
		{
			name: "IPv4 knows no IPv6-only", proto: socket.UDP,
			msg: inetMsg{family: afInet, state: 7, sport: 53, src: "127.0.0.53", inode: 1, attrs: v6only(1)},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn, Local: inetEnd("127.0.0.53", 53), HasUID: true, Inode: 1,
			},
		},
		{
			name: "v4-mapped connection", proto: socket.TCP,
			msg: inetMsg{family: afInet6, state: 1, sport: 80, dport: 4000, src: "::ffff:192.0.2.1", dst: "::ffff:198.51.100.7", inode: 8},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Stream, State: socket.Established,
				Local: inetEnd("::ffff:192.0.2.1", 80), Remote: inetEnd("::ffff:198.51.100.7", 4000), HasUID: true, Inode: 8,
			},
		},
		{
			name: "v4-mapped link-local has a device and no zone", proto: socket.TCP,
			msg: inetMsg{family: afInet6, state: 1, index: 3, sport: 80, dport: 4000, src: "::ffff:169.254.0.1", dst: "::ffff:169.254.0.2", inode: 8},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Stream, State: socket.Established, Device: "eth3",
				Local: inetEnd("::ffff:169.254.0.1", 80), Remote: inetEnd("::ffff:169.254.0.2", 4000), HasUID: true, Inode: 8,
			},
		},
		{
			name: "link-local with zone", proto: socket.TCP,
			msg: inetMsg{family: afInet6, state: 1, index: 4, sport: 22, dport: 5000, src: "fe80::1", dst: "fe80::2", inode: 9},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Stream, State: socket.Established, Device: "eth4",
				Local: inetEnd("fe80::1%eth4", 22), Remote: inetEnd("fe80::2%eth4", 5000), HasUID: true, Inode: 9,
			},
		},
		{
			name: "only addresses of a link need its name", proto: socket.UDP,
			msg: inetMsg{family: afInet6, state: 1, index: 4, sport: 546, dport: 547, src: "2001:db8::1", dst: "ff02::1:2", inode: 9},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Dgram, State: socket.Established, Device: "eth4",
				Local: inetEnd("2001:db8::1", 546), Remote: inetEnd("ff02::1:2%eth4", 547), HasUID: true, Inode: 9,
			},
		},
		{
			name: "link-local without an interface has no zone", proto: socket.UDP,
			msg: inetMsg{family: afInet6, state: 7, sport: 546, src: "fe80::1", inode: 9, attrs: v6only(0)},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Dgram, State: socket.Unconn, Local: inetEnd("fe80::1", 546),
				HasUID: true, Inode: 9, V6Only: socket.No,
			},
		},
		{
			name: "TIME_WAIT has no owner", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 6, timer: 3, sport: 80, dport: 4000, src: "192.0.2.1", dst: "192.0.2.2", cookie: 5},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.TimeWait, Cookie: 5,
				Local: inetEnd("192.0.2.1", 80), Remote: inetEnd("192.0.2.2", 4000),
			},
		},
		{
			name: "SYN_RECV has no owner", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 3, timer: 1, sport: 80, dport: 4000, src: "192.0.2.1", dst: "192.0.2.2"},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.SynRecv,
				Local: inetEnd("192.0.2.1", 80), Remote: inetEnd("192.0.2.2", 4000),
			},
		},
		{
			name: "the kernel's own number for a half-open connection", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 12, sport: 80, dport: 4000, src: "192.0.2.1", dst: "192.0.2.2"},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.SynRecv,
				Local: inetEnd("192.0.2.1", 80), Remote: inetEnd("192.0.2.2", 4000),
			},
		},
		{
			name: "a simultaneous open has", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 3, sport: 80, dport: 4000, src: "192.0.2.1", dst: "192.0.2.2", inode: 6},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.SynRecv, Inode: 6, HasUID: true,
				Local: inetEnd("192.0.2.1", 80), Remote: inetEnd("192.0.2.2", 4000),
			},
		},
		{
			name: "an orphan keeps its owner where the kernel tells", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 4, sport: 80, dport: 4000, src: "192.0.2.1", dst: "192.0.2.2", uid: 33},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.FinWait1, UID: 33, HasUID: true,
				Local: inetEnd("192.0.2.1", 80), Remote: inetEnd("192.0.2.2", 4000),
			},
		},
		{
			name: "TCP 7 is bound, without the peer and the sequence numbers of its past", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 7, sport: 9000, src: "127.0.0.1", dst: "127.0.0.1", rqueue: 1, wqueue: 3, inode: 10},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.Bound, Local: inetEnd("127.0.0.1", 9000), HasUID: true, Inode: 10,
			},
		},
		{
			name: "a listener that was connected once has no peer", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 10, sport: 9000, src: "127.0.0.1", dst: "127.0.0.1", wqueue: 5, inode: 10},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.Listen, Local: inetEnd("127.0.0.1", 9000),
				SendQ: 5, HasUID: true, Inode: 10,
			},
		},
		{
			name: "a UDP socket that was connected once has no peer", proto: socket.UDP,
			msg: inetMsg{family: afInet6, state: 7, sport: 9000, dst: "::1", rqueue: 768, inode: 10},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Dgram, State: socket.Unconn, Local: inetEnd("::", 9000), RecvQ: 768, HasUID: true, Inode: 10,
			},
		},
		{
			name: "a peer may have port 0", proto: socket.UDP,
			msg: inetMsg{family: afInet, state: 1, sport: 9000, src: "127.0.0.1", dst: "127.0.0.1", inode: 10},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Dgram, State: socket.Established,
				Local: inetEnd("127.0.0.1", 9000), Remote: inetEnd("127.0.0.1", 0), HasUID: true, Inode: 10,
			},
		},
		{
			name: "udplite 7 is unconnected", proto: socket.UDPLite,
			msg: inetMsg{family: afInet, state: 7, sport: 9000, src: "127.0.0.1", inode: 10},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn, Local: inetEnd("127.0.0.1", 9000), HasUID: true, Inode: 10,
			},
		},
		{
			name: "MPTCP 7 is closed, for no bind table lists it", proto: socket.MPTCP,
			msg: inetMsg{family: afInet, state: 7, sport: 9000, src: "127.0.0.1", inode: 10},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.Close, Local: inetEnd("127.0.0.1", 9000), HasUID: true, Inode: 10,
			},
		},
		{
			name: "MPTCP connection", proto: socket.MPTCP,
			msg: inetMsg{family: afInet6, state: 1, sport: 9000, dport: 1, src: "::1", dst: "::1", uid: 5, inode: 10, attrs: attr(10, uint8(0))},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Stream, State: socket.Established,
				Local: inetEnd("::1", 9000), Remote: inetEnd("::1", 1), UID: 5, HasUID: true, Inode: 10,
			},
		},
		{
			name: "a state without a name", proto: socket.TCP,
			msg: inetMsg{family: afInet, state: 14, sport: 1, dport: 2, src: "127.0.0.1", dst: "127.0.0.1", inode: 1},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Stream, State: socket.StateUnknown,
				Local: inetEnd("127.0.0.1", 1), Remote: inetEnd("127.0.0.1", 2), HasUID: true, Inode: 1,
			},
		},
		{
			name: "SCTP endpoint that listens", proto: socket.SCTP,
			msg: inetMsg{family: afInet6, state: 10, sport: 1, wqueue: 128, inode: 1, attrs: pack(v6only(1), attr(12, make([]byte, 128)))},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Seqpacket, State: socket.Listen, Local: inetEnd("::", 1),
				SendQ: 128, HasUID: true, Inode: 1, V6Only: socket.Yes,
			},
		},
		{
			name: "SCTP endpoint of one connection: its peer and queues are the association's", proto: socket.SCTP,
			msg: inetMsg{family: afInet, state: 1, sport: 1, dport: 2, src: "192.0.2.1", dst: "192.0.2.2", wqueue: 128, inode: 1},
			want: socket.Socket{
				Family: socket.IPv4, Type: socket.Seqpacket, State: socket.Established, Local: inetEnd("192.0.2.1", 1), HasUID: true, Inode: 1,
			},
		},
		{
			name: "SCTP association: states of its own, the route's interface", proto: socket.SCTP,
			msg: inetMsg{
				family: afInet6, state: 7, sport: 1, dport: 2, src: "fe80::1", dst: "fe80::2", index: 5, rqueue: 6, wqueue: 7, inode: 1,
				attrs: attr(inetPeers, make([]byte, 256)),
			},
			want: socket.Socket{
				Family: socket.IPv6, Type: socket.Seqpacket, State: socket.ShutdownAckSent, RecvQ: 6, SendQ: 7,
				Local: inetEnd("fe80::1%eth5", 1), Remote: inetEnd("fe80::2%eth5", 2), HasUID: true, Inode: 1,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Proto = tt.proto
			got := dirty()
			if !testDecoder().decodeInet(tt.msg.bytes(), tt.proto, &got) {
				t.Fatal("the message made no row")
			}
			if diff := diffRows(tt.want, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

// dirty is a row of the message before, of which nothing may stay.
func dirty() socket.Socket {
	return socket.Socket{
		Proto: socket.TIPC, Family: socket.FamilyTIPC, Type: socket.RDM, State: socket.CookieWait, V6Only: socket.Yes,
		Local: inetEnd("203.0.113.1", 1), Remote: socket.Endpoint{Name: "old", Node: 4},
		Processes: []socket.Holder{{FD: 1}}, NoProcess: socket.ReasonOrphan, Device: "old", User: "old", NetNS: &socket.NetNS{},
		Inode: 1, Cookie: 1, RecvQ: 1, SendQ: 1, UID: 1, HasUID: true,
	}
}

// TestRootOrNobody: a uid 0 means root only where the kernel keeps one.
func TestRootOrNobody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		msg        inetMsg
		orphanUIDs bool
		want       bool
	}{
		{"with a file", inetMsg{state: 1, inode: 1}, false, true},
		{"orphan, as old kernels tell of it", inetMsg{state: 4}, false, false},
		{"orphan, as new kernels tell of it", inetMsg{state: 4}, true, true},
		{"not accepted, on a new kernel", inetMsg{state: 1}, true, true},
		{"half open", inetMsg{state: 3, timer: 1}, true, false},
		{"TIME_WAIT", inetMsg{state: 6, timer: 3}, true, false},
		{"what is left of a FIN_WAIT2", inetMsg{state: 5, timer: 3}, true, false},
		{"a whole FIN_WAIT2", inetMsg{state: 5, timer: 2}, true, true},
	}
	for _, tt := range tests {
		tt.msg.family = afInet
		var s socket.Socket
		d := &decoder{ifName: testIfName, orphanUIDs: tt.orphanUIDs}
		if !d.decodeInet(tt.msg.bytes(), socket.TCP, &s) || s.HasUID != tt.want || s.UID != 0 {
			t.Errorf("%s: known %v, want %v", tt.name, s.HasUID, tt.want)
		}
		tt.msg.uid = 1000
		if !d.decodeInet(tt.msg.bytes(), socket.TCP, &s) || !s.HasUID || s.UID != 1000 {
			t.Errorf("%s: uid 1000 came as %d, %v", tt.name, s.UID, s.HasUID)
		}
	}
}

func TestDecodeInetForeignFamily(t *testing.T) {
	t.Parallel()
	for _, family := range []uint8{0, afUnix, 11, 255} {
		var s socket.Socket
		if testDecoder().decodeInet(inetMsg{family: family, state: 10}.bytes(), socket.TCP, &s) {
			t.Errorf("family %d made the row %+v", family, s)
		}
	}
}

// TestSCTPStates compares with enum sctp_state of include/net/sctp/constants.h.
func TestSCTPStates(t *testing.T) {
	t.Parallel()
	want := []socket.State{
		socket.Close, socket.CookieWait, socket.CookieEchoed, socket.Established, socket.ShutdownPending,
		socket.ShutdownSent, socket.ShutdownReceived, socket.ShutdownAckSent, socket.StateUnknown, socket.StateUnknown,
	}
	for number, state := range want {
		if got := sctpState(uint8(number)); got != state {
			t.Errorf("state %d is %v, want %v", number, got, state)
		}
	}
}

// TestDeviceOnce: a million rows of one interface ask for its name once.
func TestDeviceOnce(t *testing.T) {
	t.Parallel()
	asked := map[uint32]int{}
	d := &decoder{ifName: func(index uint32) string {
		asked[index]++
		return ""
	}}
	var s socket.Socket
	for range 3 {
		for _, index := range []uint32{0, 1, 9} {
			if !d.decodeInet(inetMsg{family: afInet6, state: 10, src: "fe80::1", index: index}.bytes(), socket.TCP, &s) {
				t.Fatal("the message made no row")
			}
		}
	}
	if diff := cmp.Diff(map[uint32]int{1: 1, 9: 1}, asked); diff != "" {
		t.Errorf("lookups (-want +got):\n%s", diff)
	}
	if zone := s.Local.Addr.Zone(); zone != "" {
		t.Errorf("an interface without a name gave the zone %q", zone)
	}
}
