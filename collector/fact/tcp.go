package fact

import (
	"math"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// tcpFacts are struct tcp_info (ss -i). The number in each is where its field
// ends: a kernel that fills less does not tell it. "Segments" are packets of at
// most mss bytes.
func tcpFacts() []Fact {
	type info = socket.TCPInfo
	all := []Fact{
		tcpText("congestion", "name of the congestion control", func(t *info) *string { return &t.Congestion }),
		tcpChoice("ca-state", 2, "state of the congestion control: open, disorder, cwr, recovery, loss",
			[]string{"open", "disorder", "cwr", "recovery", "loss"}, func(t *info) *uint8 { return &t.CAState }),
		tcp("rtt", Microseconds, 72, "round trip time, smoothed, in microseconds", func(t *info) *uint32 { return &t.RTT }),
		tcp("rttvar", Microseconds, 76, "mean deviation of the round trip time in microseconds", func(t *info) *uint32 { return &t.RTTVar }),
		tcp("minrtt", Microseconds, 152, "smallest round trip time lately in microseconds",
			func(t *info) *uint32 { return &t.MinRTT }).without(socket.NoMinRTT),
		tcp("rcv-rtt", Microseconds, 96, "round trip time as the receiver estimates it, in microseconds", func(t *info) *uint32 { return &t.RecvRTT }),
		tcp("rto", Microseconds, 12, "retransmission timeout in microseconds", func(t *info) *uint32 { return &t.RTO }),
		tcp("ato", Microseconds, 16, "timeout of delayed acknowledgements in microseconds", func(t *info) *uint32 { return &t.ATO }),
		tcp("backoff", Count, 5, "how often rto was doubled", func(t *info) *uint8 { return &t.Backoff }),
		tcp("timeouts", Count, 3, "timeouts in a row without an acknowledgement", func(t *info) *uint8 { return &t.Retransmits }),
		tcp("probes", Count, 4, "window and keepalive probes without an answer", func(t *info) *uint8 { return &t.Probes }),
		tcp("mss", Bytes, 20, "largest segment sent, in bytes", func(t *info) *uint32 { return &t.SendMSS }),
		tcp("pmtu", Bytes, 64, "largest packet on the path, in bytes", func(t *info) *uint32 { return &t.PMTU }),
		tcp("rcvmss", Bytes, 24, "size of received segments, in bytes", func(t *info) *uint32 { return &t.RecvMSS }),
		tcp("advmss", Bytes, 88, "largest segment the peer was told to send, in bytes", func(t *info) *uint32 { return &t.AdvMSS }),
		tcpAny("cwnd", Count, 84, "congestion window in segments", func(t *info) *uint32 { return &t.Cwnd }),
		tcp("ssthresh", Count, 80, "slow start threshold in segments",
			func(t *info) *uint32 { return &t.SendSsthresh }).without(socket.InfiniteSsthresh),
		tcpAny("reordering", Count, 92, "how many segments may be out of order before one counts as lost",
			func(t *info) *uint32 { return &t.Reordering }),
		tcp("unacked", Count, 28, "segments sent and not acknowledged", func(t *info) *uint32 { return &t.Unacked }),
		tcp("sacked", Count, 32, "segments acknowledged out of order", func(t *info) *uint32 { return &t.Sacked }),
		tcp("lost", Count, 36, "segments taken for lost", func(t *info) *uint32 { return &t.Lost }),
		tcp("retrans", Count, 40, "segments retransmitted and not acknowledged", func(t *info) *uint32 { return &t.Retrans }),
		tcp("fackets", Count, 44, "segments below the highest acknowledged one; 4.15 and later do not count them",
			func(t *info) *uint32 { return &t.Fackets }).without(0),
		tcp("total-retrans", Count, 104, "segments retransmitted since the connection began", func(t *info) *uint32 { return &t.TotalRetrans }),
		tcp("bytes-sent", Bytes, 208, "bytes sent, retransmitted ones counted again", func(t *info) *uint64 { return &t.BytesSent }),
		tcp("bytes-retrans", Bytes, 216, "bytes retransmitted", func(t *info) *uint64 { return &t.BytesRetrans }),
		tcp("bytes-acked", Bytes, 128, "bytes acknowledged", func(t *info) *uint64 { return &t.BytesAcked }),
		tcp("bytes-received", Bytes, 136, "bytes received", func(t *info) *uint64 { return &t.BytesReceived }),
		tcp("segs-out", Count, 140, "segments sent", func(t *info) *uint32 { return &t.SegsOut }),
		tcp("segs-in", Count, 144, "segments received", func(t *info) *uint32 { return &t.SegsIn }),
		tcp("data-segs-out", Count, 160, "segments sent with data", func(t *info) *uint32 { return &t.DataSegsOut }),
		tcp("data-segs-in", Count, 156, "segments received with data", func(t *info) *uint32 { return &t.DataSegsIn }),
		tcp("notsent", Bytes, 148, "bytes waiting to be sent for the first time", func(t *info) *uint32 { return &t.NotSent }),
		tcp("delivered", Count, 196, "segments that arrived at the peer", func(t *info) *uint32 { return &t.Delivered }),
		tcp("delivered-ce", Count, 200, "segments that arrived at the peer with a congestion mark", func(t *info) *uint32 { return &t.DeliveredCE }),
		tcp("dsack-dups", Count, 220, "segments that arrived at the peer twice", func(t *info) *uint32 { return &t.DSACKDups }),
		tcp("reord-seen", Count, 224, "how often segments were seen out of order", func(t *info) *uint32 { return &t.ReordSeen }),
		tcp("rcv-ooopack", Count, 228, "segments received out of order", func(t *info) *uint32 { return &t.RecvOOOPack }),
		tcp("lastsnd", Milliseconds, 48, "time since data was sent, in milliseconds", func(t *info) *uint32 { return &t.LastDataSent }),
		tcp("lastrcv", Milliseconds, 56, "time since data was received, in milliseconds", func(t *info) *uint32 { return &t.LastDataRecv }),
		tcp("lastack", Milliseconds, 60, "time since an acknowledgement was received, in milliseconds", func(t *info) *uint32 { return &t.LastAckRecv }),
		tcpAny("pacing-rate", ByteRate, 112, "rate at which packets are let out, in bytes a second",
			func(t *info) *uint64 { return &t.PacingRate }).without(math.MaxInt64),
		tcpAny("max-pacing-rate", ByteRate, 120, "limit of the pacing rate (SO_MAX_PACING_RATE), in bytes a second",
			func(t *info) *uint64 { return &t.MaxPacingRate }).without(math.MaxInt64),
		tcp("delivery-rate", ByteRate, 168, "rate at which data lately arrived at the peer, in bytes a second", func(t *info) *uint64 { return &t.DeliveryRate }),
		tcpFlag("app-limited", 168, "whether delivery-rate was limited by the program", 1, func(t *info) *uint8 { return &t.AppLimited }),
		tcp("busy", Microseconds, 176, "time with data in flight or waiting, in microseconds", func(t *info) *uint64 { return &t.BusyTime }),
		tcp("rwnd-limited", Microseconds, 184, "time stopped by the peer's receive window, in microseconds", func(t *info) *uint64 { return &t.RwndLimited }),
		tcp("sndbuf-limited", Microseconds, 192, "time stopped by the send buffer, in microseconds", func(t *info) *uint64 { return &t.SndbufLimited }),
		tcp("rcv-space", Bytes, 100, "bytes the program reads in a round trip, after which the receive buffer is tuned", func(t *info) *uint32 { return &t.RecvSpace }),
		tcp("rcv-ssthresh", Bytes, 68, "limit of the receive window in bytes", func(t *info) *uint32 { return &t.RecvSsthresh }),
		tcp("snd-wnd", Bytes, 232, "receive window of the peer in bytes", func(t *info) *uint32 { return &t.SendWnd }),
		tcp("rcv-wnd", Bytes, 236, "receive window offered to the peer in bytes", func(t *info) *uint32 { return &t.RecvWnd }),
		windowScale("snd-wscale", "window scale of the peer, a power of two", func(t *info) *uint8 { return &t.SendWScale }),
		windowScale("rcv-wscale", "window scale told to the peer, a power of two", func(t *info) *uint8 { return &t.RecvWScale }),
		tcp("rehash", Count, 240, "how often another path was tried after trouble", func(t *info) *uint32 { return &t.Rehash }),
		tcp("total-rto", Count, 242, "retransmission timeouts since the connection began", func(t *info) *uint16 { return &t.TotalRTO }),
		tcp("total-rto-recoveries", Count, 244, "recoveries after such timeouts", func(t *info) *uint16 { return &t.TotalRTORecoveries }),
		tcp("total-rto-time", Milliseconds, 248, "time spent in such recoveries, in milliseconds", func(t *info) *uint32 { return &t.TotalRTOTime }),
	}
	for _, f := range []struct {
		name, help string
		bit        socket.TCPOptions
	}{
		{"ts", "whether segments carry timestamps", socket.TCPTimestamps},
		{"usec-ts", "whether these count microseconds", socket.TCPUsecTS},
		{"sack", "whether segments are acknowledged selectively", socket.TCPSACK},
		{"ecn", "whether explicit congestion notification was negotiated", socket.TCPECN},
		{"ecnseen", "whether a packet came that can carry a congestion mark", socket.TCPECNSeen},
		{"fastopen", "whether data in the SYN was acknowledged", socket.TCPSynData},
		{"fastopen-child", "whether the connection was accepted with data in the SYN", socket.TCPFastOpenChild},
	} {
		all = append(all, tcpFlag(f.name, 6, f.help, f.bit, func(t *info) *socket.TCPOptions { return &t.Options }))
	}
	all = append(all, tcpChoice("fastopen-fail", 232, "why fast open did not work: cookie-unavailable, data-not-acked, syn-retransmitted",
		[]string{"", "cookie-unavailable", "data-not-acked", "syn-retransmitted"}, func(t *info) *uint8 { return &t.FastOpenFail }))
	return slices.Concat(all, accurateECNFacts(), congestionFacts(), ulpFacts())
}

func tcpText(name, help string, at func(*socket.TCPInfo) *string) Fact {
	return text(TCP, name, socket.DetailTCPInfo, help, tcpPlace(0, true, at))
}

// tcpInfo finds a tcp_info. One that is created has no values where the kernel
// has a number for none.
func tcpInfo(s *socket.Socket, create bool) *socket.TCPInfo {
	d := details(s, create)
	if d == nil {
		return nil
	}
	if d.TCP == nil && create {
		d.TCP = &socket.TCPInfo{
			SendSsthresh: socket.InfiniteSsthresh, MinRTT: socket.NoMinRTT,
			PacingRate: socket.Unlimited, MaxPacingRate: socket.Unlimited,
		}
	}
	return d.TCP
}

// tcpPlace is the place of a field of struct tcp_info that ends at end. Of a
// listener the kernel fills next to nothing, and some with other things.
func tcpPlace[T any](end uint16, listeners bool, at func(*socket.TCPInfo) *T) func(*socket.Socket, bool) *T {
	return func(s *socket.Socket, create bool) *T {
		t := tcpInfo(s, create)
		if t == nil {
			return nil
		}
		if create {
			t.Size = max(t.Size, end)
		}
		if t.Size < end || s.State == socket.Listen && !listeners {
			return nil
		}
		return at(t)
	}
}

func tcp[T integer](name string, kind Kind, end uint16, help string, at func(*socket.TCPInfo) *T) Fact {
	return tcpNumber(name, kind, end, false, help, at)
}

// tcpAny is a fact that listeners have, too.
func tcpAny[T integer](name string, kind Kind, end uint16, help string, at func(*socket.TCPInfo) *T) Fact {
	return tcpNumber(name, kind, end, true, help, at)
}

// tcpNumber reads its number with as few calls as can be: a row of a listing
// has sixty of them.
func tcpNumber[T integer](
	name string, kind Kind, end uint16, listeners bool, help string, at func(*socket.TCPInfo) *T,
) Fact {
	f := number(TCP, name, kind, socket.DetailTCPInfo, help, tcpPlace(end, listeners, at))
	f.Number = func(s *socket.Socket) (int64, bool) {
		d := s.Details
		if d == nil || d.TCP == nil || d.TCP.Size < end || s.State == socket.Listen && !listeners {
			return 0, false
		}
		return signed(*at(d.TCP)), true
	}
	return f
}

func tcpFlag[T integer](name string, end uint16, help string, bit T, at func(*socket.TCPInfo) *T) Fact {
	return flag(TCP, name, socket.DetailTCPInfo, help, bit, tcpPlace(end, false, at))
}

func tcpChoice[T integer](name string, end uint16, help string, names []string, at func(*socket.TCPInfo) *T) Fact {
	return choice(TCP, name, socket.DetailTCPInfo, help, names, tcpPlace(end, false, at))
}

// windowScale is told where scaling was agreed on.
func windowScale(name, help string, at func(*socket.TCPInfo) *uint8) Fact {
	scale := tcpPlace(7, false, at)
	return number(TCP, name, Count, socket.DetailTCPInfo, help, func(s *socket.Socket, create bool) *uint8 {
		n := scale(s, create)
		if create {
			s.Details.TCP.Options |= socket.TCPWScale
		}
		if n == nil || s.Details.TCP.Options&socket.TCPWScale == 0 {
			return nil
		}
		return n
	})
}
