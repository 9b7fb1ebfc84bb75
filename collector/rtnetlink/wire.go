package rtnetlink

import (
	"encoding/binary"
	"errors"
)

// Netlink message types and flags (include/uapi/linux/netlink.h).
const (
	nlmsgNoop  = 1
	nlmsgError = 2
	nlmsgDone  = 3

	flagRequest  = 0x1
	flagAck      = 0x4
	flagDumpIntr = 0x10
	flagDump     = 0x300

	headerLen = 16 // struct nlmsghdr
	attrLen   = 4  // struct nlattr
	attrMask  = 0x3fff
)

// Address families (include/linux/socket.h).
const (
	afInet  = 2
	afInet6 = 10
)

var errShort = errors.New("message is shorter than its header says")

// byteOrder is that of the machine: netlink numbers are native ones, but for
// ports and addresses.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// wire reads and writes netlink messages of one byte order.
type wire struct{ order byteOrder }

// message is one netlink message; its payload is part of the receive buffer.
type message struct {
	payload []byte
	seq     uint32
	kind    uint16
	flags   uint16
}

// message cuts the first message from a datagram. It never reads past buf and
// never returns less than one header's progress.
func (w wire) message(buf []byte) (m message, rest []byte, err error) {
	if len(buf) < headerLen {
		return m, nil, errShort
	}
	n := w.order.Uint32(buf)
	if n < headerLen || uint64(n) > uint64(len(buf)) {
		return m, nil, errShort
	}
	m = message{
		kind:    w.order.Uint16(buf[4:]),
		flags:   w.order.Uint16(buf[6:]),
		seq:     w.order.Uint32(buf[8:]),
		payload: buf[headerLen:n],
	}
	return m, buf[min(align4(int(n)), len(buf)):], nil
}

// errno is the number that an error message or the end of a dump carries, 0 for
// none.
func (w wire) errno(m message) int32 {
	if len(m.payload) < 4 {
		return 0
	}
	return -int32(w.order.Uint32(m.payload))
}

// attributes calls take for each attribute, until one does not fit, which ends
// the kernel's own parse, too (nla_ok). The values are part of buf.
func (w wire) attributes(buf []byte, take func(kind uint16, value []byte)) {
	for len(buf) >= attrLen {
		n := int(w.order.Uint16(buf))
		if n < attrLen || n > len(buf) {
			return
		}
		take(w.order.Uint16(buf[2:])&attrMask, buf[attrLen:n])
		buf = buf[min(align4(n), len(buf)):]
	}
}

func align4(n int) int { return (n + 3) &^ 3 }

// u16 and u32 read a number, ok is false where the value is too short for it.
func (w wire) u16(value []byte) (n uint16, ok bool) {
	if len(value) < 2 {
		return 0, false
	}
	return w.order.Uint16(value), true
}

func (w wire) u32(value []byte) (n uint32, ok bool) {
	if len(value) < 4 {
		return 0, false
	}
	return w.order.Uint32(value), true
}

// port reads a number in network byte order, 0 where there is none.
func port(value []byte) uint16 {
	if len(value) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(value)
}

// text is a string up to its terminator.
func text(value []byte) string {
	for i, b := range value {
		if b == 0 {
			return string(value[:i])
		}
	}
	return string(value)
}

// request makes a message to the kernel.
func (w wire) request(kind, flags uint16, seq uint32, body []byte) []byte {
	b := make([]byte, 0, headerLen+len(body))
	b = w.order.AppendUint32(b, uint32(headerLen+len(body)))
	b = w.order.AppendUint16(b, kind)
	b = w.order.AppendUint16(b, flagRequest|flags)
	b = w.order.AppendUint32(b, seq)
	b = w.order.AppendUint32(b, 0) // the kernel's port id
	return append(b, body...)
}

// number appends an attribute of one 32-bit number.
func (w wire) number(b []byte, kind uint16, value uint32) []byte {
	b = w.order.AppendUint16(b, attrLen+4)
	b = w.order.AppendUint16(b, kind)
	return w.order.AppendUint32(b, value)
}
