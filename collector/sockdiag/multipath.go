package sockdiag

import "github.com/sockls/sockls/collector/socket"

// decodeMPTCPInfo takes a struct mptcp_info of any length
// (include/uapi/linux/mptcp.h).
func (d *details) decodeMPTCPInfo(value []byte) {
	const size = 96
	var b [size]byte
	n := copy(b[:], value)
	d.mptcp = socket.MPTCPInfo{
		Size:     uint16(n),
		Subflows: b[0], AddAddrSignal: b[1], AddAddrAccepted: b[2],
		SubflowsMax: b[3], AddAddrSignalMax: b[4], AddAddrAcceptMax: b[5],
		Flags: native.Uint32(b[8:]), Token: native.Uint32(b[12:]),
		WriteSeq: native.Uint64(b[16:]), SendUna: native.Uint64(b[24:]), RecvNext: native.Uint64(b[32:]),
		LocalAddrUsed: b[40], LocalAddrMax: b[41], ChecksumEnabled: b[42],
		Retransmits:  native.Uint32(b[44:]),
		BytesRetrans: native.Uint64(b[48:]), BytesSent: native.Uint64(b[56:]),
		BytesReceived: native.Uint64(b[64:]), BytesAcked: native.Uint64(b[72:]),
		SubflowsTotal: b[80],
		LastDataSent:  native.Uint32(b[84:]), LastDataRecv: native.Uint32(b[88:]), LastAckRecv: native.Uint32(b[92:]),
	}
	d.all.MPTCP = &d.mptcp
}

// decodeSCTPInfo takes a struct sctp_info of any length
// (include/uapi/linux/sctp.h).
func (d *details) decodeSCTPInfo(value []byte) {
	const size = 364
	var b [size]byte
	n := copy(b[:], value)
	u16 := func(at int) uint16 { return native.Uint16(b[at:]) }
	u32 := func(at int) uint32 { return native.Uint32(b[at:]) }
	u64 := func(at int) uint64 { return native.Uint64(b[at:]) }
	d.sctp = socket.SCTPInfo{
		Size: uint16(n),
		Tag:  u32(0), Rwnd: u32(8), UnackData: u16(12), PendData: u16(14), InStreams: u16(16), OutStreams: u16(18),
		FragmentationPoint: u32(20), InQueue: u32(24), OutQueue: u32(28), OverallError: u32(32),
		MaxBurst: u32(36), MaxSeg: u32(40), PeerRwnd: u32(44), PeerTag: u32(48), PeerCapable: b[52], PeerSack: b[53],

		InSacks: u64(56), OutSacks: u64(64), OutPackets: u64(72), InPackets: u64(80), RetransChunks: u64(88),
		OutOfSeqTSNs: u64(96), InDupChunks: u64(104), GapCount: u64(112),
		OutUnordered: u64(120), InUnordered: u64(128), OutOrdered: u64(136), InOrdered: u64(144),
		OutCtrlChunks: u64(152), InCtrlChunks: u64(160),

		// A struct sockaddr_storage lies between.
		PathState: int32(u32(296)), PathCwnd: u32(300), PathSRTT: u32(304), PathRTO: u32(308), PathHeartbeat: u32(312),
		PathMaxRetry: u32(316), PathSackDelay: u32(320), PathSackFreq: u32(324), PathSsthresh: u32(328),
		PathPartial: u32(332), PathFlight: u32(336), PathError: u16(340),

		AutoClose: u32(344), Adaptation: u32(348), PartialDelivery: u32(352),
		NoDelay: b[356], DisableFragments: b[357], V4Mapped: b[358], FragInterleave: b[359], Style: u32(360),
	}
	d.all.SCTP = &d.sctp
}
