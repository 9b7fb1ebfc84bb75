package fact

import "github.com/sockls/sockls/collector/socket"

// sctpFacts are struct sctp_info. The number in each is where its field ends: a
// kernel that fills less does not tell it. Endpoints have the options only.
func sctpFacts() []Fact {
	type info = socket.SCTPInfo
	return []Fact{
		sctp("sctp-tag", Hex, 4, "verification tag of this side", func(i *info) *uint32 { return &i.Tag }),
		sctp("sctp-peer-tag", Hex, 52, "verification tag of the peer", func(i *info) *uint32 { return &i.PeerTag }),
		sctp("sctp-rwnd", Bytes, 12, "receive window in bytes", func(i *info) *uint32 { return &i.Rwnd }),
		sctp("sctp-peer-rwnd", Bytes, 48, "receive window of the peer in bytes", func(i *info) *uint32 { return &i.PeerRwnd }),
		sctp("sctp-unackdata", Count, 14, "chunks sent and not acknowledged", func(i *info) *uint16 { return &i.UnackData }),
		sctp("sctp-penddata", Count, 16, "chunks received and not read", func(i *info) *uint16 { return &i.PendData }),
		sctp("sctp-instrms", Count, 18, "streams in", func(i *info) *uint16 { return &i.InStreams }),
		sctp("sctp-outstrms", Count, 20, "streams out", func(i *info) *uint16 { return &i.OutStreams }),
		sctp("sctp-fragmentation-point", Bytes, 24, "size above which messages are divided, in bytes", func(i *info) *uint32 { return &i.FragmentationPoint }),
		sctp("sctp-inqueue", Count, 28, "chunks in the receive queue", func(i *info) *uint32 { return &i.InQueue }),
		sctp("sctp-outqueue", Count, 32, "chunks in the send queue", func(i *info) *uint32 { return &i.OutQueue }),
		sctp("sctp-overall-error", Count, 36, "errors in a row", func(i *info) *uint32 { return &i.OverallError }),
		sctp("sctp-max-burst", Count, 40, "packets that may be sent at once", func(i *info) *uint32 { return &i.MaxBurst }),
		sctp("sctp-maxseg", Bytes, 44, "limit of a fragment in bytes (SCTP_MAXSEG)", func(i *info) *uint32 { return &i.MaxSeg }),
		sctp("sctp-peer-capable", Hex, 53, "extensions that the peer knows", func(i *info) *uint8 { return &i.PeerCapable }),
		sctp("sctp-peer-sack", Count, 54, "whether the peer wants acknowledgements at once", func(i *info) *uint8 { return &i.PeerSack }),
		sctp("sctp-isacks", Count, 64, "acknowledgements received", func(i *info) *uint64 { return &i.InSacks }),
		sctp("sctp-osacks", Count, 72, "acknowledgements sent", func(i *info) *uint64 { return &i.OutSacks }),
		sctp("sctp-opackets", Count, 80, "packets sent", func(i *info) *uint64 { return &i.OutPackets }),
		sctp("sctp-ipackets", Count, 88, "packets received", func(i *info) *uint64 { return &i.InPackets }),
		sctp("sctp-rtxchunks", Count, 96, "chunks retransmitted", func(i *info) *uint64 { return &i.RetransChunks }),
		sctp("sctp-outofseqtsns", Count, 104, "chunks received far out of order", func(i *info) *uint64 { return &i.OutOfSeqTSNs }),
		sctp("sctp-idupchunks", Count, 112, "chunks received twice", func(i *info) *uint64 { return &i.InDupChunks }),
		sctp("sctp-gapcnt", Count, 120, "gaps acknowledged", func(i *info) *uint64 { return &i.GapCount }),
		sctp("sctp-ouodchunks", Count, 128, "unordered chunks sent", func(i *info) *uint64 { return &i.OutUnordered }),
		sctp("sctp-iuodchunks", Count, 136, "unordered chunks received", func(i *info) *uint64 { return &i.InUnordered }),
		sctp("sctp-oodchunks", Count, 144, "ordered chunks sent", func(i *info) *uint64 { return &i.OutOrdered }),
		sctp("sctp-iodchunks", Count, 152, "ordered chunks received", func(i *info) *uint64 { return &i.InOrdered }),
		sctp("sctp-octrlchunks", Count, 160, "control chunks sent", func(i *info) *uint64 { return &i.OutCtrlChunks }),
		sctp("sctp-ictrlchunks", Count, 168, "control chunks received", func(i *info) *uint64 { return &i.InCtrlChunks }),
		sctp("sctp-path-state", Count, 300, "state of the primary path (SCTP_INACTIVE, SCTP_PF, SCTP_ACTIVE, SCTP_UNCONFIRMED)", func(i *info) *int32 { return &i.PathState }),
		sctp("sctp-path-cwnd", Bytes, 304, "congestion window of the primary path in bytes", func(i *info) *uint32 { return &i.PathCwnd }),
		sctp("sctp-path-srtt", Milliseconds, 308, "round trip time of the primary path in milliseconds", func(i *info) *uint32 { return &i.PathSRTT }),
		sctp("sctp-path-rto", Milliseconds, 312, "retransmission timeout of the primary path in milliseconds", func(i *info) *uint32 { return &i.PathRTO }),
		sctp("sctp-path-hbinterval", Milliseconds, 316, "time between heartbeats of the primary path in milliseconds", func(i *info) *uint32 { return &i.PathHeartbeat }),
		sctp("sctp-path-maxrxt", Count, 320, "retransmissions after which the primary path is given up", func(i *info) *uint32 { return &i.PathMaxRetry }),
		sctp("sctp-path-sackdelay", Milliseconds, 324, "delay of acknowledgements in milliseconds", func(i *info) *uint32 { return &i.PathSackDelay }),
		sctp("sctp-path-sackfreq", Count, 328, "packets after which one is acknowledged at once", func(i *info) *uint32 { return &i.PathSackFreq }),
		sctp("sctp-path-ssthresh", Bytes, 332, "slow start threshold of the primary path in bytes", func(i *info) *uint32 { return &i.PathSsthresh }),
		sctp("sctp-path-partial", Bytes, 336, "bytes acknowledged towards a larger window", func(i *info) *uint32 { return &i.PathPartial }),
		sctp("sctp-path-flight", Bytes, 340, "bytes in flight on the primary path", func(i *info) *uint32 { return &i.PathFlight }),
		sctp("sctp-path-error", Count, 342, "errors of the primary path", func(i *info) *uint16 { return &i.PathError }),
		sctpOption("sctp-autoclose", Count, 348, "seconds of idleness until the association is closed, 0 for never", func(i *info) *uint32 { return &i.AutoClose }),
		sctpOption("sctp-adaptation", Hex, 352, "adaptation layer indication", func(i *info) *uint32 { return &i.Adaptation }),
		sctpOption("sctp-pd-point", Bytes, 356, "bytes from which a message is delivered in parts", func(i *info) *uint32 { return &i.PartialDelivery }),
		sctpOption("sctp-nodelay", Count, 357, "SCTP_NODELAY", func(i *info) *uint8 { return &i.NoDelay }),
		sctpOption("sctp-disable-fragments", Count, 358, "SCTP_DISABLE_FRAGMENTS", func(i *info) *uint8 { return &i.DisableFragments }),
		sctpOption("sctp-v4mapped", Count, 359, "SCTP_I_WANT_MAPPED_V4_ADDR", func(i *info) *uint8 { return &i.V4Mapped }),
		sctpOption("sctp-frag-interleave", Count, 360, "SCTP_FRAGMENT_INTERLEAVE", func(i *info) *uint8 { return &i.FragInterleave }),
		sctpOption("sctp-style", Count, 364, "0 for one socket to many associations, 1 for one to one", func(i *info) *uint32 { return &i.Style }),
	}
}

