package sockdiag

import "github.com/sockls/sockls/collector/socket"

// ulp takes the nest INET_DIAG_ULP_INFO. What the protocol adds to its name is
// told to anyone by some kernels and only to CAP_NET_ADMIN by others.
func (d *details) ulp(nest []byte) {
	const name, tls, mptcp uint16 = 1, 2, 3 // INET_ULP_INFO_*
	t := d.tcpInfo()
	for a, rest, ok := nextAttribute(nest); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case name:
			t.ULP = d.name(a.value)
		case tls:
			d.tcp.tls = tlsInfo(a.value)
			t.TLS = &d.tcp.tls
		case mptcp:
			d.tcp.subflow = subflowInfo(a.value)
			t.Subflow = &d.tcp.subflow
		}
	}
}

// tlsInfo takes the attributes TLS_INFO_* (include/uapi/linux/tls.h).
func tlsInfo(nest []byte) (t socket.TLSInfo) {
	const version, cipher, tx, rx, zeroCopy, noPads, maxPayload uint16 = 1, 2, 3, 4, 5, 6, 7
	for a, rest, ok := nextAttribute(nest); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case version:
			t.Version = a.u16()
		case cipher:
			t.Cipher = a.u16()
		case tx:
			t.TxConf = a.u16()
		case rx:
			t.RxConf = a.u16()
		case zeroCopy:
			t.ZeroCopySend = true
		case noPads:
			t.NoReceivePads = true
		case maxPayload:
			t.MaxPayload = a.u16()
		}
	}
	return t
}

// subflowInfo takes the attributes MPTCP_SUBFLOW_ATTR_*
// (include/uapi/linux/mptcp.h).
func subflowInfo(nest []byte) (f socket.SubflowInfo) {
	const (
		tokenRemote, tokenLocal, relWriteSeq, mapSeq, mapSubflowSeq uint16 = 1, 2, 3, 4, 5
		ssnOffset, mapDataLen, flags, idRemote, idLocal             uint16 = 6, 7, 8, 9, 10
	)
	for a, rest, ok := nextAttribute(nest); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case tokenRemote:
			f.TokenRemote = a.u32()
		case tokenLocal:
			f.TokenLocal = a.u32()
		case relWriteSeq:
			f.RelWriteSeq = a.u32()
		case mapSeq:
			f.MapSeq = a.u64()
		case mapSubflowSeq:
			f.MapSubflowSeq = a.u32()
		case ssnOffset:
			f.SSNOffset = a.u32()
		case mapDataLen:
			f.MapDataLen = a.u16()
		case flags:
			f.Flags = a.u32()
		case idRemote:
			f.IDRemote = a.u8()
		case idLocal:
			f.IDLocal = a.u8()
		}
	}
	return f
}
