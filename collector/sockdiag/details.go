package sockdiag

import (
	"bytes"

	"github.com/sockls/sockls/collector/socket"
)

// details are what the rows of a dump point to. They are reused for each row,
// so that decoding allocates nothing.
type details struct {
	wanted     socket.Detail
	attributes uint32 // of wanted
	tail       TCPInfoTail

	all      socket.Details
	extended socket.Extended
	timer    socket.Timer
	memory   socket.Memory
	tcp      tcpDetails
	mptcp    socket.MPTCPInfo
	sctp     socket.SCTPInfo
	ip       socket.IPOptions

	unix    socket.UnixDetails
	netlink socket.NetlinkDetails
	packet  socket.PacketDetails
	xdp     socket.XDPDetails

	names map[string]string // of congestion controls and the like
}

// want prepares for the rows of another dump.
func (d *details) want(wanted socket.Detail, tail TCPInfoTail) {
	d.wanted = wanted & tableDetails
	d.attributes = attributes(d.wanted)
	d.tail = tail
}

// begin gives the next row its details, as yet empty.
func (d *details) begin(s *socket.Socket) {
	if d.wanted == 0 {
		return
	}
	d.all = socket.Details{}
	s.Details = &d.all
}

func (d *details) extend() *socket.Extended {
	if d.all.Extended == nil {
		d.extended = socket.Extended{}
		d.all.Extended = &d.extended
	}
	return d.all.Extended
}

func (d *details) options() *socket.IPOptions {
	if d.all.IP == nil {
		d.ip = socket.IPOptions{}
		d.all.IP = &d.ip
	}
	return d.all.IP
}

// fixed takes what a struct inet_diag_msg has for the timer. Other protocols
// than these have none.
func (d *details) fixed(b []byte, s *socket.Socket) {
	if !d.wanted.Has(socket.DetailTimer) {
		return
	}
	kind := socket.TimerKind(b[2])
	switch s.Proto {
	case socket.TCP:
	case socket.SCTP:
		const retransmission = 4 // SCTP_EVENT_TIMEOUT_T3_RTX, the only one told
		if kind == retransmission {
			kind = socket.TimerOn
		}
	default:
		return
	}
	d.timer = socket.Timer{Kind: kind, Retransmits: b[3], Expires: native.Uint32(b[52:])}
	d.all.Timer = &d.timer
}

// attribute takes one of those in d.attributes.
func (d *details) attribute(a attribute, s *socket.Socket) {
	switch a.kind {
	case inetInfo:
		d.info(a.value, s.Proto)
	case inetCong:
		d.tcpInfo().Congestion = d.name(a.value)
	case inetVegas:
		d.vegas(a.value)
	case inetDCTCP:
		d.dctcp(a.value)
	case inetBBR:
		d.bbr(a.value)
	case inetULP:
		d.ulp(a.value)
	case inetSKMemInfo:
		d.meminfo(a.value)
	case inetTOS:
		if len(a.value) >= 1 {
			o := d.options()
			o.TOS, o.HasTOS = a.value[0], true
		}
	case inetTClass:
		if len(a.value) >= 1 {
			o := d.options()
			o.TrafficClass, o.HasTrafficClass = a.value[0], true
		}
	case inetClassID:
		if len(a.value) >= 4 {
			o := d.options()
			o.ClassID, o.HasClassID = a.u32(), true
		}
	case inetSockOpt:
		if len(a.value) >= 1 {
			o := d.options()
			o.Flags, o.HasFlags = sockOptions(a.value), true
		}
	case inetShutdown:
		d.shutdown(a.value)
	case inetCgroupID:
		if len(a.value) >= 8 {
			d.extend().CgroupID = native.Uint64(a.value)
		}
	case inetMark:
		d.mark(a, s)
	case inetMD5Sig:
		const keyLen = 100 // struct tcp_diag_md5sig, of which nothing is read
		e := d.extend()
		e.MD5Keys, e.HasMD5Keys = uint32(len(a.value)/keyLen), true
	}
}

// mark takes SO_MARK. That it is there shows that this user may see the MD5
// keys, too, of which the kernel says nothing where there are none. It says
// nothing of them either for what is left of a connection or half open, which
// have no inetShutdown before the mark.
func (d *details) mark(a attribute, s *socket.Socket) {
	if len(a.value) < 4 {
		return
	}
	e := d.extend()
	if d.wanted.Has(socket.DetailMark) {
		e.Mark, e.HasMark = a.u32(), true
	}
	if d.wanted.Has(socket.DetailExtended) && s.Proto == socket.TCP && e.HasShutdown {
		e.HasMD5Keys = true
	}
}

func (d *details) shutdown(b []byte) {
	if len(b) >= 1 {
		e := d.extend()
		e.Shutdown, e.HasShutdown = socket.Shutdown(b[0])&(socket.ShutdownReceive|socket.ShutdownSend), true
	}
}

// meminfo takes an SK_MEMINFO_VARS array; old kernels have fewer entries.
func (d *details) meminfo(b []byte) {
	if !d.wanted.Has(socket.DetailMemory) {
		return
	}
	const entries = 9
	var v [entries]uint32
	n := min(len(b)/4, entries)
	for i := range n {
		v[i] = native.Uint32(b[4*i:])
	}
	d.memory = socket.Memory{
		Entries:      uint8(n),
		ReceiveAlloc: v[0], ReceiveBuffer: v[1], SendAlloc: v[2], SendBuffer: v[3],
		ForwardAlloc: int32(v[4]), SendQueued: v[5], OptionMemory: v[6], Backlog: v[7], Drops: v[8],
	}
	d.all.Memory = &d.memory
}

// name is the text of an attribute up to its NUL, kept once for all rows.
func (d *details) name(b []byte) string {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	name, ok := d.names[string(b)]
	if !ok {
		const most = 64 // far more than there are
		if d.names == nil || len(d.names) == most {
			d.names = map[string]string{}
		}
		name = string(b)
		d.names[name] = name
	}
	return name
}

// sockOptions takes a struct inet_diag_sockopt, whose bits are the model's.
func sockOptions(b []byte) socket.IPFlags {
	flags := socket.IPFlags(flagBits(b[0]))
	if len(b) >= 2 {
		const used = 3
		flags |= socket.IPFlags(flagBits(b[1])&(1<<used-1)) << 8
	}
	return flags
}