// sctp is a fact of associations.
func sctp[T integer](name string, kind Kind, end uint16, help string, at func(*socket.SCTPInfo) *T) Fact {
	return number(SCTP, name, kind, socket.DetailTCPInfo, help, func(s *socket.Socket, create bool) *T {
		i := sctpInfo(s, end, create)
		if i == nil || s.State == socket.Listen || s.State == socket.Close {
			return nil
		}
		return at(i)
	})
}

// sctpOption is a fact of endpoints and associations.
func sctpOption[T integer](name string, kind Kind, end uint16, help string, at func(*socket.SCTPInfo) *T) Fact {
	return number(SCTP, name, kind, socket.DetailTCPInfo, help, func(s *socket.Socket, create bool) *T {
		i := sctpInfo(s, end, create)
		if i == nil {
			return nil
		}
		return at(i)
	})
}

// sctpInfo finds a struct of which the kernel filled at least end bytes.
func sctpInfo(s *socket.Socket, end uint16, create bool) *socket.SCTPInfo {
	d := details(s, create)
	if d == nil {
		return nil
	}
	if create {
		if d.SCTP == nil {
			d.SCTP = &socket.SCTPInfo{}
		}
		d.SCTP.Size = max(d.SCTP.Size, end)
	}
	if d.SCTP == nil || d.SCTP.Size < end {
		return nil
	}
	return d.SCTP
}
