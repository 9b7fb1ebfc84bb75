package fact

import "github.com/sockls/sockls/collector/socket"

// accurateECNFacts are what Linux 6.18 appended to struct tcp_info.
func accurateECNFacts() []Fact {
	type info = socket.TCPInfo
	state := func(s *socket.Socket, create bool) *socket.AccECN {
		t := tcpInfo(s, create)
		if t == nil {
			return nil
		}
		if create {
			t.Size = max(t.Size, 280)
			if t.AccECN == nil {
				t.AccECN = &socket.AccECN{}
			}
		}
		if s.State == socket.Listen {
			return nil
		}
		return t.AccECN
	}
	return []Fact{
		tcp("received-ce", Count, 252, "segments received with a congestion mark", func(t *info) *uint32 { return &t.ReceivedCE }),
		tcp("delivered-e1-bytes", Bytes, 256, "bytes that arrived at the peer marked ECT(1)", func(t *info) *uint32 { return &t.DeliveredE1Bytes }),
		tcp("delivered-e0-bytes", Bytes, 260, "bytes that arrived at the peer marked ECT(0)", func(t *info) *uint32 { return &t.DeliveredE0Bytes }),
		tcp("delivered-ce-bytes", Bytes, 264, "bytes that arrived at the peer with a congestion mark", func(t *info) *uint32 { return &t.DeliveredCEBytes }),
		tcp("received-e1-bytes", Bytes, 268, "bytes received marked ECT(1)", func(t *info) *uint32 { return &t.ReceivedE1Bytes }),
		tcp("received-e0-bytes", Bytes, 272, "bytes received marked ECT(0)", func(t *info) *uint32 { return &t.ReceivedE0Bytes }),
		tcp("received-ce-bytes", Bytes, 276, "bytes received with a congestion mark", func(t *info) *uint32 { return &t.ReceivedCEBytes }),
		choice(TCP, "ecn-mode", socket.DetailTCPInfo, "kind of congestion notification in use: disabled, rfc3168, accecn, pending",
			[]string{"disabled", "rfc3168", "accecn", "pending"}, func(s *socket.Socket, create bool) *uint8 {
				a := state(s, create)
				switch {
				case a == nil:
					return nil
				case create:
					a.HasMode = true
				case !a.HasMode:
					return nil
				}
				return &a.Mode
			}),
		choice(TCP, "accecn-opt-seen", socket.DetailTCPInfo, "what was seen of the accurate ECN option: none, empty, counters, failed",
			[]string{"none", "empty", "counters", "failed"}, func(s *socket.Socket, create bool) *uint8 {
				if a := state(s, create); a != nil {
					return &a.OptionSeen
				}
				return nil
			}),
		number(TCP, "accecn-fail-mode", Hex, socket.DetailTCPInfo, "what failed of accurate ECN (TCP_ACCECN_*_FAIL_*)",
			func(s *socket.Socket, create bool) *uint8 {
				if a := state(s, create); a != nil {
					return &a.FailMode
				}
				return nil
			}),
	}
}

// congestionFacts are what some congestion controls tell of themselves.
func congestionFacts() []Fact {
	type (
		vegas = socket.VegasInfo
		dctcp = socket.DCTCPInfo
		bbr   = socket.BBRInfo
	)
	ofVegas := func(t *socket.TCPInfo) **vegas { return &t.Vegas }
	ofDCTCP := func(t *socket.TCPInfo) **dctcp { return &t.DCTCP }
	ofBBR := func(t *socket.TCPInfo) **bbr { return &t.BBR }
	return []Fact{
		part("bbr-bw", ByteRate, "bandwidth that bbr found, in bytes a second", ofBBR, func(b *bbr) *uint64 { return &b.Bandwidth }),
		part("bbr-minrtt", Microseconds, "smallest round trip time that bbr found, in microseconds",
			ofBBR, func(b *bbr) *uint32 { return &b.MinRTT }).without(socket.NoMinRTT),
		part("bbr-pacing-gain", Count, "pacing gain of bbr, 256 meaning 1", ofBBR, func(b *bbr) *uint32 { return &b.PacingGain }),
		part("bbr-cwnd-gain", Count, "congestion window gain of bbr, 256 meaning 1", ofBBR, func(b *bbr) *uint32 { return &b.CwndGain }),
		part("vegas-enabled", Count, "whether vegas is at work", ofVegas, func(v *vegas) *uint32 { return &v.Enabled }),
		part("vegas-rttcnt", Count, "round trips that vegas measured", ofVegas, func(v *vegas) *uint32 { return &v.RTTCount }),
		part("vegas-rtt", Microseconds, "round trip time that vegas measured, in microseconds", ofVegas, func(v *vegas) *uint32 { return &v.RTT }),
		part("vegas-minrtt", Microseconds, "smallest round trip time that vegas measured, in microseconds",
			ofVegas, func(v *vegas) *uint32 { return &v.MinRTT }).without(infiniteRTT),
		part("dctcp-enabled", Count, "whether dctcp is at work", ofDCTCP, func(d *dctcp) *uint16 { return &d.Enabled }),
		part("dctcp-ce-state", Count, "whether the last packet had a congestion mark", ofDCTCP, func(d *dctcp) *uint16 { return &d.CEState }),
		part("dctcp-alpha", Count, "share of marked bytes, 1024 being all", ofDCTCP, func(d *dctcp) *uint32 { return &d.Alpha }),
		part("dctcp-ab-ecn", Bytes, "acknowledged bytes with a mark in this window", ofDCTCP, func(d *dctcp) *uint32 { return &d.ABECN }),
		part("dctcp-ab-tot", Bytes, "acknowledged bytes in this window", ofDCTCP, func(d *dctcp) *uint32 { return &d.ABTotal }),
	}
}

// infiniteRTT is what vegas has before it has measured (tcp_vegas.c).
const infiniteRTT = 0x7fffffff

// part makes a fact of a number in a part of TCPInfo that not every socket has.
func part[C any, T integer](
	name string, kind Kind, help string, in func(*socket.TCPInfo) **C, at func(*C) *T,
) Fact {
	f := number(TCP, name, kind, socket.DetailTCPInfo, help, partPlace(in, at))
	f.Number = func(s *socket.Socket) (int64, bool) {
		if s.Details == nil || s.Details.TCP == nil {
			return 0, false
		}
		c := *in(s.Details.TCP)
		if c == nil {
			return 0, false
		}
		return signed(*at(c)), true
	}
	return f
}

func partPlace[C, T any](in func(*socket.TCPInfo) **C, at func(*C) *T) func(*socket.Socket, bool) *T {
	return func(s *socket.Socket, create bool) *T {
		t := tcpInfo(s, create)
		if t == nil {
			return nil
		}
		c := in(t)
		if *c == nil {
			if !create {
				return nil
			}
			*c = new(C)
		}
		return at(*c)
	}
}
