package text

import "bytes"

// AppendWrapped appends an escaped text in lines of at most width columns, broken
// between words; those that follow the first begin with indent blanks. A word
// that is wider stands alone. Without a width, 0, it is one line. There is no line
// break at the end.
func AppendWrapped(dst, s []byte, width, indent int) []byte {
	if width <= 0 {
		return append(dst, s...)
	}
	blanks := len(s) - len(bytes.TrimLeft(s, " "))
	dst, s = append(dst, s[:blanks]...), s[blanks:]
	at, begun := blanks, false
	for word := range bytes.SplitSeq(s, []byte{' '}) {
		n := Width(word)
		switch {
		case !begun:
		case at+1+n > width:
			dst = append(append(dst, '\n'), bytes.Repeat([]byte{' '}, indent)...)
			at = indent
		default:
			dst = append(dst, ' ')
			at++
		}
		dst, at, begun = append(dst, word...), at+n, true
	}
	return dst
}
