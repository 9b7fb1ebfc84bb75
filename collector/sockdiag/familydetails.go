package sockdiag

import (
	"strconv"

	"github.com/sockls/sockls/collector/socket"
)

// vfs takes a struct unix_diag_vfs.
func (d *details) vfs(b []byte) {
	if !d.wanted.Has(socket.DetailExtended) || len(b) < 8 {
		return
	}
	d.unix = socket.UnixDetails{VFSInode: native.Uint32(b), VFSDevice: native.Uint32(b[4:])}
	d.extend().Unix = &d.unix
}

// netlinkDetails is what a row's attributes are gathered in.
func (d *details) netlinkDetails() *socket.NetlinkDetails {
	e := d.extend()
	if e.Netlink == nil {
		d.netlink = socket.NetlinkDetails{}
		e.Netlink = &d.netlink
	}
	return e.Netlink
}

// groupList writes a bitmap of multicast groups, the first of which is 1, as
// "1,3,5-7". The kernel keeps it in words of its own size.
func groupList(b []byte) string {
	var list []byte
	member := func(group int) bool {
		bit := group - 1
		at := bit / 8
		if bigEndian() {
			const word = strconv.IntSize / 8
			at = at/word*word + word - 1 - at%word
		}
		return at < len(b) && b[at]>>(bit%8)&1 != 0
	}
	for group := 1; group <= 8*len(b); group++ {
		if !member(group) {
			continue
		}
		first := group
		for member(group + 1) {
			group++
		}
		if len(list) > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, int64(first), 10)
		if group > first {
			list = append(list, '-')
			list = strconv.AppendInt(list, int64(group), 10)
		}
	}
	return string(list)
}

func (d *details) packetDetails() *socket.PacketDetails {
	e := d.extend()
	if e.Packet == nil {
		d.packet = socket.PacketDetails{}
		e.Packet = &d.packet
	}
	return e.Packet
}

// packetAttribute takes an attribute of a packet socket that DetailExtended
// asks for (include/uapi/linux/packet_diag.h).
func (d *details) packetAttribute(a attribute) {
	const info, members, rx, tx, fanout, filter uint16 = 0, 1, 2, 3, 4, 7
	if !d.wanted.Has(socket.DetailExtended) {
		return
	}
	p := d.packetDetails()
	switch a.kind {
	case info: // struct packet_diag_info
		if b := a.value; len(b) >= 24 {
			p.Version, p.Reserve = native.Uint32(b[4:]), native.Uint32(b[8:])
			p.CopyThreshold, p.Timestamp = native.Uint32(b[12:]), native.Uint32(b[16:])
			p.Flags = socket.PacketFlags(native.Uint32(b[20:]))
		}
	case members:
		const size = 44 // struct packet_diag_mclist
		p.Memberships, p.HasMemberships = uint32(len(a.value)/size), true
	case rx:
		p.RxRing = packetRing(a.value)
	case tx:
		p.TxRing = packetRing(a.value)
	case fanout:
		if n := a.u32(); len(a.value) >= 4 {
			p.FanoutID, p.FanoutType, p.HasFanout = uint16(n), uint16(n>>16), true
		}
	case filter:
		const size = 8 // struct sock_filter; who may not see it gets an empty one
		if len(a.value) >= size {
			p.FilterLen, p.HasFilterLen = uint32(len(a.value)/size), true
		}
	}
}

// packetRing takes a struct packet_diag_ring.
func packetRing(b []byte) (r socket.PacketRing) {
	if len(b) < 28 {
		return r
	}
	return socket.PacketRing{
		BlockSize: native.Uint32(b), Blocks: native.Uint32(b[4:]), FrameSize: native.Uint32(b[8:]),
		Frames: native.Uint32(b[12:]), RetireTime: native.Uint32(b[16:]), PrivateSize: native.Uint32(b[20:]),
		Features: native.Uint32(b[24:]),
	}
}

// xdpAttribute takes an attribute of an XDP socket that DetailExtended asks for
// (include/uapi/linux/xdp_diag.h).
func (d *details) xdpAttribute(a attribute) {
	const rx, tx, umem, fill, completion, stats uint16 = 3, 4, 5, 6, 7, 9
	if !d.wanted.Has(socket.DetailExtended) {
		return
	}
	e := d.extend()
	if e.XDP == nil {
		d.xdp = socket.XDPDetails{}
		e.XDP = &d.xdp
	}
	x, b := e.XDP, a.value
	switch a.kind {
	case rx:
		x.RxRing = a.u32()
	case tx:
		x.TxRing = a.u32()
	case fill:
		x.FillRing = a.u32()
	case completion:
		x.CompletionRing = a.u32()
	case umem: // struct xdp_diag_umem
		if len(b) < 40 {
			return
		}
		x.HasUmem, x.UmemSize, x.UmemID = true, native.Uint64(b), native.Uint32(b[8:])
		x.UmemPages, x.UmemChunk, x.UmemHeadroom = native.Uint32(b[12:]), native.Uint32(b[16:]), native.Uint32(b[20:])
		x.UmemFlags, x.UmemRefs = native.Uint32(b[32:]), native.Uint32(b[36:])
	case stats: // struct xdp_diag_stats
		if len(b) < 48 {
			return
		}
		x.HasStats, x.RxDropped, x.RxInvalid = true, native.Uint64(b), native.Uint64(b[8:])
		x.RxFull, x.FillEmpty = native.Uint64(b[16:]), native.Uint64(b[24:])
		x.TxInvalid, x.TxEmpty = native.Uint64(b[32:]), native.Uint64(b[40:])
	}
}
