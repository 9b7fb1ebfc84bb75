package socket

// SCTPInfo is struct sctp_info (include/uapi/linux/sctp.h) without the address
// of the primary path and without the state, which is the row's. Kernels append
// to it: a field that lies beyond Size was not told.
type SCTPInfo struct {
	Size uint16 // bytes of the struct that the kernel filled

	Tag                uint32
	Rwnd               uint32 // bytes
	UnackData          uint16 // chunks
	PendData           uint16 // chunks
	InStreams          uint16
	OutStreams         uint16
	FragmentationPoint uint32 // bytes
	InQueue            uint32
	OutQueue           uint32
	OverallError       uint32
	MaxBurst           uint32
	MaxSeg             uint32 // bytes
	PeerRwnd           uint32 // bytes
	PeerTag            uint32
	PeerCapable        uint8
	PeerSack           uint8

	InSacks       uint64
	OutSacks      uint64
	OutPackets    uint64
	InPackets     uint64
	RetransChunks uint64
	OutOfSeqTSNs  uint64
	InDupChunks   uint64
	GapCount      uint64
	OutUnordered  uint64 // chunks
	InUnordered   uint64 // chunks
	OutOrdered    uint64 // chunks
	InOrdered     uint64 // chunks
	OutCtrlChunks uint64
	InCtrlChunks  uint64

	// The primary path.
	PathState     int32
	PathCwnd      uint32 // bytes
	PathSRTT      uint32 // ms
	PathRTO       uint32 // ms
	PathHeartbeat uint32 // ms
	PathMaxRetry  uint32
	PathSackDelay uint32 // ms
	PathSackFreq  uint32
	PathSsthresh  uint32 // bytes
	PathPartial   uint32 // bytes acknowledged towards a larger window
	PathFlight    uint32 // bytes
	PathError     uint16

	// Options of the socket.
	AutoClose        uint32 // s of idleness, 0 for never
	Adaptation       uint32
	PartialDelivery  uint32 // bytes, SCTP_PARTIAL_DELIVERY_POINT
	NoDelay          uint8
	DisableFragments uint8
	V4Mapped         uint8
	FragInterleave   uint8
	Style            uint32 // enum sctp_socket_type: 0 one to many, 1 one to one
}
