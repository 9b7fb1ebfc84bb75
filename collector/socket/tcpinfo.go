package socket

// TCPInfo is the kernel's struct tcp_info (include/uapi/linux/tcp.h) with what
// goes along with it. Kernels append to the struct: a field that lies beyond
// Size was not told. Of a listener the kernel tells Reordering, Cwnd and the
// pacing rates only.
type TCPInfo struct {
	Size uint16 // bytes of struct tcp_info that the kernel filled

	CAState     uint8 // of the congestion control: TCP_CA_Open and so on
	Retransmits uint8 // timeouts in a row without an answer
	Probes      uint8 // window or keepalive probes without an answer
	Backoff     uint8 // how often RTO was doubled
	Options     TCPOptions
	SendWScale  uint8 // window scale of what is sent, with TCPWScale
	RecvWScale  uint8
	// AppLimited is delivery_rate_app_limited: 1 when DeliveryRate was measured
	// while the program had too little to send. FastOpenFail is
	// fastopen_client_fail, why a fast open did not work.
	AppLimited   uint8
	FastOpenFail uint8

	RTO     uint32 // µs, retransmission timeout
	ATO     uint32 // µs, delayed acknowledgement timeout
	SendMSS uint32 // bytes
	RecvMSS uint32 // bytes

	Unacked uint32 // segments
	Sacked  uint32 // segments
	Lost    uint32 // segments
	Retrans uint32 // segments that are retransmitted and not acknowledged
	Fackets uint32 // segments, 0 since Linux 4.15

	// tcpi_last_ack_sent, which no kernel fills, is not kept.
	LastDataSent uint32 // ms ago
	LastDataRecv uint32 // ms ago
	LastAckRecv  uint32 // ms ago

	PMTU         uint32 // bytes
	RecvSsthresh uint32 // bytes
	RTT          uint32 // µs, smoothed
	RTTVar       uint32 // µs
	SendSsthresh uint32 // segments; InfiniteSsthresh where there is none
	Cwnd         uint32 // segments
	AdvMSS       uint32 // bytes
	Reordering   uint32 // segments

	RecvRTT   uint32 // µs, seen by the receiver
	RecvSpace uint32 // bytes

	TotalRetrans uint32 // segments in the connection's life

	PacingRate    uint64 // bytes a second; Unlimited where there is none
	MaxPacingRate uint64 // bytes a second; Unlimited where there is none
	BytesAcked    uint64
	BytesReceived uint64
	SegsOut       uint32
	SegsIn        uint32

	NotSent     uint32 // bytes
	MinRTT      uint32 // µs; NoMinRTT before there is one
	DataSegsIn  uint32
	DataSegsOut uint32

	DeliveryRate uint64 // bytes a second

	BusyTime      uint64 // µs with data in flight or to send
	RwndLimited   uint64 // µs stopped by the peer's window
	SndbufLimited uint64 // µs stopped by the send buffer

	Delivered   uint32 // segments
	DeliveredCE uint32 // segments that arrived with a congestion mark

	BytesSent    uint64
	BytesRetrans uint64
	DSACKDups    uint32 // segments that arrived twice
	ReordSeen    uint32 // events
	RecvOOOPack  uint32 // segments received out of order

	SendWnd uint32 // bytes, what the peer offers
	RecvWnd uint32 // bytes, what is offered to the peer; Linux 6.2

	Rehash uint32 // how often another path was tried; Linux 6.2

	TotalRTO           uint16 // timeouts in the connection's life; Linux 6.7
	TotalRTORecoveries uint16
	TotalRTOTime       uint32 // ms

	// The counters of accurate ECN; Linux 6.18.
	ReceivedCE       uint32 // segments
	DeliveredE1Bytes uint32
	DeliveredE0Bytes uint32
	DeliveredCEBytes uint32
	ReceivedE1Bytes  uint32
	ReceivedE0Bytes  uint32
	ReceivedCEBytes  uint32
	// AccECN are the last four bytes, which Linux 6.18 and 7.0 fill differently;
	// nil where the release of the kernel is not known.
	AccECN *AccECN

	Congestion string // INET_DIAG_CONG: name of the congestion control
	// Vegas, DCTCP and BBR are what some of those tell of themselves.
	Vegas *VegasInfo
	DCTCP *DCTCPInfo
	BBR   *BBRInfo

	ULP string // name of the protocol on top that the kernel speaks: "tls", "mptcp", "smc"
	// TLS and Subflow are what some of those tell of themselves.
	TLS     *TLSInfo
	Subflow *SubflowInfo
}

// The values of TCPInfo that stand for no value.
const (
	InfiniteSsthresh = 0x7fffffff // TCP_INFINITE_SSTHRESH
	NoMinRTT         = 0xffffffff
	Unlimited        = ^uint64(0)
)

// TCPOptions are the bits TCPI_OPT_* of struct tcp_info.
type TCPOptions uint8

// The options, in the order of the kernel's bits.
const (
	TCPTimestamps    TCPOptions = 1 << iota
	TCPSACK                     // selective acknowledgement
	TCPWScale                   // window scaling
	TCPECN                      // congestion notification was negotiated
	TCPECNSeen                  // a packet came with it
	TCPSynData                  // data in the SYN was acknowledged (fast open)
	TCPUsecTS                   // timestamps count microseconds
	TCPFastOpenChild            // accepted with data in the SYN
)

func (t *TCPInfo) clone() *TCPInfo {
	if t == nil {
		return nil
	}
	c := *t
	c.Vegas, c.DCTCP, c.BBR = copied(t.Vegas), copied(t.DCTCP), copied(t.BBR)
	c.AccECN, c.TLS, c.Subflow = copied(t.AccECN), copied(t.TLS), copied(t.Subflow)
	return &c
}

// AccECN is how accurate ECN fares on a connection.
type AccECN struct {
	// Mode is TCPI_ECN_MODE_*: 0 none, 1 classic, 2 accurate, 3 being
	// negotiated; known since Linux 7.0.
	Mode    uint8
	HasMode bool
	// OptionSeen is TCP_ACCECN_OPT_*: 0 not seen, 1 empty, 2 with counters,
	// 3 failed. FailMode are the bits TCP_ACCECN_*_FAIL_*.
	OptionSeen uint8
	FailMode   uint8
}
