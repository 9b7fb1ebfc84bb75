package text

import (
	"unicode"
	"unicode/utf8"
)

// invisible are the code points that Unicode counts as letters, marks or
// symbols and that nevertheless show nothing, or change the look of their
// neighbour. Everything else that hides (controls, format characters,
// separators, surrogates, noncharacters, private use, unassigned) is already
// refused by unicode.IsPrint.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // combining grapheme joiner
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian variation selectors
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // blank Braille pattern
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // halfwidth Hangul filler
	},
	R32: []unicode.Range32{
		{Lo: 0x16fe4, Hi: 0x16fe4, Stride: 1}, // Khitan filler
		{Lo: 0x1d159, Hi: 0x1d159, Stride: 1}, // null notehead
		{Lo: 0xe0000, Hi: 0xe0fff, Stride: 1}, // tags and more variation selectors
	},
}

// Visible reports whether r may be shown as it is: it takes part in no
// control sequence, has a shape of its own, and leaves its neighbours where
// they are. A code point that this build's Unicode tables do not know is not
// visible, since nobody can say what it does.
func Visible(r rune) bool {
	if r < 0x7f {
		return r >= 0x20
	}
	return unicode.IsPrint(r) && !unicode.Is(invisible, r)
}

// AppendEscaped appends s with everything that is not Visible, and the
// backslash, replaced by an escape:
//
//	\n \t \r \\     those four
//	\x1b            another ASCII control, or one byte of invalid UTF-8
//	\u202e          a code point of up to four hexadecimal digits
//	\U000e0001      a longer one
//
// A combining mark that has nothing of its own string to combine with is
// escaped too, so that it cannot alter what was printed before. The result is
// valid UTF-8, holds no line break, and gives back s exactly when unescaped.
func AppendEscaped(dst []byte, s string) []byte {
	i := 0
	for i < len(s) && isPlain(s[i]) {
		i++
	}
	dst = append(dst, s[:i]...)
	if i == len(s) {
		return dst
	}
	return appendEscaped(dst, s[i:], i > 0, false)
}

// isPlain reports whether c is ASCII that needs no escape.
func isPlain(c byte) bool { return c >= 0x20 && c < 0x7f && c != '\\' }

// appendEscaped is the slow path. Base tells whether the last thing appended
// is a character that a combining mark may follow; quote escapes the double
// quote as well.
func appendEscaped(dst []byte, s string, base, quote bool) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if isPlain(c) && (c != '"' || !quote) {
				dst, base = append(dst, c), true
			} else {
				dst, base = appendASCIIEscape(dst, c), false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst, base = appendHex(append(dst, '\\', 'x'), uint32(c), 2), false
		case Visible(r) && (base || !unicode.Is(unicode.M, r)):
			dst, base = append(dst, s[i:i+n]...), true
		case r > 0xffff:
			dst, base = appendHex(append(dst, '\\', 'U'), uint32(r), 8), false
		default:
			dst, base = appendHex(append(dst, '\\', 'u'), uint32(r), 4), false
		}
		i += n
	}
	return dst
}

func appendASCIIEscape(dst []byte, c byte) []byte {
	switch c {
	case '\n':
		return append(dst, '\\', 'n')
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	case '\\', '"':
		return append(dst, '\\', c)
	}
	return appendHex(append(dst, '\\', 'x'), uint32(c), 2)
}

// appendHex appends v as exactly digits lower-case hexadecimal digits.
func appendHex(dst []byte, v uint32, digits int) []byte {
	const hex = "0123456789abcdef"
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hex[v>>shift&0xf])
	}
	return dst
}
