package socket

// TLSInfo is what the kernel's own TLS tells of a socket (TLS_INFO_* in
// include/uapi/linux/tls.h). It has no keys.
type TLSInfo struct {
	Version       uint16 // as in the TLS record: 0x303 is TLS 1.2
	Cipher        uint16 // TLS_CIPHER_*
	TxConf        uint16 // TLS_CONF_*: 1 none, 2 in software, 3 in the device, 4 records in the device
	RxConf        uint16
	MaxPayload    uint16 // bytes of data in a record, 0 where it was not told; Linux 6.19
	ZeroCopySend  bool
	NoReceivePads bool
}

// SubflowInfo is what MPTCP tells of a TCP connection that is one of its paths
// (MPTCP_SUBFLOW_ATTR_* in include/uapi/linux/mptcp.h).
type SubflowInfo struct {
	TokenRemote   uint32
	TokenLocal    uint32
	RelWriteSeq   uint32
	MapSeq        uint64
	MapSubflowSeq uint32
	SSNOffset     uint32
	MapDataLen    uint16
	Flags         uint32
	IDRemote      uint8
	IDLocal       uint8
}
