package fact

import (
	"fmt"

	"github.com/sockls/sockls/collector/socket"
)

func unixFacts() []Fact {
	in := ofFamily(func(e *socket.Extended) **socket.UnixDetails { return &e.Unix })
	return []Fact{
		always("vfs-inode", Count, "inode of the file that a unix path is bound to",
			in, func(u *socket.UnixDetails) *uint32 { return &u.VFSInode }),
		always("vfs-device", Count, "device of that file: the kernel's number, the minor in the low 20 bits",
			in, func(u *socket.UnixDetails) *uint32 { return &u.VFSDevice }),
	}
}

func netlinkFacts() []Fact {
	type netlink = socket.NetlinkDetails
	in := ofFamily(func(e *socket.Extended) **netlink { return &e.Netlink })
	all := []Fact{
		text(Extended, "netlink-groups", socket.DetailExtended, "multicast groups that a netlink socket listens to, as 1,3,5-7",
			func(s *socket.Socket, create bool) *string {
				if n := in(s, create); n != nil {
					return &n.Groups
				}
				return nil
			}),
	}
	for _, f := range []struct {
		name, help string
		bit        socket.NetlinkFlags
	}{
		{"netlink-dumping", "whether an answer is being written to a netlink socket", socket.NetlinkDumping},
		{"netlink-pktinfo", "NETLINK_PKTINFO", socket.NetlinkPktInfo},
		{"netlink-broadcast-error", "NETLINK_BROADCAST_ERROR", socket.NetlinkBroadcastError},
		{"netlink-no-enobufs", "NETLINK_NO_ENOBUFS", socket.NetlinkNoENOBUFS},
		{"netlink-listen-all-nsid", "NETLINK_LISTEN_ALL_NSID", socket.NetlinkListenAllNSID},
		{"netlink-cap-ack", "NETLINK_CAP_ACK", socket.NetlinkCapAck},
	} {
		all = append(all, flag(Extended, f.name, socket.DetailExtended, f.help, f.bit,
			func(s *socket.Socket, create bool) *socket.NetlinkFlags {
				n := in(s, create)
				switch {
				case create:
					n.HasFlags = true
				case n == nil || !n.HasFlags:
					return nil
				}
				return &n.Flags
			}))
	}
	return all
}

func packetFacts() []Fact {
	type packet = socket.PacketDetails
	in := ofFamily(func(e *socket.Extended) **packet { return &e.Packet })
	all := []Fact{
		always("packet-version", Count, "layout of the rings of a packet socket (TPACKET_V1 is 0)", in, func(p *packet) *uint32 { return &p.Version }),
		always("packet-reserve", Bytes, "bytes of headroom in each frame", in, func(p *packet) *uint32 { return &p.Reserve }),
		always("packet-copy-thresh", Bytes, "PACKET_COPY_THRESH: packets above it are queued beside the ring", in, func(p *packet) *uint32 { return &p.CopyThreshold }),
		always("packet-tstamp", Hex, "kind of timestamps (PACKET_TIMESTAMP)", in, func(p *packet) *uint32 { return &p.Timestamp }),
		known("packet-memberships", Count, Extended, socket.DetailExtended, "addresses added with PACKET_ADD_MEMBERSHIP",
			in, func(p *packet) (*uint32, *bool) { return &p.Memberships, &p.HasMemberships }),
		known("packet-fanout-id", Count, Extended, socket.DetailExtended, "group that shares the packets (PACKET_FANOUT)",
			in, func(p *packet) (*uint16, *bool) { return &p.FanoutID, &p.HasFanout }),
		known("packet-fanout-type", Count, Extended, socket.DetailExtended, "how the group divides them (PACKET_FANOUT_*)",
			in, func(p *packet) (*uint16, *bool) { return &p.FanoutType, &p.HasFanout }),
		known("packet-filter-len", Count, Extended, socket.DetailExtended, "instructions of the filter, which only CAP_NET_ADMIN may see",
			in, func(p *packet) (*uint32, *bool) { return &p.FilterLen, &p.HasFilterLen }),
	}
	for _, f := range []struct {
		name, help string
		bit        socket.PacketFlags
	}{
		{"packet-running", "whether a packet socket receives packets", socket.PacketRunning},
		{"packet-auxdata", "PACKET_AUXDATA", socket.PacketAuxData},
		{"packet-origdev", "PACKET_ORIGDEV", socket.PacketOrigDev},
		{"packet-vnethdr", "PACKET_VNET_HDR", socket.PacketVnetHdr},
		{"packet-loss", "PACKET_LOSS", socket.PacketLoss},
	} {
		all = append(all, flag(Extended, f.name, socket.DetailExtended, f.help, f.bit,
			func(s *socket.Socket, create bool) *socket.PacketFlags {
				if p := in(s, create); p != nil {
					return &p.Flags
				}
				return nil
			}))
	}
	for _, ring := range []struct {
		name, help string
		at         func(*packet) *socket.PacketRing
	}{
		{"packet-rx", "receive", func(p *packet) *socket.PacketRing { return &p.RxRing }},
		{"packet-tx", "send", func(p *packet) *socket.PacketRing { return &p.TxRing }},
	} {
		for _, f := range []struct {
			name, help string
			kind       Kind
			at         func(*socket.PacketRing) *uint32
		}{
			{"blocks", "blocks in the %s ring", Count, func(r *socket.PacketRing) *uint32 { return &r.Blocks }},
			{"block-size", "bytes in a block of the %s ring", Bytes, func(r *socket.PacketRing) *uint32 { return &r.BlockSize }},
			{"frames", "frames in the %s ring", Count, func(r *socket.PacketRing) *uint32 { return &r.Frames }},
			{"frame-size", "bytes in a frame of the %s ring", Bytes, func(r *socket.PacketRing) *uint32 { return &r.FrameSize }},
			{"retire-time", "time until a block of the %s ring is handed over unfilled, in milliseconds", Milliseconds, func(r *socket.PacketRing) *uint32 { return &r.RetireTime }},
			{"private-size", "bytes that the program keeps in a block of the %s ring", Bytes, func(r *socket.PacketRing) *uint32 { return &r.PrivateSize }},
			{"features", "options of the %s ring (TP_FT_*)", Hex, func(r *socket.PacketRing) *uint32 { return &r.Features }},
		} {
			all = append(all, always(ring.name+"-"+f.name, f.kind, fmt.Sprintf(f.help, ring.help),
				in, func(p *packet) *uint32 { return f.at(ring.at(p)) }).withRing(in, ring.at))
		}
	}
	return all
}

