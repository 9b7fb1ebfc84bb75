package sockdiag

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Netlink message types and flags (include/uapi/linux/netlink.h,
// include/uapi/linux/sock_diag.h, include/uapi/linux/inet_diag.h).
const (
	nlmsgNoop  = 1
	nlmsgError = 2
	nlmsgDone  = 3

	// typeTCPDiag is TCPDIAG_GETSOCK, the request of the days before families
	// had handlers of their own. Asked with family 0 it walks the TCP tables
	// once and returns IPv4 and IPv6 alike.
	typeTCPDiag  = 18
	typeByFamily = 20 // SOCK_DIAG_BY_FAMILY

	flagRequest  = 0x1
	flagAck      = 0x4
	flagDumpIntr = 0x10
	flagAckTLVs  = 0x200
	flagDump     = 0x300

	headerLen = 16 // struct nlmsghdr
	attrLen   = 4  // struct nlattr
	attrMask  = 0x3fff

	attrErrorMessage = 1 // NLMSGERR_ATTR_MSG
)

// Address families (include/linux/socket.h) and IP protocols
// (include/uapi/linux/in.h) that appear on the wire.
const (
	afUnix    = 1
	afInet    = 2
	afInet6   = 10
	afNetlink = 16
	afPacket  = 17
	afTIPC    = 30
	afVsock   = 40
	afXDP     = 44

	protoTCP     = 6
	protoUDP     = 17
	protoSCTP    = 132
	protoUDPLite = 136
	protoMPTCP   = 262
)

var native = binary.NativeEndian

var errShort = errors.New("message is shorter than its header says")

// message is one netlink message; its payload is part of the receive buffer.
type message struct {
	payload []byte
	seq     uint32
	kind    uint16
	flags   uint16
}

// nextMessage cuts the first message from a datagram. It never reads past buf
// and never returns less than one header's progress.
func nextMessage(buf []byte) (m message, rest []byte, err error) {
	if len(buf) < headerLen {
		return m, nil, errShort
	}
	n := native.Uint32(buf)
	if n < headerLen || uint64(n) > uint64(len(buf)) {
		return m, nil, errShort
	}
	m = message{
		kind:    native.Uint16(buf[4:]),
		flags:   native.Uint16(buf[6:]),
		seq:     native.Uint32(buf[8:]),
		payload: buf[headerLen:n],
	}
	return m, buf[min(align4(int(n)), len(buf)):], nil
}

// attribute is one struct nlattr; its value is part of the message.
type attribute struct {
	value []byte
	kind  uint16
}

// nextAttribute cuts the first attribute. ok is false at the end and at the
// first attribute that does not fit, which ends the parse as in the kernel's
// nla_ok.
func nextAttribute(buf []byte) (a attribute, rest []byte, ok bool) {
	if len(buf) < attrLen {
		return a, nil, false
	}
	n := int(native.Uint16(buf))
	if n < attrLen || n > len(buf) {
		return a, nil, false
	}
	a = attribute{kind: native.Uint16(buf[2:]) & attrMask, value: buf[attrLen:n]}
	return a, buf[min(align4(n), len(buf)):], true
}

func align4(n int) int { return (n + 3) &^ 3 }

// u32 reads a number from an attribute, 0 where it is too short.
func (a attribute) u32() uint32 {
	if len(a.value) < 4 {
		return 0
	}
	return native.Uint32(a.value)
}

// u8, u16 and u64 are as u32.
func (a attribute) u8() uint8 {
	if len(a.value) < 1 {
		return 0
	}
	return a.value[0]
}

func (a attribute) u16() uint16 {
	if len(a.value) < 2 {
		return 0
	}
	return native.Uint16(a.value)
}

func (a attribute) u64() uint64 {
	if len(a.value) < 8 {
		return 0
	}
	return native.Uint64(a.value)
}

// meminfo reads one entry of the SK_MEMINFO_VARS array (sock_diag.h).
func (a attribute) meminfo(i int) uint32 {
	if len(a.value) < 4*(i+1) {
		return 0
	}
	return native.Uint32(a.value[4*i:])
}

// The entries of the SK_MEMINFO_VARS array that stand for queues.
const (
	memRmemAlloc = 0
	memWmemAlloc = 2
)

// appendAttribute adds an attribute of one 32-bit number.
func appendAttribute(b []byte, kind uint16, value uint32) []byte {
	b = native.AppendUint16(b, attrLen+4)
	b = native.AppendUint16(b, kind)
	return native.AppendUint32(b, value)
}

// errnoError is the kernel's refusal of a request, with the text of its
// extended acknowledgement where it gave one.
func errnoError(m message) (errno int32, text string, err error) {
	if len(m.payload) < 4 {
		if m.kind == nlmsgDone {
			return 0, "", nil // a bare DONE, as old kernels send it
		}
		return 0, "", fmt.Errorf("error message of %d bytes: %w", len(m.payload), errShort)
	}
	errno = -int32(native.Uint32(m.payload))
	if m.flags&flagAckTLVs == 0 {
		return errno, "", nil
	}
	attrs := m.payload[4:]
	if m.kind == nlmsgError { // the request is echoed before the attributes
		if len(attrs) < headerLen {
			return errno, "", nil
		}
		n := native.Uint32(attrs)
		attrs = attrs[min(uint64(align4(int(n&0x7fffffff))), uint64(len(attrs))):]
	}
	for a, rest, ok := nextAttribute(attrs); ok; a, rest, ok = nextAttribute(rest) {
		if a.kind == attrErrorMessage {
			for len(a.value) > 0 && a.value[len(a.value)-1] == 0 {
				a.value = a.value[:len(a.value)-1]
			}
			text = string(a.value)
		}
	}
	return errno, text, nil
}
