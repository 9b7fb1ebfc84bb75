package procfs

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// addrWords decodes addresses that the kernel printed word by word: each
// __be32 was read as a number of the host and written with %08X.
type addrWords struct {
	// swap is set when the host that printed them is little-endian.
	swap bool
}

// newAddrWords reduces the order to one bit, because a call through the
// interface for each word would move each address to the heap.
func newAddrWords(order binary.ByteOrder) addrWords {
	return addrWords{swap: order.Uint16([]byte{1, 0}) == 1}
}

// addr reads 8 digits as an IPv4 and 32 as an IPv6 address. An IPv4-mapped
// address stays an IPv6 address, as the socket's family is.
func (a addrWords) addr(digits []byte) (netip.Addr, bool) {
	if len(digits) == 8 {
		v, ok := a.word(digits)
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], v)
		return netip.AddrFrom4(b), ok
	}
	if len(digits) != 32 {
		return netip.Addr{}, false
	}
	var b [16]byte
	for i := 0; i < 4; i++ {
		v, ok := a.word(digits[8*i : 8*i+8])
		if !ok {
			return netip.Addr{}, false
		}
		binary.BigEndian.PutUint32(b[4*i:], v)
	}
	return netip.AddrFrom16(b), true
}

func (a addrWords) word(digits []byte) (uint32, bool) {
	v, ok := hexadecimal(digits)
	if a.swap {
		v = bits.ReverseBytes32(v)
	}
	return v, ok
}
