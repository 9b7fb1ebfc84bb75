package socket

// UnixDetails are the specifics of a unix socket.
type UnixDetails struct {
	// VFSInode and VFSDevice are the file that a path is bound to; both 0 where
	// there is none. The device is the kernel's own number: the minor are the
	// low 20 bits.
	VFSInode  uint32
	VFSDevice uint32
}

// NetlinkDetails are the specifics of a netlink socket.
type NetlinkDetails struct {
	// Groups are the multicast groups it listens to, as "1,3,5-7".
	Groups string
	// Flags are the bits NDIAG_FLAG_* of include/uapi/linux/netlink_diag.h,
	// which Linux tells since 4.6.
	Flags    NetlinkFlags
	HasFlags bool
}

// NetlinkFlags are options of a netlink socket.
type NetlinkFlags uint32

// The options, in the order of the kernel's bits.
const (
	NetlinkDumping NetlinkFlags = 1 << iota // an answer is being written
	NetlinkPktInfo
	NetlinkBroadcastError
	NetlinkNoENOBUFS
	NetlinkListenAllNSID
	NetlinkCapAck
)

// PacketDetails are the specifics of a packet socket (struct packet_diag_info
// and its neighbours in include/uapi/linux/packet_diag.h).
type PacketDetails struct {
	Version       uint32 // TPACKET_V1 is 0
	Reserve       uint32 // bytes of headroom in a frame
	CopyThreshold uint32 // bytes
	Timestamp     uint32 // PACKET_TIMESTAMP
	Flags         PacketFlags
	// Memberships is how many addresses PACKET_ADD_MEMBERSHIP added.
	Memberships    uint32
	HasMemberships bool
	RxRing, TxRing PacketRing
	// FanoutID is the group that shares the packets, FanoutType how it divides
	// them (PACKET_FANOUT_*).
	FanoutID   uint16
	FanoutType uint16
	HasFanout  bool
	// FilterLen is how many instructions the attached classic filter has; the
	// kernel tells it only to CAP_NET_ADMIN.
	FilterLen    uint32
	HasFilterLen bool
}

// PacketRing is struct packet_diag_ring, all zero where there is no ring.
type PacketRing struct {
	BlockSize   uint32 // bytes
	Blocks      uint32
	FrameSize   uint32 // bytes
	Frames      uint32
	RetireTime  uint32 // ms
	PrivateSize uint32 // bytes
	Features    uint32
}

// PacketFlags are options of a packet socket.
type PacketFlags uint32

// The options, in the order of the kernel's bits (PDI_*).
const (
	PacketRunning PacketFlags = 1 << iota
	PacketAuxData
	PacketOrigDev
	PacketVnetHdr
	PacketLoss
)

// XDPDetails are the specifics of an XDP socket (include/uapi/linux/xdp_diag.h).
type XDPDetails struct {
	RxRing, TxRing           uint32 // entries
	FillRing, CompletionRing uint32 // entries
	HasUmem                  bool
	UmemID                   uint32
	UmemSize                 uint64 // bytes
	UmemPages                uint32
	UmemChunk                uint32 // bytes
	UmemHeadroom             uint32 // bytes
	UmemFlags                uint32
	UmemRefs                 uint32
	HasStats                 bool
	RxDropped                uint64
	RxInvalid                uint64
	RxFull                   uint64
	FillEmpty                uint64
	TxInvalid                uint64
	TxEmpty                  uint64
}
