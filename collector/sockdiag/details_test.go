package sockdiag

import (
	"reflect"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// all asks for everything that a table tells.
const all = tableDetails

func detailDecoder(wanted socket.Detail, tail TCPInfoTail) *decoder {
	d := testDecoder()
	d.details.want(wanted, tail)
	return d
}

// tcpInfoBytes is a struct tcp_info with a different number in each field.
func tcpInfoBytes() []byte {
	b := pack(uint8(1), uint8(2), uint8(3), uint8(4), uint8(5), uint8(0xff),
		bitFields(0x87, 0x78), bitFields(0b0000_0101, 0b1100_0000))
	for n := uint32(1); len(b) < 104; n++ {
		b = append(b, pack(n)...)
	}
	b = append(b, pack(uint64(101), uint64(102), uint64(103), uint64(104))...)
	b = append(b, pack(uint32(105), uint32(106), uint32(107), uint32(108), uint32(109), uint32(110))...)
	b = append(b, pack(uint64(111), uint64(112), uint64(113), uint64(114), uint32(115), uint32(116))...)
	b = append(b, pack(uint64(117), uint64(118), uint32(119), uint32(120), uint32(121), uint32(122))...)
	b = append(b, pack(uint32(123), uint32(124), uint16(125), uint16(126), uint32(127))...)
	return append(b, pack(uint32(128), uint32(129), uint32(130), uint32(131), uint32(132), uint32(133), uint32(134),
		bitFields(0b1001_0110, 0b1001_1001), uint8(0), uint8(2), uint8(0))...)
}

// tcpInfoWant is what tcpInfoBytes says.
func tcpInfoWant() socket.TCPInfo {
	return socket.TCPInfo{
		Size: 280, CAState: 2, Retransmits: 3, Probes: 4, Backoff: 5, Options: 0xff, SendWScale: 7, RecvWScale: 8,
		AppLimited: 1, FastOpenFail: 2,
		RTO: 1, ATO: 2, SendMSS: 3, RecvMSS: 4, Unacked: 5, Sacked: 6, Lost: 7, Retrans: 8, Fackets: 9,
		LastDataSent: 10, LastDataRecv: 12, LastAckRecv: 13, PMTU: 14, RecvSsthresh: 15, RTT: 16, RTTVar: 17,
		SendSsthresh: 18, Cwnd: 19, AdvMSS: 20, Reordering: 21, RecvRTT: 22, RecvSpace: 23, TotalRetrans: 24,
		PacingRate: 101, MaxPacingRate: 102, BytesAcked: 103, BytesReceived: 104,
		SegsOut: 105, SegsIn: 106, NotSent: 107, MinRTT: 108, DataSegsIn: 109, DataSegsOut: 110,
		DeliveryRate: 111, BusyTime: 112, RwndLimited: 113, SndbufLimited: 114, Delivered: 115, DeliveredCE: 116,
		BytesSent: 117, BytesRetrans: 118, DSACKDups: 119, ReordSeen: 120, RecvOOOPack: 121, SendWnd: 122,
		RecvWnd: 123, Rehash: 124, TotalRTO: 125, TotalRTORecoveries: 126, TotalRTOTime: 127,
		ReceivedCE: 128, DeliveredE1Bytes: 129, DeliveredE0Bytes: 130, DeliveredCEBytes: 131,
		ReceivedE1Bytes: 132, ReceivedE0Bytes: 133, ReceivedCEBytes: 134,
	}
}

// skmem is an SK_MEMINFO_VARS array of n entries.
func skmem(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, pack(int32(100+i))...)
	}
	return b
}

func skmemWant(n int) *socket.Memory {
	v := make([]uint32, 9)
	for i := range n {
		v[i] = uint32(100 + i)
	}
	return &socket.Memory{
		Entries: uint8(n), ReceiveAlloc: v[0], ReceiveBuffer: v[1], SendAlloc: v[2], SendBuffer: v[3],
		ForwardAlloc: int32(v[4]), SendQueued: v[5], OptionMemory: v[6], Backlog: v[7], Drops: v[8],
	}
}

