package text

import (
	"encoding/binary"

	"github.com/clipperhouse/displaywidth"
)

// Ellipsis marks where text was cut.
const Ellipsis = "…"

// Width returns the number of terminal columns that b takes. It must be
// escaped text: no controls. ASCII is counted eight bytes at a time; anything
// else goes by grapheme cluster.
func Width(b []byte) int {
	if isASCII(b) {
		return len(b)
	}
	return displaywidth.Bytes(b)
}

// Truncate appends escaped text s, cut to at most width columns. When
// something is cut the last column is an ellipsis; a character two columns
// wide is never split.
func Truncate(dst, s []byte, width int) []byte {
	if width <= 0 {
		return dst
	}
	if isASCII(s) {
		if len(s) <= width {
			return append(dst, s...)
		}
		return append(append(dst, s[:width-1]...), Ellipsis...)
	}
	return append(dst, displaywidth.TruncateBytes(s, width, []byte(Ellipsis))...)
}

func isASCII(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
