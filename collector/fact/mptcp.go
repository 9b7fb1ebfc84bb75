package fact

import "github.com/sockls/sockls/collector/socket"

// mptcpFacts are struct mptcp_info. The number in each is where its field ends:
// a kernel that fills less does not tell it.
func mptcpFacts() []Fact {
	type info = socket.MPTCPInfo
	return []Fact{
		mptcp("mptcp-token", Hex, 16, "token of the connection", func(m *info) *uint32 { return &m.Token }),
		mptcp("mptcp-flags", Hex, 12, "state of the connection (MPTCP_INFO_FLAG_*)", func(m *info) *uint32 { return &m.Flags }),
		mptcp("mptcp-subflows", Count, 1, "paths beside the first", func(m *info) *uint8 { return &m.Subflows }),
		mptcp("mptcp-subflows-total", Count, 81, "paths", func(m *info) *uint8 { return &m.SubflowsTotal }),
		mptcp("mptcp-subflows-max", Count, 4, "limit of the paths beside the first", func(m *info) *uint8 { return &m.SubflowsMax }),
		mptcp("mptcp-add-addr-signal", Count, 2, "addresses told to the peer", func(m *info) *uint8 { return &m.AddAddrSignal }),
		mptcp("mptcp-add-addr-signal-max", Count, 5, "limit of them", func(m *info) *uint8 { return &m.AddAddrSignalMax }),
		mptcp("mptcp-add-addr-accepted", Count, 3, "addresses taken from the peer", func(m *info) *uint8 { return &m.AddAddrAccepted }),
		mptcp("mptcp-add-addr-accepted-max", Count, 6, "limit of them", func(m *info) *uint8 { return &m.AddAddrAcceptMax }),
		mptcp("mptcp-local-addr-used", Count, 41, "local addresses in use", func(m *info) *uint8 { return &m.LocalAddrUsed }),
		mptcp("mptcp-local-addr-max", Count, 42, "limit of them", func(m *info) *uint8 { return &m.LocalAddrMax }),
		mptcp("mptcp-csum-enabled", Count, 43, "whether data is protected by checksums", func(m *info) *uint8 { return &m.ChecksumEnabled }),
		mptcpSequence("mptcp-write-seq", 24, "sequence number of the next byte to send", func(m *info) *uint64 { return &m.WriteSeq }),
		mptcpSequence("mptcp-snd-una", 32, "sequence number of the first byte not acknowledged", func(m *info) *uint64 { return &m.SendUna }),
		mptcpSequence("mptcp-rcv-nxt", 40, "sequence number of the next byte to receive", func(m *info) *uint64 { return &m.RecvNext }),
		mptcp("mptcp-retransmits", Count, 48, "retransmissions on other paths", func(m *info) *uint32 { return &m.Retransmits }),
		mptcp("mptcp-bytes-retrans", Bytes, 56, "bytes retransmitted on other paths", func(m *info) *uint64 { return &m.BytesRetrans }),
		mptcp("mptcp-bytes-sent", Bytes, 64, "bytes sent", func(m *info) *uint64 { return &m.BytesSent }),
		mptcp("mptcp-bytes-received", Bytes, 72, "bytes received", func(m *info) *uint64 { return &m.BytesReceived }),
		mptcp("mptcp-bytes-acked", Bytes, 80, "bytes acknowledged", func(m *info) *uint64 { return &m.BytesAcked }),
		mptcp("mptcp-lastsnd", Milliseconds, 88, "time since data was sent, in milliseconds", func(m *info) *uint32 { return &m.LastDataSent }),
		mptcp("mptcp-lastrcv", Milliseconds, 92, "time since data was received, in milliseconds", func(m *info) *uint32 { return &m.LastDataRecv }),
		mptcp("mptcp-lastack", Milliseconds, 96, "time since an acknowledgement was received, in milliseconds", func(m *info) *uint32 { return &m.LastAckRecv }),
	}
}

func mptcp[T integer](name string, kind Kind, end uint16, help string, at func(*socket.MPTCPInfo) *T) Fact {
	return number(MPTCP, name, kind, socket.DetailTCPInfo, help, mptcpPlace(end, at))
}

func mptcpSequence(name string, end uint16, help string, at func(*socket.MPTCPInfo) *uint64) Fact {
	return sequence(MPTCP, name, socket.DetailTCPInfo, help, mptcpPlace(end, at))
}

func mptcpPlace[T any](end uint16, at func(*socket.MPTCPInfo) *T) func(*socket.Socket, bool) *T {
	return func(s *socket.Socket, create bool) *T {
		d := details(s, create)
		if d == nil {
			return nil
		}
		if create {
			if d.MPTCP == nil {
				d.MPTCP = &socket.MPTCPInfo{}
			}
			d.MPTCP.Size = max(d.MPTCP.Size, end)
		}
		if d.MPTCP == nil || d.MPTCP.Size < end {
			return nil
		}
		return at(d.MPTCP)
	}
}