// everyAttribute is what the kernel may say of a TCP socket.
func everyAttribute() []byte {
	return pack(
		attr(inetShutdown, uint8(2)), attr(inetTOS, uint8(0x10)), attr(inetTClass, uint8(0x20)), attr(inetMark, uint32(7)),
		attr(inetClassID, uint32(9)), attr(inetCgroupID, uint64(0x1_0000_0003)),
		attr(inetSockOpt, bitFields(0b0101_0010, 0b0100_1010), bitFields(0b1111_1101, 0b1011_1111)),
		attr(1, uint32(1), uint32(2), uint32(3), uint32(4)), attr(inetSKMemInfo, skmem(9)), attr(inetInfo, tcpInfoBytes()),
		attr(inetCong, "cubic\x00"), attr(inetMD5Sig, make([]byte, 200)),
		attr(inetULP, attr(1, "tls\x00"), attr(2,
			attr(1, uint16(0x304)), attr(2, uint16(52)), attr(3, uint16(2)), attr(4, uint16(1)), attr(5), attr(6), attr(7, uint16(16384)))),
		attr(inetBBR, uint32(5), uint32(1), uint32(6), uint32(7), uint32(8)),
	)
}

func TestDetailsOfTCP(t *testing.T) {
	t.Parallel()
	everything := func() *socket.Details {
		info := tcpInfoWant()
		info.AccECN = &socket.AccECN{HasMode: true, Mode: 2, OptionSeen: 1, FailMode: 9}
		info.Congestion, info.ULP = "cubic", "tls"
		info.BBR = &socket.BBRInfo{Bandwidth: 1<<32 | 5, MinRTT: 6, PacingGain: 7, CwndGain: 8}
		info.TLS = &socket.TLSInfo{
			Version: 0x304, Cipher: 52, TxConf: 2, RxConf: 1, ZeroCopySend: true, NoReceivePads: true, MaxPayload: 16384,
		}
		return &socket.Details{
			Extended: &socket.Extended{
				Shutdown: socket.ShutdownSend, HasShutdown: true, Mark: 7, HasMark: true, CgroupID: 0x1_0000_0003,
				MD5Keys: 2, HasMD5Keys: true,
			},
			Timer:  &socket.Timer{Kind: socket.TimerKeepalive, Expires: 0x99999999, Retransmits: 3},
			Memory: skmemWant(9),
			TCP:    &info,
			IP: &socket.IPOptions{
				TOS: 0x10, HasTOS: true, TrafficClass: 0x20, HasTrafficClass: true, ClassID: 9, HasClassID: true,
				Flags:    socket.IPIsICSK | socket.IPMulticastLoop | socket.IPMulticastAll | socket.IPBindAddressNoPort | socket.IPDeferConnect,
				HasFlags: true,
			},
		}
	}
	only := func(keep func(all, d *socket.Details)) *socket.Details {
		d := &socket.Details{}
		keep(everything(), d)
		return d
	}
	tests := []struct {
		name   string
		wanted socket.Detail
		attrs  []byte
		want   *socket.Details
	}{
		{"nothing is asked for", socket.DetailQueues | socket.DetailOwners, everyAttribute(), nil},
		{"everything", all, everyAttribute(), everything()},
		{"the timer is in the fixed part", socket.DetailTimer, nil, only(func(a, d *socket.Details) { d.Timer = a.Timer })},
		{"memory only", socket.DetailMemory, everyAttribute(), only(func(a, d *socket.Details) { d.Memory = a.Memory })},
		{"tcp_info only", socket.DetailTCPInfo, everyAttribute(), only(func(a, d *socket.Details) { d.TCP = a.TCP })},
		{"the mark only", socket.DetailMark, everyAttribute(), only(func(a, d *socket.Details) {
			d.Extended = &socket.Extended{Mark: a.Extended.Mark, HasMark: true}
		})},
		{"extended without the mark", socket.DetailExtended, everyAttribute(), only(func(a, d *socket.Details) {
			d.Extended = a.Extended
			d.Extended.Mark, d.Extended.HasMark = 0, false
		})},
		{"tos only", socket.DetailTOS, everyAttribute(), only(func(a, d *socket.Details) {
			d.IP = a.IP
			d.IP.Flags, d.IP.HasFlags = 0, false
		})},
		{"options only", socket.DetailIPFlags, everyAttribute(), only(func(a, d *socket.Details) {
			d.IP = &socket.IPOptions{Flags: a.IP.Flags, HasFlags: true}
		})},
		{"an old kernel's options of one byte", socket.DetailIPFlags, attr(inetSockOpt, bitFields(0x01, 0x80)), &socket.Details{
			IP: &socket.IPOptions{Flags: socket.IPRecvErr, HasFlags: true},
		}},
		{"old memory", socket.DetailMemory, attr(inetSKMemInfo, skmem(7)), &socket.Details{Memory: skmemWant(7)}},
		{"memory of a kernel to come", socket.DetailMemory, attr(inetSKMemInfo, skmem(12)), &socket.Details{Memory: skmemWant(9)}},
		{
			"no keys, and allowed to see them", all &^ socket.DetailTimer,
			pack(attr(inetShutdown, uint8(0)), attr(inetMark, uint32(0))),
			&socket.Details{Extended: &socket.Extended{HasShutdown: true, HasMark: true, HasMD5Keys: true}},
		},
		{"keys of a TIME_WAIT are not told", all &^ socket.DetailTimer, attr(inetMark, uint32(0)), &socket.Details{
			Extended: &socket.Extended{HasMark: true},
		}},
		{"nothing for who may not see it", all &^ socket.DetailTimer, attr(inetShutdown, uint8(0)), &socket.Details{
			Extended: &socket.Extended{HasShutdown: true},
		}},
		{"attributes cut short", all &^ socket.DetailTimer, pack(
			attr(inetShutdown), attr(inetTOS), attr(inetTClass), attr(inetMark, uint16(1)), attr(inetClassID, uint16(1)),
			attr(inetCgroupID, uint32(1)), attr(inetSockOpt), attr(inetBBR, make([]byte, 19)), attr(inetVegas, make([]byte, 15)),
			attr(inetDCTCP, make([]byte, 15)),
		), &socket.Details{}},
		{"attributes of a kernel to come", all &^ socket.DetailTimer, pack(attr(23, uint32(1)), attr(33, uint32(1)), attr(0x3fff)), &socket.Details{}},
		{"vegas", socket.DetailTCPInfo, attr(inetVegas, uint32(1), uint32(2), uint32(3), uint32(4)), &socket.Details{
			TCP: &socket.TCPInfo{Vegas: &socket.VegasInfo{Enabled: 1, RTTCount: 2, RTT: 3, MinRTT: 4}},
		}},
		{"dctcp", socket.DetailTCPInfo, attr(inetDCTCP, uint16(1), uint16(2), uint32(3), uint32(4), uint32(5)), &socket.Details{
			TCP: &socket.TCPInfo{DCTCP: &socket.DCTCPInfo{Enabled: 1, CEState: 2, Alpha: 3, ABECN: 4, ABTotal: 5}},
		}},
		{"an MPTCP subflow", socket.DetailTCPInfo, attr(inetULP, attr(1, "mptcp\x00"), attr(3,
			attr(1, uint32(1)), attr(2, uint32(2)), attr(3, uint32(3)), attr(4, uint64(4)), attr(5, uint32(5)), attr(6, uint32(6)),
			attr(7, uint16(7)), attr(8, uint32(8)), attr(9, uint8(9)), attr(10, uint8(10)))), &socket.Details{
			TCP: &socket.TCPInfo{ULP: "mptcp", Subflow: &socket.SubflowInfo{
				TokenRemote: 1, TokenLocal: 2, RelWriteSeq: 3, MapSeq: 4, MapSubflowSeq: 5, SSNOffset: 6, MapDataLen: 7,
				Flags: 8, IDRemote: 9, IDLocal: 10,
			}},
		}},
		{"a protocol that tells its name only", socket.DetailTCPInfo, attr(inetULP, attr(1, "smc\x00\x00\x00")), &socket.Details{
			TCP: &socket.TCPInfo{ULP: "smc"},
		}},
	}
	for _, tt := range tests {
		msg := inetMsg{family: afInet, state: 1, timer: 2, retransmissions: 3, inode: 1, attrs: tt.attrs}
		d := detailDecoder(tt.wanted, TailPacked)
		for _, before := range []string{"a fresh decoder", "a decoder that has seen much"} {
			var s socket.Socket
			if !d.decodeInet(msg.bytes(), socket.TCP, &s) {
				t.Errorf("%s: no row", tt.name)
			}
			if diff := diffRows(tt.want, s.Details); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", tt.name, before, diff)
			}
			d.decodeInet(inetMsg{family: afInet6, state: 1, attrs: pack(everyAttribute(),
				attr(inetVegas, make([]byte, 16)), attr(inetDCTCP, make([]byte, 16)),
				attr(inetULP, attr(1, "mptcp"), attr(3)))}.bytes(), socket.TCP, new(socket.Socket))
		}
	}
}

