package sockdiag

import "github.com/sockls/sockls/collector/socket"

// Attributes of an inet_diag answer (include/uapi/linux/inet_diag.h). Those up
// to 8 are sent when asked for, the others always or with one of those.
const (
	inetInfo      = 2
	inetVegas     = 3 // one of the three, whatever the congestion control is
	inetCong      = 4
	inetTOS       = 5
	inetTClass    = 6
	inetSKMemInfo = 7
	inetShutdown  = 8
	inetDCTCP     = 9
	inetV6Only    = 11
	inetPeers     = 13 // only on SCTP associations
	inetMark      = 15 // only for CAP_NET_ADMIN
	inetBBR       = 16
	inetClassID   = 17 // with inetTClass
	inetMD5Sig    = 18 // only for CAP_NET_ADMIN
	inetULP       = 19
	inetCgroupID  = 21
	inetSockOpt   = 22
)

// tableDetails are the details that come with a row.
const tableDetails = socket.DetailExtended | socket.DetailMark | socket.DetailTimer | socket.DetailMemory |
	socket.DetailTCPInfo | socket.DetailTOS | socket.DetailIPFlags

// extensions are the attributes to ask inet_diag for: bit n-1 for attribute n
// of the first eight.
func extensions(d socket.Detail) uint8 {
	var ext uint8
	if d.Has(socket.DetailTCPInfo) {
		ext |= 1<<(inetInfo-1) | 1<<(inetVegas-1) | 1<<(inetCong-1)
	}
	if d.Has(socket.DetailTOS) {
		ext |= 1<<(inetTOS-1) | 1<<(inetTClass-1)
	}
	if d.Has(socket.DetailMemory) {
		ext |= 1 << (inetSKMemInfo - 1)
	}
	return ext
}

// rowAttributes are the attributes of an inet_diag answer that every row is made
// of, as bits.
const rowAttributes = 1<<inetV6Only | 1<<inetPeers

// attributes are those that the details are made of.
func attributes(d socket.Detail) uint32 {
	var set uint32
	for _, a := range [...]struct {
		detail socket.Detail
		kinds  uint32
	}{
		{socket.DetailExtended, 1<<inetShutdown | 1<<inetCgroupID | 1<<inetMD5Sig | 1<<inetMark},
		{socket.DetailMark, 1 << inetMark},
		{socket.DetailMemory, 1 << inetSKMemInfo},
		{socket.DetailTCPInfo, 1<<inetInfo | 1<<inetVegas | 1<<inetCong | 1<<inetDCTCP | 1<<inetBBR | 1<<inetULP},
		{socket.DetailTOS, 1<<inetTOS | 1<<inetTClass | 1<<inetClassID},
		{socket.DetailIPFlags, 1 << inetSockOpt},
	} {
		if d.Has(a.detail) {
			set |= a.kinds
		}
	}
	return set
}

// What those families show when DetailExtended or DetailMemory is wanted, beside
// what request.go has.
const (
	unixShowVFS     = 0x02
	unixShowMeminfo = 0x20

	netlinkShowGroups = 0x02
	netlinkShowFlags  = 0x08

	packetShowMembers = 0x02
	packetShowRings   = 0x04
	packetShowFanout  = 0x08
	packetShowFilter  = 0x20

	xdpShowRings = 0x02
	xdpShowUmem  = 0x04
	xdpShowStats = 0x10
)

// unixShow, netlinkShow, packetShow and xdpShow are the attributes to ask those
// families for.
func unixShow(d socket.Detail) uint32 {
	show := uint32(unixShowName | unixShowPeer | unixShowRQLen | unixShowUID)
	if d.Has(socket.DetailExtended) {
		show |= unixShowVFS
	}
	if d.Has(socket.DetailMemory) {
		show |= unixShowMeminfo
	}
	return show
}

func netlinkShow(d socket.Detail) uint32 {
	var show uint32
	if d.Has(socket.DetailQueues | socket.DetailMemory) {
		show |= netlinkShowMeminfo
	}
	if d.Has(socket.DetailExtended) {
		show |= netlinkShowGroups | netlinkShowFlags
	}
	return show
}

func packetShow(d socket.Detail) uint32 {
	show := uint32(packetShowInfo)
	if d.Has(socket.DetailQueues | socket.DetailMemory) {
		show |= packetShowMeminfo
	}
	if d.Has(socket.DetailExtended) {
		show |= packetShowMembers | packetShowRings | packetShowFanout | packetShowFilter
	}
	return show
}

func xdpShow(d socket.Detail) uint32 {
	show := uint32(xdpShowInfo)
	if d.Has(socket.DetailQueues | socket.DetailMemory) {
		show |= xdpShowMeminfo
	}
	if d.Has(socket.DetailExtended) {
		show |= xdpShowRings | xdpShowUmem | xdpShowStats
	}
	return show
}
