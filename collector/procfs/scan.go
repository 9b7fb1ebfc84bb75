package procfs

import (
	"bytes"
	"math"
)

// words walks the blank-separated words of one line without allocating.
type words struct{ rest []byte }

// next returns the next word, empty after the last one.
func (w *words) next() []byte {
	b := w.rest
	start := 0
	for start < len(b) && isBlank(b[start]) {
		start++
	}
	end := start
	for end < len(b) && !isBlank(b[end]) {
		end++
	}
	w.rest = b[end:]
	return b[start:end]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// decimal reads an unsigned decimal number that fills the word.
func decimal(word []byte) (uint64, bool) {
	if len(word) == 0 {
		return 0, false
	}
	var n uint64
	for _, c := range word {
		d := uint64(c - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// decimal32 reads a decimal number that the kernel may have printed as signed
// (%d) or as unsigned (%u), and returns its 32 bits.
func decimal32(word []byte) (uint32, bool) {
	if len(word) > 1 && word[0] == '-' {
		n, ok := decimal(word[1:])
		return uint32(-int64(n)), ok && n <= 1<<31
	}
	n, ok := decimal(word)
	return uint32(n), ok && n <= math.MaxUint32
}

// hexadecimal reads at most eight hexadecimal digits that fill the word.
func hexadecimal(word []byte) (uint32, bool) {
	if len(word) == 0 || len(word) > 8 {
		return 0, false
	}
	var n uint32
	for _, c := range word {
		d, ok := digit(c)
		if !ok {
			return 0, false
		}
		n = n<<4 | d
	}
	return n, true
}

func digit(c byte) (uint32, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint32(c - '0'), true
	case c >= 'A' && c <= 'F':
		return uint32(c-'A') + 10, true
	case c >= 'a' && c <= 'f':
		return uint32(c-'a') + 10, true
	}
	return 0, false
}

// hexPair reads two hexadecimal numbers with a colon between them.
func hexPair(word []byte) (left, right uint32, ok bool) {
	i := bytes.IndexByte(word, ':')
	if i < 0 {
		return 0, 0, false
	}
	left, okLeft := hexadecimal(word[:i])
	right, okRight := hexadecimal(word[i+1:])
	return left, right, okLeft && okRight
}

// isPointer recognises the kernel's %pK: 8 or 16 hexadecimal digits, or a text
// in parentheses while the random numbers to hash it with are not ready.
func isPointer(word []byte) bool {
	switch len(word) {
	case 8, 16:
	default:
		return false
	}
	if bytes.Equal(word, []byte("(ptrval)")) || bytes.Equal(word, []byte("(____ptrval____)")) {
		return true
	}
	for _, c := range word {
		if _, ok := digit(c); !ok {
			return false
		}
	}
	return true
}
