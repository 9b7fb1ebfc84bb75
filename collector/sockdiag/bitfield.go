package sockdiag

import "math/bits"

// The compiler puts the first of the bit-fields of a byte into its lowest bits
// on little-endian machines and into its highest on others.

// bitfield reads one of several bit-fields.
func bitfield(b byte, first, width uint) byte {
	if bigEndian() {
		first = 8 - first - width
	}
	return b >> first & (1<<width - 1)
}

// flagBits returns a byte of one-bit fields with the first as its lowest bit.
func flagBits(b byte) byte {
	if bigEndian() {
		return bits.Reverse8(b)
	}
	return b
}

func bigEndian() bool { return native.Uint16([]byte{0, 1}) == 1 }
