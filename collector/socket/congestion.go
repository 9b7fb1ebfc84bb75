package socket

// VegasInfo is struct tcpvegas_info (include/uapi/linux/inet_diag.h).
type VegasInfo struct {
	Enabled  uint32
	RTTCount uint32 // round trips measured
	RTT      uint32 // µs
	MinRTT   uint32 // µs
}

// DCTCPInfo is struct tcp_dctcp_info (include/uapi/linux/inet_diag.h).
type DCTCPInfo struct {
	Enabled uint16
	CEState uint16
	Alpha   uint32 // share of marked bytes, 1024 is all
	ABECN   uint32 // acknowledged bytes with a mark
	ABTotal uint32 // acknowledged bytes
}

// BBRInfo is struct tcp_bbr_info (include/uapi/linux/inet_diag.h).
type BBRInfo struct {
	Bandwidth  uint64 // bytes a second
	MinRTT     uint32 // µs
	PacingGain uint32 // 256 is 1
	CwndGain   uint32 // 256 is 1
}
