package sockdiag

import "github.com/sockls/sockls/collector/socket"

// decoder turns answers into rows. It keeps the names of interfaces, which
// many rows share.
type decoder struct {
	ifName     func(index uint32) string
	devices    map[uint32]string
	orphanUIDs bool // see Request
	details    details
}

// device names an interface, once for each index.
func (d *decoder) device(index uint32) string {
	name, ok := d.devices[index]
	if !ok {
		name = d.ifName(index)
		if d.devices == nil {
			d.devices = map[uint32]string{}
		}
		d.devices[index] = name
	}
	return name
}

// decodeUnix fills s from a struct unix_diag_msg and its attributes.
func (d *decoder) decodeUnix(b []byte, s *socket.Socket) bool {
	const (
		size                           = 16
		name, vfs, peer, queues uint16 = 0, 1, 2, 4
		meminfo, shutdown, uid  uint16 = 5, 6, 7
	)
	if len(b) < size || b[0] != afUnix {
		return false
	}
	*s = socket.Socket{
		Proto:  socket.Unix,
		Family: socket.FamilyUnix,
		Type:   socket.Type(b[1]),
		State:  connectionState(socket.Type(b[1]), b[2]),
		Inode:  uint64(native.Uint32(b[4:])),
		Cookie: cookie(b[8:]),
	}
	d.details.begin(s)
	for a, rest, ok := nextAttribute(b[size:]); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case name:
			s.Local.Name = unixName(a.value)
		case peer:
			s.Remote.Node = a.u32()
		case queues:
			if len(a.value) >= 8 {
				s.RecvQ, s.SendQ = a.u32(), native.Uint32(a.value[4:])
			}
		case uid:
			a.readUID(s)
		case vfs:
			d.details.vfs(a.value)
		case meminfo:
			d.details.meminfo(a.value)
		case shutdown:
			if d.details.wanted.Has(socket.DetailExtended) {
				d.details.shutdown(a.value)
			}
		}
	}
	return true
}

// unixName takes the address as the kernel keeps it: the abstract one with its
// leading NUL and every byte after it, the path with a closing NUL that is not
// part of it (unix_mkname_bsd in net/unix/af_unix.c).
func unixName(b []byte) string {
	if len(b) > 0 && b[0] != 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return string(b)
}

// connectionState names a state of the families that borrow TCP's numbers:
// without a connection, a datagram socket is open to anyone and a stream
// socket to nobody.
func connectionState(t socket.Type, kernel uint8) socket.State {
	s := kernelState(kernel)
	if s == socket.Close && t != socket.Stream && t != socket.Seqpacket {
		return socket.Unconn
	}
	return s
}

// decodeNetlink fills s from a struct netlink_diag_msg and its attributes.
// Port id 0 is the kernel's own end.
func (d *decoder) decodeNetlink(b []byte, s *socket.Socket) bool {
	const (
		size                          = 28
		meminfo, groups, flags uint16 = 0, 1, 4
	)
	if len(b) < size || b[0] != afNetlink {
		return false
	}
	*s = socket.Socket{
		Proto:  socket.Netlink,
		Family: socket.FamilyNetlink,
		Type:   socket.Type(b[1]),
		State:  socket.Unconn,
		Local:  socket.Endpoint{Port: native.Uint32(b[4:]), Node: uint32(b[2])},
		Inode:  uint64(native.Uint32(b[16:])),
		Cookie: cookie(b[20:]),
	}
	const connected = 1 // NETLINK_CONNECTED in net/netlink/af_netlink.h
	if b[3] == connected {
		s.State = socket.Established
	}
	s.Remote = socket.Endpoint{Port: native.Uint32(b[8:]), Node: native.Uint32(b[12:])}
	d.details.begin(s)
	for a, rest, ok := nextAttribute(b[size:]); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case meminfo:
			a.readQueues(s)
			d.details.meminfo(a.value)
		case groups:
			if d.details.wanted.Has(socket.DetailExtended) {
				d.details.netlinkDetails().Groups = groupList(a.value)
			}
		case flags:
			if d.details.wanted.Has(socket.DetailExtended) && len(a.value) >= 4 {
				n := d.details.netlinkDetails()
				n.Flags, n.HasFlags = socket.NetlinkFlags(a.u32()), true
			}
		}
	}
	return true
}

// decodePacket fills s from a struct packet_diag_msg and its attributes.
func (d *decoder) decodePacket(b []byte, s *socket.Socket) bool {
	const (
		size                      = 16
		info, uid, meminfo uint16 = 0, 5, 6
	)
	if len(b) < size || b[0] != afPacket {
		return false
	}
	*s = socket.Socket{
		Proto:  socket.Packet,
		Family: socket.FamilyPacket,
		Type:   socket.Type(b[1]),
		State:  socket.Unconn,
		Local:  socket.Endpoint{Port: uint32(native.Uint16(b[2:]))},
		Inode:  uint64(native.Uint32(b[4:])),
		Cookie: cookie(b[8:]),
	}
	d.details.begin(s)
	for a, rest, ok := nextAttribute(b[size:]); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case info:
			d.bindToDevice(s, a.u32())
		case uid:
			a.readUID(s)
		case meminfo:
			a.readQueues(s)
			d.details.meminfo(a.value)
		}
		d.details.packetAttribute(a)
	}
	return true
}

