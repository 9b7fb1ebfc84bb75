package sockdiag

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// be is a number in network order; plain numbers are packed in the host's.
type be uint16

// pack writes a message field by field, as a C structure without padding.
func pack(fields ...any) []byte {
	var b []byte
	for _, field := range fields {
		switch v := field.(type) {
		case uint8:
			b = append(b, v)
		case uint16:
			b = native.AppendUint16(b, v)
		case uint32:
			b = native.AppendUint32(b, v)
		case int32:
			b = native.AppendUint32(b, uint32(v))
		case uint64:
			b = native.AppendUint64(b, v)
		case be:
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		default:
			panic(fmt.Sprintf("pack: %T", field))
		}
	}
	return b
}

// bitFields is a byte of bit-fields as a C compiler for little-endian machines
// makes it, or as one for big-endian machines does. Which of them this is must
// not be asked of the code under test.
func bitFields(little, big uint8) uint8 {
	if native.Uint16([]byte{0, 1}) == 1 {
		return big
	}
	return little
}

// attr is a struct nlattr with its value, padded to the next one.
func attr(kind uint16, fields ...any) []byte {
	value := pack(fields...)
	b := pack(uint16(attrLen+len(value)), kind, value)
	return append(b, make([]byte, align4(len(b))-len(b))...)
}

// halves is a cookie as two words, low one first.
func halves(cookie uint64) []byte { return pack(uint32(cookie), uint32(cookie>>32)) }

// inetMsg is struct inet_diag_msg; addresses are text, "" is unspecified.
type inetMsg struct {
	src, dst               string
	attrs                  []byte
	cookie                 uint64
	index                  uint32
	rqueue, wqueue         uint32
	uid, inode             uint32
	sport, dport           be
	family, state          uint8
	timer, retransmissions uint8
}

func (m inetMsg) bytes() []byte {
	return pack(m.family, m.state, m.timer, m.retransmissions, m.sport, m.dport, wireAddr(m.src), wireAddr(m.dst),
		m.index, halves(m.cookie), uint32(0x99999999), m.rqueue, m.wqueue, m.uid, m.inode, m.attrs)
}

func wireAddr(text string) []byte {
	var b [16]byte
	if text != "" {
		copy(b[:], netip.MustParseAddr(text).AsSlice())
	}
	return b[:]
}

// unixMsg is struct unix_diag_msg.
type unixMsg struct {
	attrs      []byte
	cookie     uint64
	inode      uint32
	typ, state uint8
}

func (m unixMsg) bytes() []byte {
	return pack(uint8(afUnix), m.typ, m.state, uint8(0), m.inode, halves(m.cookie), m.attrs)
}

// netlinkMsg is struct netlink_diag_msg.
type netlinkMsg struct {
	attrs                []byte
	cookie               uint64
	port, toPort, group  uint32
	inode                uint32
	typ, protocol, state uint8
}

func (m netlinkMsg) bytes() []byte {
	return pack(uint8(afNetlink), m.typ, m.protocol, m.state, m.port, m.toPort, m.group, m.inode, halves(m.cookie), m.attrs)
}

// plainMsg is the shape that struct packet_diag_msg and struct xdp_diag_msg
// share; number is the ethertype of the one and padding of the other.
type plainMsg struct {
	attrs       []byte
	cookie      uint64
	inode       uint32
	number      uint16
	family, typ uint8
}

func (m plainMsg) bytes() []byte {
	return pack(m.family, m.typ, m.number, m.inode, halves(m.cookie), m.attrs)
}

// vsockMsg is struct vsock_diag_msg.
type vsockMsg struct {
	cookie           uint64
	cid, port        uint32
	peerCID, toPort  uint32
	inode            uint32
	typ, state, shut uint8
}

func (m vsockMsg) bytes() []byte {
	return pack(uint8(afVsock), m.typ, m.state, m.shut, m.cid, m.port, m.peerCID, m.toPort, m.inode, halves(m.cookie))
}

// nlmsg is a struct nlmsghdr with its payload, padded to the next one.
func nlmsg(kind, flags uint16, seq uint32, payload []byte) []byte {
	b := pack(uint32(headerLen+len(payload)), kind, flags, seq, uint32(0), payload)
	return append(b, make([]byte, align4(len(b))-len(b))...)
}

// flagMulti is NLM_F_MULTI, on every message of a dump.
const flagMulti = 0x2

// row is a message of a dump.
func row(seq uint32, payload []byte) []byte { return nlmsg(typeByFamily, flagMulti, seq, payload) }

// done is the end of a dump with the error that the kernel met.
func done(seq uint32, errno int32) []byte {
	return nlmsg(nlmsgDone, flagMulti, seq, pack(-errno))
}

// testDecoder names interfaces without a kernel.
func testDecoder() *decoder { return &decoder{ifName: testIfName} }

func testIfName(index uint32) string { return fmt.Sprintf("eth%d", index) }

// inetEnd is an internet endpoint; the address may have a zone.
func inetEnd(addr string, port uint32) socket.Endpoint {
	return socket.Endpoint{Addr: netip.MustParseAddr(addr), Port: port}
}
