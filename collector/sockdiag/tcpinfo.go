package sockdiag

import "github.com/sockls/sockls/collector/socket"

// tcpInfoLen is the size of struct tcp_info since Linux 6.18
// (include/uapi/linux/tcp.h).
const tcpInfoLen = 280

// TCPInfoTail says what the last four bytes of a struct tcp_info of 280 bytes
// are, which the struct itself does not.
type TCPInfoTail uint8

// The tails.
const (
	TailUnknown TCPInfoTail = iota
	TailApart               // two 16-bit numbers: Linux 6.18 and 6.19
	TailPacked              // bit-fields of one 32-bit number: Linux 7.0
)

// tcpDetails are a TCPInfo and its parts.
type tcpDetails struct {
	info    socket.TCPInfo
	accECN  socket.AccECN
	vegas   socket.VegasInfo
	dctcp   socket.DCTCPInfo
	bbr     socket.BBRInfo
	tls     socket.TLSInfo
	subflow socket.SubflowInfo

	whole [tcpInfoLen]byte // a shorter struct, with zeros behind it
}

// tcpInfo is the row's TCPInfo, made when its first part comes in.
func (d *details) tcpInfo() *socket.TCPInfo {
	if d.all.TCP == nil {
		d.tcp.info = socket.TCPInfo{}
		d.all.TCP = &d.tcp.info
	}
	return d.all.TCP
}

// info takes an INET_DIAG_INFO.
func (d *details) info(b []byte, p socket.Proto) {
	switch p {
	case socket.TCP:
		d.decodeTCPInfo(b)
	case socket.MPTCP:
		d.decodeMPTCPInfo(b)
	case socket.SCTP:
		d.decodeSCTPInfo(b)
	}
}

// decodeTCPInfo takes a struct tcp_info of any length. Each field is written,
// so that nothing has to be cleared before.
func (d *details) decodeTCPInfo(value []byte) {
	b := &d.tcp.whole
	if len(value) >= tcpInfoLen {
		b = (*[tcpInfoLen]byte)(value)
	} else {
		clear(b[copy(b[:], value):])
	}
	t := &d.tcp.info
	if d.all.TCP == nil { // it is the first part, as a rule
		t.Congestion, t.ULP = "", ""
		t.Vegas, t.DCTCP, t.BBR, t.TLS, t.Subflow = nil, nil, nil, nil, nil
		d.all.TCP = t
	}
	t.Size = uint16(min(len(value), tcpInfoLen))

	t.CAState, t.Retransmits, t.Probes, t.Backoff = b[1], b[2], b[3], b[4]
	t.Options = socket.TCPOptions(b[5])
	t.SendWScale, t.RecvWScale = bitfield(b[6], 0, 4), bitfield(b[6], 4, 4)
	t.AppLimited, t.FastOpenFail = bitfield(b[7], 0, 1), bitfield(b[7], 1, 2)

	t.RTO = native.Uint32(b[8:])
	t.ATO = native.Uint32(b[12:])
	t.SendMSS = native.Uint32(b[16:])
	t.RecvMSS = native.Uint32(b[20:])
	t.Unacked = native.Uint32(b[24:])
	t.Sacked = native.Uint32(b[28:])
	t.Lost = native.Uint32(b[32:])
	t.Retrans = native.Uint32(b[36:])
	t.Fackets = native.Uint32(b[40:])
	t.LastDataSent = native.Uint32(b[44:])
	t.LastDataRecv = native.Uint32(b[52:])
	t.LastAckRecv = native.Uint32(b[56:])
	t.PMTU = native.Uint32(b[60:])
	t.RecvSsthresh = native.Uint32(b[64:])
	t.RTT = native.Uint32(b[68:])
	t.RTTVar = native.Uint32(b[72:])
	t.SendSsthresh = native.Uint32(b[76:])
	t.Cwnd = native.Uint32(b[80:])
	t.AdvMSS = native.Uint32(b[84:])
	t.Reordering = native.Uint32(b[88:])
	t.RecvRTT = native.Uint32(b[92:])
	t.RecvSpace = native.Uint32(b[96:])
	t.TotalRetrans = native.Uint32(b[100:])
	t.PacingRate = native.Uint64(b[104:])
	t.MaxPacingRate = native.Uint64(b[112:])
	t.BytesAcked = native.Uint64(b[120:])
	t.BytesReceived = native.Uint64(b[128:])
	t.SegsOut = native.Uint32(b[136:])
	t.SegsIn = native.Uint32(b[140:])
	t.NotSent = native.Uint32(b[144:])
	t.MinRTT = native.Uint32(b[148:])
	t.DataSegsIn = native.Uint32(b[152:])
	t.DataSegsOut = native.Uint32(b[156:])
	t.DeliveryRate = native.Uint64(b[160:])
	t.BusyTime = native.Uint64(b[168:])
	t.RwndLimited = native.Uint64(b[176:])
	t.SndbufLimited = native.Uint64(b[184:])
	t.Delivered = native.Uint32(b[192:])
	t.DeliveredCE = native.Uint32(b[196:])
	t.BytesSent = native.Uint64(b[200:])
	t.BytesRetrans = native.Uint64(b[208:])
	t.DSACKDups = native.Uint32(b[216:])
	t.ReordSeen = native.Uint32(b[220:])
	t.RecvOOOPack = native.Uint32(b[224:])
	t.SendWnd = native.Uint32(b[228:])
	t.RecvWnd = native.Uint32(b[232:])
	t.Rehash = native.Uint32(b[236:])
	t.TotalRTO = native.Uint16(b[240:])
	t.TotalRTORecoveries = native.Uint16(b[242:])
	t.TotalRTOTime = native.Uint32(b[244:])
	t.ReceivedCE = native.Uint32(b[248:])
	t.DeliveredE1Bytes = native.Uint32(b[252:])
	t.DeliveredE0Bytes = native.Uint32(b[256:])
	t.DeliveredCEBytes = native.Uint32(b[260:])
	t.ReceivedE1Bytes = native.Uint32(b[264:])
	t.ReceivedE0Bytes = native.Uint32(b[268:])
	t.ReceivedCEBytes = native.Uint32(b[272:])
	t.AccECN = d.decodeAccECN([4]byte(b[276:]), t.Size)
}

