package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// text reads a string of one line: in double quotes, where a backslash escapes, or
// in single ones, where nothing does.
func (p *parser) text(name string) (string, error) {
	if strings.HasPrefix(p.rest, `"""`) || strings.HasPrefix(p.rest, "'''") {
		return "", p.mistake("%s: a string is written in one line", name)
	}
	if p.rest == "" || p.rest[0] != '"' && p.rest[0] != '\'' {
		return "", p.mistake("%s: a value is a string in quotes, or a list of strings", name)
	}
	quote := p.rest[0]
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == quote:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\' && quote == '"':
			r, size, ok := escape(p.rest[i+1:])
			if !ok {
				return "", p.mistake("%s: a backslash has no such meaning; in single quotes it has none", name)
			}
			b.WriteRune(r)
			i += size
		case isControl(c):
			return "", p.mistake("%s: the string does not end in its line", name)
		default:
			b.WriteByte(c)
		}
	}
	return "", p.mistake("%s: the string does not end in its line", name)
}

// escape reads what stands behind a backslash.
func escape(s string) (r rune, size int, ok bool) {
	if s == "" {
		return 0, 0, false
	}
	const letters, meanings = `btnfr"\`, "\b\t\n\f\r\"\\"
	if i := strings.IndexByte(letters, s[0]); i >= 0 {
		return rune(meanings[i]), 1, true
	}
	digits := 0
	switch s[0] {
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 0, 0, false
	}
	if len(s) < 1+digits {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0, 0, false
	}
	return rune(n), 1 + digits, true
}
