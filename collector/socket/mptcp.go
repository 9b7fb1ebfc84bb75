package socket

// MPTCPInfo is struct mptcp_info (include/uapi/linux/mptcp.h). Kernels append
// to it: a field that lies beyond Size was not told.
type MPTCPInfo struct {
	Size uint16 // bytes of the struct that the kernel filled

	Subflows         uint8 // additional ones
	AddAddrSignal    uint8
	AddAddrAccepted  uint8
	SubflowsMax      uint8
	AddAddrSignalMax uint8
	AddAddrAcceptMax uint8
	Flags            uint32
	Token            uint32
	WriteSeq         uint64
	SendUna          uint64
	RecvNext         uint64
	LocalAddrUsed    uint8
	LocalAddrMax     uint8
	ChecksumEnabled  uint8
	Retransmits      uint32
	BytesRetrans     uint64
	BytesSent        uint64
	BytesReceived    uint64
	BytesAcked       uint64
	SubflowsTotal    uint8
	LastDataSent     uint32 // ms ago
	LastDataRecv     uint32 // ms ago
	LastAckRecv      uint32 // ms ago
}