// TestTCPInfoOfAnyLength: what a kernel does not fill is zero and beyond Size,
// and what it fills beyond what is known does no harm.
func TestTCPInfoOfAnyLength(t *testing.T) {
	t.Parallel()
	whole := tcpInfoBytes()
	for n := range len(whole) + 40 {
		value := append(append([]byte(nil), whole...), make([]byte, 40)...)[:n]
		padded := make([]byte, tcpInfoLen)
		copy(padded, value)
		d := detailDecoder(socket.DetailTCPInfo, TailUnknown)
		d.details.decodeTCPInfo(whole) // what was there before
		d.details.all.TCP = nil
		d.details.decodeTCPInfo(value)
		got := *d.details.all.TCP
		if want := uint16(min(n, tcpInfoLen)); got.Size != want {
			t.Fatalf("%d bytes: size %d", n, got.Size)
		}
		d.details.all.TCP = nil
		d.details.decodeTCPInfo(padded)
		want := *d.details.all.TCP
		want.Size = got.Size
		if diff := diffRows(want, got); diff != "" {
			t.Fatalf("%d bytes (-want +got):\n%s", n, diff)
		}
	}
}

// TestTCPInfoTail: the same four bytes mean two things.
func TestTCPInfoTail(t *testing.T) {
	t.Parallel()
	apart := append(tcpInfoBytes()[:276], pack(uint16(5), uint16(3))...)
	for _, tt := range []struct {
		name string
		tail TCPInfoTail
		info []byte
		want *socket.AccECN
	}{
		{"unknown", TailUnknown, apart, nil},
		{"6.18", TailApart, apart, &socket.AccECN{FailMode: 5, OptionSeen: 3}},
		{"7.0", TailPacked, tcpInfoBytes(), &socket.AccECN{HasMode: true, Mode: 2, OptionSeen: 1, FailMode: 9}},
		{"a struct that is too short", TailApart, apart[:276], nil},
	} {
		d := detailDecoder(socket.DetailTCPInfo, tt.tail)
		d.details.decodeTCPInfo(tt.info)
		if diff := diffRows(tt.want, d.details.all.TCP.AccECN); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestTimers: who has a timer at all.
func TestTimers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		proto socket.Proto
		timer uint8
		want  *socket.Timer
	}{
		{"off", socket.TCP, 0, &socket.Timer{Expires: 0x99999999, Retransmits: 3}},
		{"on", socket.TCP, 1, &socket.Timer{Kind: socket.TimerOn, Expires: 0x99999999, Retransmits: 3}},
		{"TIME_WAIT", socket.TCP, 3, &socket.Timer{Kind: socket.TimerTimeWait, Expires: 0x99999999, Retransmits: 3}},
		{"zero window", socket.TCP, 4, &socket.Timer{Kind: socket.TimerPersist, Expires: 0x99999999, Retransmits: 3}},
		{"SCTP", socket.SCTP, 4, &socket.Timer{Kind: socket.TimerOn, Expires: 0x99999999, Retransmits: 3}},
		{"UDP", socket.UDP, 0, nil},
		{"MPTCP", socket.MPTCP, 0, nil},
	} {
		var s socket.Socket
		msg := inetMsg{family: afInet, state: 1, timer: tt.timer, retransmissions: 3}
		detailDecoder(socket.DetailTimer, TailUnknown).decodeInet(msg.bytes(), tt.proto, &s)
		if diff := diffRows(tt.want, s.Details.Timer); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestDetailsOfMPTCP(t *testing.T) {
	t.Parallel()
	info := pack(uint8(1), uint8(2), uint8(3), uint8(4), uint8(5), uint8(6), uint16(0), uint32(7), uint32(8),
		uint64(9), uint64(10), uint64(11), uint8(12), uint8(13), uint8(14), uint8(0), uint32(15),
		uint64(16), uint64(17), uint64(18), uint64(19), uint8(20), make([]byte, 3), uint32(21), uint32(22), uint32(23))
	want := socket.MPTCPInfo{
		Size: 96, Subflows: 1, AddAddrSignal: 2, AddAddrAccepted: 3, SubflowsMax: 4, AddAddrSignalMax: 5, AddAddrAcceptMax: 6,
		Flags: 7, Token: 8, WriteSeq: 9, SendUna: 10, RecvNext: 11, LocalAddrUsed: 12, LocalAddrMax: 13, ChecksumEnabled: 14,
		Retransmits: 15, BytesRetrans: 16, BytesSent: 17, BytesReceived: 18, BytesAcked: 19, SubflowsTotal: 20,
		LastDataSent: 21, LastDataRecv: 22, LastAckRecv: 23,
	}
	old := want
	old.Size, old.Retransmits, old.BytesRetrans, old.BytesSent, old.BytesReceived, old.BytesAcked = 43, 0, 0, 0, 0, 0
	old.SubflowsTotal, old.LastDataSent, old.LastDataRecv, old.LastAckRecv = 0, 0, 0, 0
	for _, tt := range []struct {
		info []byte
		want socket.MPTCPInfo
	}{{info, want}, {append(info[:96:96], make([]byte, 16)...), want}, {info[:43], old}} {
		d := detailDecoder(socket.DetailTCPInfo, TailUnknown)
		var s socket.Socket
		d.decodeInet(inetMsg{family: afInet, state: 1, attrs: attr(inetInfo, tt.info)}.bytes(), socket.MPTCP, &s)
		if diff := diffRows(&socket.Details{MPTCP: &tt.want}, s.Details); diff != "" {
			t.Errorf("%d bytes (-want +got):\n%s", len(tt.info), diff)
		}
	}
}

func TestDetailsOfSCTP(t *testing.T) {
	t.Parallel()
	b := pack(uint32(1), uint32(3), uint32(2), uint16(3), uint16(4), uint16(5), uint16(6))
	for n := uint32(7); n <= 14; n++ {
		b = append(b, pack(n)...)
	}
	b = append(b, pack(uint8(15), uint8(16), uint16(0))...)
	for n := uint64(17); n <= 30; n++ {
		b = append(b, pack(n)...)
	}
	b = append(b, make([]byte, 128)...)
	b = append(b, pack(int32(-1))...)
	for n := uint32(32); n <= 41; n++ {
		b = append(b, pack(n)...)
	}
	b = append(b, pack(uint16(42), uint16(0), uint32(43), uint32(44), uint32(45), uint8(1), uint8(2), uint8(3), uint8(4), uint32(46))...)
	want := &socket.SCTPInfo{
		Size: 364, Tag: 1, Rwnd: 2, UnackData: 3, PendData: 4, InStreams: 5, OutStreams: 6, FragmentationPoint: 7,
		InQueue: 8, OutQueue: 9, OverallError: 10, MaxBurst: 11, MaxSeg: 12, PeerRwnd: 13, PeerTag: 14, PeerCapable: 15, PeerSack: 16,
		InSacks: 17, OutSacks: 18, OutPackets: 19, InPackets: 20, RetransChunks: 21, OutOfSeqTSNs: 22, InDupChunks: 23, GapCount: 24,
		OutUnordered: 25, InUnordered: 26, OutOrdered: 27, InOrdered: 28, OutCtrlChunks: 29, InCtrlChunks: 30,
		PathState: -1, PathCwnd: 32, PathSRTT: 33, PathRTO: 34, PathHeartbeat: 35, PathMaxRetry: 36, PathSackDelay: 37,
		PathSackFreq: 38, PathSsthresh: 39, PathPartial: 40, PathFlight: 41, PathError: 42,
		AutoClose: 43, Adaptation: 44, PartialDelivery: 45, NoDelay: 1, DisableFragments: 2, V4Mapped: 3, FragInterleave: 4, Style: 46,
	}
	d := detailDecoder(socket.DetailTCPInfo, TailUnknown)
	var s socket.Socket
	d.decodeInet(inetMsg{family: afInet, state: 3, attrs: pack(attr(inetPeers, make([]byte, 128)), attr(inetInfo, b))}.bytes(), socket.SCTP, &s)
	if diff := diffRows(&socket.Details{SCTP: want}, s.Details); diff != "" {
		t.Errorf("sctp_info (-want +got):\n%s", diff)
	}
}

func TestDetailsOfFamilies(t *testing.T) {
	t.Parallel()
	ring := func(n uint32) []byte { return pack(n, n+1, n+2, n+3, n+4, n+5, n+6) }
	ringWant := func(n uint32) socket.PacketRing {
		return socket.PacketRing{
			BlockSize: n, Blocks: n + 1, FrameSize: n + 2, Frames: n + 3, RetireTime: n + 4, PrivateSize: n + 5, Features: n + 6,
		}
	}
	tests := []struct {
		name   string
		family string
		msg    []byte
		want   *socket.Details
	}{
		{
			"unix", "unix", unixMsg{typ: 1, state: 1, attrs: pack(
				unixNameAttr("/x\x00"), attr(1, uint32(11), uint32(0x300004)), attr(5, skmem(9)), attr(6, uint8(3)),
			)}.bytes(),
			&socket.Details{Memory: skmemWant(9), Extended: &socket.Extended{
				HasShutdown: true, Shutdown: socket.ShutdownReceive | socket.ShutdownSend,
				Unix: &socket.UnixDetails{VFSInode: 11, VFSDevice: 0x300004},
			}},
		},
		{"a nameless unix socket", "unix", unixMsg{typ: 1, state: 1, attrs: attr(1, uint32(1))}.bytes(), &socket.Details{}},
		{
			"netlink", "netlink", netlinkMsg{typ: 3, attrs: pack(
				attr(0, skmem(9)), attr(1, uint64(0b1111_0101), uint64(1<<63)), attr(4, uint32(0x21)),
			)}.bytes(),
			&socket.Details{Memory: skmemWant(9), Extended: &socket.Extended{Netlink: &socket.NetlinkDetails{
				Groups: "1,3,5-8,128", Flags: socket.NetlinkDumping | socket.NetlinkCapAck, HasFlags: true,
			}}},
		},
		{"a netlink socket of an old kernel", "netlink", netlinkMsg{typ: 3}.bytes(), &socket.Details{}},
		{
			"packet", "packet", plainMsg{family: afPacket, typ: 3, attrs: pack(
				attr(0, uint32(2), uint32(1), uint32(3), uint32(4), uint32(5), uint32(0x1f)),
				attr(1, make([]byte, 88)), attr(2, ring(10)), attr(3, ring(20)), attr(4, uint32(7<<16|9)),
				attr(5, uint32(0)), attr(6, skmem(9)), attr(7, make([]byte, 24)),
			)}.bytes(),
			&socket.Details{Memory: skmemWant(9), Extended: &socket.Extended{Packet: &socket.PacketDetails{
				Version: 1, Reserve: 3, CopyThreshold: 4, Timestamp: 5, Flags: 0x1f, Memberships: 2, HasMemberships: true,
				RxRing: ringWant(10), TxRing: ringWant(20), FanoutID: 9, FanoutType: 7, HasFanout: true, FilterLen: 3, HasFilterLen: true,
			}}},
		},
		{
			"a packet socket whose filter is hidden", "packet",
			plainMsg{family: afPacket, typ: 3, attrs: pack(attr(0, make([]byte, 24)), attr(7), attr(2, make([]byte, 27)), attr(4, uint16(1)))}.bytes(),
			&socket.Details{Extended: &socket.Extended{Packet: &socket.PacketDetails{}}},
		},
		{
			"xdp", "xdp", plainMsg{family: afXDP, typ: 3, attrs: pack(
				attr(1, uint32(2), uint32(0)), attr(3, uint32(1)), attr(4, uint32(2)), attr(6, uint32(3)), attr(7, uint32(4)),
				attr(5, uint64(5), uint32(6), uint32(7), uint32(8), uint32(9), uint32(2), uint32(0), uint32(10), uint32(11)),
				attr(9, uint64(12), uint64(13), uint64(14), uint64(15), uint64(16), uint64(17)), attr(8, skmem(9)),
			)}.bytes(),
			&socket.Details{Memory: skmemWant(9), Extended: &socket.Extended{XDP: &socket.XDPDetails{
				RxRing: 1, TxRing: 2, FillRing: 3, CompletionRing: 4, HasUmem: true, UmemSize: 5, UmemID: 6, UmemPages: 7,
				UmemChunk: 8, UmemHeadroom: 9, UmemFlags: 10, UmemRefs: 11, HasStats: true, RxDropped: 12, RxInvalid: 13,
				RxFull: 14, FillEmpty: 15, TxInvalid: 16, TxEmpty: 17,
			}}},
		},
		{"an XDP socket cut short", "xdp", plainMsg{family: afXDP, typ: 3, attrs: pack(attr(5, make([]byte, 39)), attr(9, make([]byte, 47)))}.bytes(), &socket.Details{
			Extended: &socket.Extended{XDP: &socket.XDPDetails{}},
		}},
	}
	for _, tt := range tests {
		d := detailDecoder(all, TailUnknown)
		for range 2 {
			var s socket.Socket
			if !decoders(d)[tt.family](tt.msg, &s) {
				t.Errorf("%s: no row", tt.name)
			}
			if diff := diffRows(tt.want, s.Details); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
			for _, other := range tests { // what must leave no trace
				decoders(d)[other.family](other.msg, new(socket.Socket))
			}
		}
		var bare socket.Socket
		if decoders(detailDecoder(0, TailUnknown))[tt.family](tt.msg, &bare); bare.Details != nil {
			t.Errorf("%s: details that nobody asked for: %+v", tt.name, bare.Details)
		}
	}
}

// TestExtensions: every detail is asked for where it has to be, and nothing
// else is.
func TestExtensions(t *testing.T) {
	t.Parallel()
	type asked struct {
		Inet                       uint8
		Unix, Netlink, Packet, XDP uint32
	}
	for _, tt := range []struct {
		name string
		d    socket.Detail
		want asked
	}{
		{"nothing", socket.DetailOwners, asked{0, 0x55, 0, 1, 1}},
		{"queues", socket.DetailQueues, asked{0, 0x55, 1, 0x11, 9}},
		{"extended", socket.DetailExtended, asked{0, 0x57, 0xa, 0x2f, 0x17}},
		{"memory", socket.DetailMemory, asked{1 << 6, 0x75, 1, 0x11, 9}},
		{"tcp_info", socket.DetailTCPInfo, asked{1<<1 | 1<<2 | 1<<3, 0x55, 0, 1, 1}},
		{"tos", socket.DetailTOS, asked{1<<4 | 1<<5, 0x55, 0, 1, 1}},
		{"what comes unasked", socket.DetailTimer | socket.DetailMark | socket.DetailIPFlags, asked{0, 0x55, 0, 1, 1}},
	} {
		got := asked{extensions(tt.d), unixShow(tt.d), netlinkShow(tt.d), packetShow(tt.d), xdpShow(tt.d)}
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestDetailsCostNothing: a streaming dump allocates for no row.
func TestDetailsCostNothing(t *testing.T) {
	message := inetMsg{family: afInet, state: 1, attrs: everyAttribute()}.bytes()
	d := detailDecoder(all, TailApart)
	var s socket.Socket
	if n := testing.AllocsPerRun(100, func() { d.decodeInet(message, socket.TCP, &s) }); n != 0 {
		t.Errorf("%v allocations for each row", n)
	}
}

// TestKeysAreNotRead: no byte of a key gets anywhere.
func TestKeysAreNotRead(t *testing.T) {
	t.Parallel()
	keys := make([]byte, 300)
	for i := range keys {
		keys[i] = 'K'
	}
	d := detailDecoder(all, TailApart)
	var with, without socket.Socket
	d.decodeInet(inetMsg{family: afInet, state: 1, attrs: pack(attr(inetMark, uint32(0)), attr(inetMD5Sig, keys))}.bytes(), socket.TCP, &with)
	if got := with.Details.Extended.MD5Keys; got != 3 {
		t.Errorf("%d keys, want 3", got)
	}
	kept := *with.Details.Extended
	d.decodeInet(inetMsg{family: afInet, state: 1, attrs: pack(attr(inetMark, uint32(0)), attr(inetMD5Sig, make([]byte, 300)))}.bytes(), socket.TCP, &without)
	if !reflect.DeepEqual(kept, *without.Details.Extended) {
		t.Errorf("the key shows: %+v", kept)
	}
}

func BenchmarkDecodeTCP(b *testing.B) {
	attrs := pack(attr(inetShutdown, uint8(0)), attr(inetMark, uint32(0)), attr(inetCgroupID, uint64(1)), attr(inetSockOpt, uint8(0), uint8(0)))
	bare := inetMsg{family: afInet, state: 1, src: "127.0.0.1", dst: "127.0.0.2", sport: 1, dport: 2, inode: 3, attrs: attrs}
	info := bare
	info.attrs = pack(attrs, attr(inetInfo, tcpInfoBytes()), attr(inetCong, "bbr\x00"), attr(inetBBR, make([]byte, 20)))
	for _, tt := range []struct {
		name    string
		wanted  socket.Detail
		message []byte
	}{
		{"plain", 0, bare.bytes()},
		{"i", socket.DetailTCPInfo, info.bytes()},
		{"tinmoe", all, inetMsg{family: afInet, state: 1, src: "127.0.0.1", dst: "127.0.0.2", attrs: everyAttribute()}.bytes()},
	} {
		b.Run(tt.name, func(b *testing.B) {
			d := detailDecoder(tt.wanted, TailApart)
			var s socket.Socket
			b.ReportAllocs()
			for b.Loop() {
				d.decodeInet(tt.message, socket.TCP, &s)
			}
		})
	}
}
