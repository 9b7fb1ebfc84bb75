package rtnetlink

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
)

// orders are the byte orders that decoders are tested with. A kernel has one,
// and cross-compiled tests do not run.
func orders() map[string]wire {
	return map[string]wire{
		"little-endian": {order: binary.LittleEndian},
		"big-endian":    {order: binary.BigEndian},
	}
}

// eachOrder runs a test in both.
func eachOrder(t *testing.T, test func(t *testing.T, w wire)) {
	t.Helper()
	for name, w := range orders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, w)
		})
	}
}

// attribute makes one; nested ones are its value.
func (w wire) attribute(kind uint16, value ...[]byte) []byte {
	joined := bytes.Join(value, nil)
	b := w.order.AppendUint16(nil, uint16(attrLen+len(joined)))
	b = w.order.AppendUint16(b, kind)
	b = append(b, joined...)
	return append(b, make([]byte, align4(len(b))-len(b))...)
}

func (w wire) uint16(n uint16) []byte { return w.order.AppendUint16(nil, n) }
func (w wire) uint32(n uint32) []byte { return w.order.AppendUint32(nil, n) }

func bigEndian(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
func terminated(s string) []byte {
	return append([]byte(s), 0)
}

// newLink makes the payload of an RTM_NEWLINK.
func (w wire) newLink(index int, flags uint32, attributes ...[]byte) []byte {
	b := make([]byte, 4, ifinfomsgLen)
	b = w.order.AppendUint32(b, uint32(index))
	b = w.order.AppendUint32(b, flags)
	b = w.order.AppendUint32(b, 0)
	return append(b, bytes.Join(attributes, nil)...)
}

// named and ofKind are attributes of links.
func (w wire) named(name string) []byte { return w.attribute(iflaIfname, terminated(name)) }

func (w wire) ofKind(kind string, data ...[]byte) []byte {
	return w.attribute(iflaLinkinfo, w.attribute(iflaInfoKind, terminated(kind)), w.attribute(iflaInfoData, data...))
}

// newAddress makes the payload of an RTM_NEWADDR.
func (w wire) newAddress(index int, prefix string, attributes ...[]byte) []byte {
	p := netip.MustParsePrefix(prefix)
	family := uint8(afInet)
	if p.Addr().Is6() {
		family = afInet6
	}
	b := w.order.AppendUint32([]byte{family, uint8(p.Bits()), 0, 0}, uint32(index))
	if len(attributes) == 0 {
		b = append(b, w.attribute(ifaAddress, p.Addr().AsSlice())...)
	}
	return append(b, bytes.Join(attributes, nil)...)
}

// newRoute makes the payload of an RTM_NEWROUTE.
func (w wire) newRoute(prefix string, kind uint8, table uint32) []byte {
	p := netip.MustParsePrefix(prefix)
	b := []byte{afInet, uint8(p.Bits()), 0, 0, 252, 0, 0, kind}
	b = w.order.AppendUint32(b, 0)
	if p.Bits() > 0 {
		b = append(b, w.attribute(rtaDst, p.Addr().AsSlice())...)
	}
	return w.number(b, rtaTable, table)
}

// generic makes the payload of a message of generic netlink.
func generic(attributes ...[]byte) []byte {
	return append([]byte{1, 1, 0, 0}, bytes.Join(attributes, nil)...)
}

// envelope adds a header.
func (w wire) envelope(kind, flags uint16, seq uint32, payload []byte) []byte {
	b := w.order.AppendUint32(nil, uint32(headerLen+len(payload)))
	b = w.order.AppendUint16(b, kind)
	b = w.order.AppendUint16(b, flags)
	b = w.order.AppendUint32(b, seq)
	b = w.order.AppendUint32(b, 0)
	b = append(b, payload...)
	return append(b, make([]byte, align4(len(b))-len(b))...)
}
