package saved

import (
	"encoding/base64"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// bytes reads text. The result is good until the next call.
func (s *scanner) bytes() []byte {
	if c := s.begin(); s.err == nil && c != '"' {
		s.unexpected("text", c)
	}
	if s.err != nil {
		return nil
	}
	ascii := true
	// Up to here the text is in the buffer as it is; fill may move it.
	start, at := s.pos+1, s.pos+1
	for {
		for ; at < s.end; at++ {
			c := s.buf[at]
			switch {
			case c == '"':
				s.pos = at + 1
				return s.valid(s.buf[start:at], ascii)
			case c == '\\':
				s.scratch = append(s.scratch[:0], s.buf[start:at]...)
				s.pos = at
				return s.escaped(ascii)
			case c < ' ':
				s.failf("a control character in text")
				return nil
			case c >= utf8.RuneSelf:
				ascii = false
			}
		}
		if !s.room(at - start) {
			return nil
		}
		keep := start
		s.pos = at
		if !s.fill(keep) {
			s.noMore()
			return nil
		}
		start, at = 0, at-keep
	}
}

// escaped is the rest of bytes from the first backslash on, after what is in
// scratch.
func (s *scanner) escaped(ascii bool) []byte {
	for {
		if s.pos == s.end && !s.fill(s.pos) {
			s.noMore()
			return nil
		}
		if !s.room(len(s.scratch)) {
			return nil
		}
		c := s.buf[s.pos]
		switch {
		case c == '"':
			s.pos++
			return s.valid(s.scratch, ascii)
		case c == '\\':
			s.escape()
			if s.err != nil {
				return nil
			}
			continue
		case c < ' ':
			s.failf("a control character in text")
			return nil
		case c >= utf8.RuneSelf:
			ascii = false
		}
		s.scratch = append(s.scratch, c)
		s.pos++
	}
}

// escape reads one escape sequence.
func (s *scanner) escape() {
	if !s.have(2) {
		return
	}
	c := s.buf[s.pos+1]
	s.pos += 2
	switch c {
	case '"', '\\', '/':
		s.scratch = append(s.scratch, c)
	case 'b':
		s.scratch = append(s.scratch, '\b')
	case 'f':
		s.scratch = append(s.scratch, '\f')
	case 'n':
		s.scratch = append(s.scratch, '\n')
	case 'r':
		s.scratch = append(s.scratch, '\r')
	case 't':
		s.scratch = append(s.scratch, '\t')
	case 'u':
		s.unit()
	default:
		s.failf("text has the unknown escape \\%s", shown(string(rune(c))))
	}
}

// unit reads what follows \u, two of them where they make one character.
func (s *scanner) unit() {
	r, ok := s.hex()
	if ok && utf16.IsSurrogate(r) {
		if !s.have(2) {
			return
		}
		pair := s.buf[s.pos] == '\\' && s.buf[s.pos+1] == 'u'
		if pair {
			s.pos += 2
			var low rune
			low, ok = s.hex()
			r = utf16.DecodeRune(r, low)
		}
		if ok && (!pair || r == utf8.RuneError) {
			s.fail(errSurrogate)
		}
	}
	s.scratch = utf8.AppendRune(s.scratch, r)
}

func (s *scanner) hex() (rune, bool) {
	if !s.have(4) {
		return 0, false
	}
	var r rune
	for _, c := range s.buf[s.pos : s.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			s.failf("\\u without four hexadecimal digits")
			return 0, false
		}
	}
	s.pos += 4
	return r, true
}

// have makes sure that n bytes of text can be looked at.
func (s *scanner) have(n int) bool {
	for s.end-s.pos < n {
		if !s.fill(s.pos) {
			s.noMore()
			return false
		}
	}
	return true
}

// room reports whether text of that size may go on.
func (s *scanner) room(n int) bool {
	if n > maxText {
		s.failf("a text of more than %d MiB", maxText>>20)
		return false
	}
	return true
}

var (
	errUTF8      = errors.New("text that is not UTF-8")
	errSurrogate = errors.New("half of a surrogate pair in text")
)

func (s *scanner) valid(b []byte, ascii bool) []byte {
	if !ascii && !utf8.Valid(b) {
		s.fail(errUTF8)
		return nil
	}
	return b
}

// text is a text of the contract: the bytes themselves, or bytes that JSON
// cannot carry, which then stand in the key's twin. The twin is exact, in
// whatever order the two come.
type text struct {
	value string
	exact bool
}

// text reads the value of a key; null is no text.
func (s *scanner) text(t *text) {
	if s.null() {
		return
	}
	if value := s.word(s.bytes()); !t.exact {
		t.value = value
	}
}

// twin reads the value of a key's _base64 twin.
func (s *scanner) twin(t *text) {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, s.bytes())
	if err != nil {
		s.failf("not base64: %w", err)
		return
	}
	*t = text{value: string(b), exact: true}
}

// interned are the texts that came before: names repeat in a table.
type interned struct{ known map[string]string }

func (i *interned) word(b []byte) string {
	const (
		longest = 64
		most    = 4096
	)
	if len(b) == 0 {
		return ""
	}
	if len(b) > longest {
		return string(b)
	}
	if known, ok := i.known[string(b)]; ok {
		return known
	}
	word := string(b)
	if i.known == nil {
		i.known = map[string]string{}
	}
	if len(i.known) < most {
		i.known[word] = word
	}
	return word
}