// decodeAccECN takes the last four bytes as the kernel at hand fills them.
func (d *details) decodeAccECN(b [4]byte, size uint16) *socket.AccECN {
	if size < tcpInfoLen {
		return nil
	}
	switch d.tail {
	case TailApart:
		d.tcp.accECN = socket.AccECN{
			FailMode: uint8(native.Uint16(b[:])), OptionSeen: uint8(native.Uint16(b[2:])),
		}
	case TailPacked:
		d.tcp.accECN = socket.AccECN{
			HasMode: true, Mode: bitfield(b[0], 0, 2), OptionSeen: bitfield(b[0], 2, 2), FailMode: bitfield(b[0], 4, 4),
		}
	default:
		return nil
	}
	return &d.tcp.accECN
}

// vegas takes a struct tcpvegas_info.
func (d *details) vegas(b []byte) {
	if len(b) < 16 {
		return
	}
	d.tcp.vegas = socket.VegasInfo{
		Enabled: native.Uint32(b), RTTCount: native.Uint32(b[4:]), RTT: native.Uint32(b[8:]), MinRTT: native.Uint32(b[12:]),
	}
	d.tcpInfo().Vegas = &d.tcp.vegas
}

// dctcp takes a struct tcp_dctcp_info.
func (d *details) dctcp(b []byte) {
	if len(b) < 16 {
		return
	}
	d.tcp.dctcp = socket.DCTCPInfo{
		Enabled: native.Uint16(b), CEState: native.Uint16(b[2:]), Alpha: native.Uint32(b[4:]),
		ABECN: native.Uint32(b[8:]), ABTotal: native.Uint32(b[12:]),
	}
	d.tcpInfo().DCTCP = &d.tcp.dctcp
}

// bbr takes a struct tcp_bbr_info.
func (d *details) bbr(b []byte) {
	if len(b) < 20 {
		return
	}
	d.tcp.bbr = socket.BBRInfo{
		Bandwidth: uint64(native.Uint32(b)) | uint64(native.Uint32(b[4:]))<<32,
		MinRTT:    native.Uint32(b[8:]), PacingGain: native.Uint32(b[12:]), CwndGain: native.Uint32(b[16:]),
	}
	d.tcpInfo().BBR = &d.tcp.bbr
}