// bindToDevice records the interface of a family whose address is one.
func (d *decoder) bindToDevice(s *socket.Socket, index uint32) {
	if index == 0 {
		return
	}
	s.Device = d.device(index)
	s.Local.Node, s.Local.Name = index, s.Device
}

// decodeXDP fills s from a struct xdp_diag_msg and its attributes.
func (d *decoder) decodeXDP(b []byte, s *socket.Socket) bool {
	const (
		size                      = 16
		info, uid, meminfo uint16 = 1, 2, 8
	)
	if len(b) < size || b[0] != afXDP {
		return false
	}
	*s = socket.Socket{
		Proto:  socket.XDP,
		Family: socket.FamilyXDP,
		Type:   socket.Type(b[1]),
		State:  socket.Unconn,
		Inode:  uint64(native.Uint32(b[4:])),
		Cookie: cookie(b[8:]),
	}
	d.details.begin(s)
	for a, rest, ok := nextAttribute(b[size:]); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case info:
			if len(a.value) >= 8 {
				d.bindToDevice(s, a.u32())
				s.Local.Port = native.Uint32(a.value[4:])
			}
		case uid:
			a.readUID(s)
		case meminfo:
			a.readQueues(s)
			d.details.meminfo(a.value)
		}
		d.details.xdpAttribute(a)
	}
	return true
}

// decodeVsock fills s from a struct vsock_diag_msg.
func (d *decoder) decodeVsock(b []byte, s *socket.Socket) bool {
	const (
		size    = 32
		anyPort = 0xffffffff // VMADDR_PORT_ANY and VMADDR_CID_ANY
	)
	if len(b) < size || b[0] != afVsock {
		return false
	}
	*s = socket.Socket{
		Proto:  socket.Vsock,
		Family: socket.FamilyVsock,
		Type:   socket.Type(b[1]),
		State:  connectionState(socket.Type(b[1]), b[2]),
		Local:  socket.Endpoint{Node: native.Uint32(b[4:]), Port: native.Uint32(b[8:])},
		Remote: socket.Endpoint{Node: native.Uint32(b[12:]), Port: native.Uint32(b[16:])},
		Inode:  uint64(native.Uint32(b[20:])),
		Cookie: cookie(b[24:]),
	}
	if s.Remote.Port == anyPort && s.Remote.Node == anyPort {
		s.Remote = socket.Endpoint{}
	}
	return true
}

// decodeTIPC fills s from the nested attributes of a TIPC answer
// (include/uapi/linux/tipc_netlink.h). There is no fixed part.
func (d *decoder) decodeTIPC(b []byte, s *socket.Socket) bool {
	const (
		sock                                                      uint16 = 2
		node, ref, con, stat, kind, inode, uid, state, cookieAttr uint16 = 1, 2, 3, 5, 6, 7, 8, 9, 10
		statReceive, statSend                                     uint16 = 0, 1
		conNode, conSock                                          uint16 = 2, 3
	)
	*s = socket.Socket{Proto: socket.TIPC, Family: socket.FamilyTIPC}
	outer, _, ok := nextAttribute(b)
	if !ok || outer.kind != sock {
		return false
	}
	var number uint8
	for a, rest, ok := nextAttribute(outer.value); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case node:
			s.Local.Node = a.u32()
		case ref:
			s.Local.Port = a.u32()
		case kind:
			s.Type = socket.Type(a.u32())
		case inode:
			s.Inode = uint64(a.u32())
		case uid:
			a.readUID(s)
		case state:
			number = uint8(a.u32())
		case cookieAttr:
			if len(a.value) >= 8 {
				s.Cookie = native.Uint64(a.value)
			}
		case stat:
			s.RecvQ, s.SendQ = pair(a.value, statReceive, statSend)
		case con:
			s.Remote.Node, s.Remote.Port = pair(a.value, conNode, conSock)
		}
	}
	s.State = connectionState(s.Type, number)
	return true
}

// readUID takes an attribute that tells the owner.
func (a attribute) readUID(s *socket.Socket) { s.UID, s.HasUID = a.u32(), len(a.value) >= 4 }

// readQueues takes an SK_MEMINFO_VARS array, the bytes in the queues of the
// families that have no other measure.
func (a attribute) readQueues(s *socket.Socket) {
	s.RecvQ, s.SendQ = a.meminfo(memRmemAlloc), a.meminfo(memWmemAlloc)
}

// pair reads two numbers from a nest of attributes.
func pair(nest []byte, first, second uint16) (x, y uint32) {
	for a, rest, ok := nextAttribute(nest); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case first:
			x = a.u32()
		case second:
			y = a.u32()
		}
	}
	return x, y
}
