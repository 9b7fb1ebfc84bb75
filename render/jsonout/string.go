package jsonout

import (
	"encoding/base64"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sockls/sockls/render/text"
)

const hex = "0123456789abcdef"

// appendString appends s, which must be valid UTF-8, as a JSON string.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && text.Visible(r) {
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = appendUnit(appendUnit(dst, high), low)
		default:
			dst = appendUnit(dst, r)
		}
		i += n
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendUnit appends one UTF-16 code unit as \uXXXX.
func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hex[u>>12&0xf], hex[u>>8&0xf], hex[u>>4&0xf], hex[u&0xf])
}

// appendKey appends "key": with a comma in front unless it opens the object.
func appendKey(dst []byte, key string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

// appendText appends a key with its text, and the twin where it needs one.
func appendText(dst []byte, key, s string) []byte {
	dst = appendPlain(dst, key, s)
	if utf8.ValidString(s) {
		return dst
	}
	return appendTwin(dst, key, s)
}

// appendPlain appends a key with its text, escaped where JSON cannot carry it.
func appendPlain(dst []byte, key, s string) []byte {
	dst = appendKey(dst, key)
	if !utf8.ValidString(s) {
		s = string(text.AppendEscaped(nil, s))
	}
	return appendString(dst, s)
}

// appendTextOrNull is appendText for text of which "" means none.
func appendTextOrNull(dst []byte, key, s string) []byte {
	if s == "" {
		return append(appendKey(dst, key), "null"...)
	}
	return appendText(dst, key, s)
}

// appendTwin appends the exact bytes of s under key_base64.
func appendTwin(dst []byte, key, s string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	dst = append(dst, `_base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(s))
	return append(dst, '"')
}
