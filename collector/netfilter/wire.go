package netfilter

import (
	"encoding/binary"
	"errors"
)

// Netlink, nfnetlink and their flags (include/uapi/linux/netlink.h,
// include/uapi/linux/netfilter/nfnetlink.h).
const (
	nlmsgError = 2
	nlmsgDone  = 3

	flagRequest  = 0x1
	flagDumpIntr = 0x10
	flagDump     = 0x300

	headerLen = 16 // struct nlmsghdr
	genLen    = 4  // struct nfgenmsg
	attrLen   = 4  // struct nlattr
	attrMask  = 0x3fff

	subsysTables = 10 // NFNL_SUBSYS_NFTABLES
)

var (
	native = binary.NativeEndian
	big    = binary.BigEndian

	errShort = errors.New("message is shorter than its header says")
)

// message is one message of nfnetlink; its attributes are part of the receive
// buffer.
type message struct {
	attrs  []byte
	seq    uint32
	kind   uint16 // without the subsystem
	flags  uint16
	family uint8
	errno  int32 // of NLMSG_ERROR and NLMSG_DONE
	ends   bool
}

// nextMessage cuts the first message from a datagram.
func nextMessage(buf []byte) (m message, rest []byte, err error) {
	if len(buf) < headerLen {
		return m, nil, errShort
	}
	n := native.Uint32(buf)
	if n < headerLen || uint64(n) > uint64(len(buf)) {
		return m, nil, errShort
	}
	kind := native.Uint16(buf[4:])
	m = message{kind: kind & 0xff, flags: native.Uint16(buf[6:]), seq: native.Uint32(buf[8:])}
	payload := buf[headerLen:n]
	switch {
	case kind == nlmsgError || kind == nlmsgDone:
		m.ends = true
		if len(payload) >= 4 {
			m.errno = -int32(native.Uint32(payload))
		}
	case kind>>8 != subsysTables:
		m.kind = 0
	case len(payload) < genLen:
		return m, nil, errShort
	default:
		m.family, m.attrs = payload[0], payload[genLen:]
	}
	return m, buf[min(align4(int(n)), len(buf)):], nil
}

// attrs walks through attributes, up to the first that does not fit, as the
// kernel's nla_ok does.
func attrs(buf []byte) func(yield func(uint16, attr) bool) {
	return func(yield func(uint16, attr) bool) {
		for len(buf) >= attrLen {
			n := int(native.Uint16(buf))
			if n < attrLen || n > len(buf) || !yield(native.Uint16(buf[2:])&attrMask, buf[attrLen:n]) {
				return
			}
			buf = buf[min(align4(n), len(buf)):]
		}
	}
}

// attr is the value of an attribute. The numbers of nftables are big-endian; one
// that is too short is 0.
type attr []byte

func (a attr) u32() uint32 {
	if len(a) < 4 {
		return 0
	}
	return big.Uint32(a)
}

// text ends at the first NUL.
func (a attr) text() string {
	for i, c := range a {
		if c == 0 {
			return string(a[:i])
		}
	}
	return string(a)
}

func align4(n int) int { return (n + 3) &^ 3 }

// textAttr is an attribute of a request.
type textAttr struct {
	kind  uint16
	value string
}

// appendRequest appends a message with a header of nfnetlink.
func appendRequest(b []byte, kind, flags uint16, seq uint32, family uint8, texts ...textAttr) []byte {
	start := len(b)
	b = native.AppendUint32(b, 0)
	b = native.AppendUint16(b, subsysTables<<8|kind)
	b = native.AppendUint16(b, flagRequest|flags)
	b = native.AppendUint32(b, seq)
	b = native.AppendUint32(b, 0)
	b = append(b, family, 0, 0, 0)
	for _, t := range texts {
		b = native.AppendUint16(b, uint16(attrLen+len(t.value)+1))
		b = native.AppendUint16(b, t.kind)
		b = append(b, t.value...)
		b = append(b, make([]byte, align4(len(t.value)+1)-len(t.value))...)
	}
	native.PutUint32(b[start:], uint32(len(b)-start))
	return b
}