// withRing makes a fact absent where there is no ring.
func (f Fact) withRing(
	in func(*socket.Socket, bool) *socket.PacketDetails, at func(*socket.PacketDetails) *socket.PacketRing,
) Fact {
	number := f.Number
	f.Number = func(s *socket.Socket) (int64, bool) {
		if p := in(s, false); p == nil || *at(p) == (socket.PacketRing{}) {
			return 0, false
		}
		return number(s)
	}
	return f
}

func xdpFacts() []Fact {
	type xdp = socket.XDPDetails
	in := ofFamily(func(e *socket.Extended) **xdp { return &e.XDP })
	umem := func(name string, kind Kind, help string, at func(*xdp) *uint32) Fact {
		return known(name, kind, Extended, socket.DetailExtended, help, in,
			func(x *xdp) (*uint32, *bool) { return at(x), &x.HasUmem })
	}
	stat := func(name, help string, at func(*xdp) *uint64) Fact {
		return known(name, Count, Extended, socket.DetailExtended, help, in,
			func(x *xdp) (*uint64, *bool) { return at(x), &x.HasStats })
	}
	return []Fact{
		always("xdp-rx-ring", Count, "entries of the receive ring of an XDP socket", in, func(x *xdp) *uint32 { return &x.RxRing }),
		always("xdp-tx-ring", Count, "entries of the send ring", in, func(x *xdp) *uint32 { return &x.TxRing }),
		always("xdp-fill-ring", Count, "entries of the fill ring", in, func(x *xdp) *uint32 { return &x.FillRing }),
		always("xdp-completion-ring", Count, "entries of the completion ring", in, func(x *xdp) *uint32 { return &x.CompletionRing }),
		umem("xdp-umem-id", Count, "id of the memory shared with the program", func(x *xdp) *uint32 { return &x.UmemID }),
		known("xdp-umem-size", Bytes, Extended, socket.DetailExtended, "bytes of that memory", in,
			func(x *xdp) (*uint64, *bool) { return &x.UmemSize, &x.HasUmem }),
		umem("xdp-umem-pages", Count, "pages of that memory", func(x *xdp) *uint32 { return &x.UmemPages }),
		umem("xdp-umem-chunk", Bytes, "bytes for one packet", func(x *xdp) *uint32 { return &x.UmemChunk }),
		umem("xdp-umem-headroom", Bytes, "bytes kept free before a packet", func(x *xdp) *uint32 { return &x.UmemHeadroom }),
		umem("xdp-umem-flags", Hex, "1 where packets are not copied (XDP_DU_F_ZEROCOPY)", func(x *xdp) *uint32 { return &x.UmemFlags }),
		umem("xdp-umem-refs", Count, "sockets that share the memory", func(x *xdp) *uint32 { return &x.UmemRefs }),
		stat("xdp-rx-dropped", "packets dropped", func(x *xdp) *uint64 { return &x.RxDropped }),
		stat("xdp-rx-invalid", "invalid descriptors in the fill ring", func(x *xdp) *uint64 { return &x.RxInvalid }),
		stat("xdp-rx-full", "packets dropped because the receive ring was full", func(x *xdp) *uint64 { return &x.RxFull }),
		stat("xdp-fill-empty", "packets that found the fill ring empty", func(x *xdp) *uint64 { return &x.FillEmpty }),
		stat("xdp-tx-invalid", "invalid descriptors in the send ring", func(x *xdp) *uint64 { return &x.TxInvalid }),
		stat("xdp-tx-empty", "times the send ring was empty", func(x *xdp) *uint64 { return &x.TxEmpty }),
	}
}
