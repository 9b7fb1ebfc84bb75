package saved

import "fmt"

// kindOf names what a value is that begins with c.
func kindOf(c byte) string {
	switch c {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return "a number"
	}
	return fmt.Sprintf("%q", c)
}

// unexpected records that a value is of another kind.
func (s *scanner) unexpected(want string, got byte) {
	s.failf("expected %s, not %s", want, kindOf(got))
}

// literal reads true, false or null, of which the first byte is known.
func (s *scanner) literal(word string) {
	if !s.have(len(word)) {
		return
	}
	if string(s.buf[s.pos:s.pos+len(word)]) != word {
		s.failf("expected %s", word)
		return
	}
	s.pos += len(word)
}

// null reads a null where there is one.
func (s *scanner) null() bool {
	if s.begin() != 'n' || s.err != nil {
		return false
	}
	s.literal("null")
	return true
}

// bool reads true or false.
func (s *scanner) bool() bool {
	switch c := s.begin(); {
	case s.err != nil:
	case c == 't':
		s.literal("true")
		return s.err == nil
	case c == 'f':
		s.literal("false")
	default:
		s.unexpected("true or false", c)
	}
	return false
}

// uint reads a whole number from 0 to most.
func (s *scanner) uint(most uint64) uint64 {
	negative, n := s.whole()
	if s.err == nil && (negative || n > most) {
		s.failf("a number that is not from 0 to %d", most)
	}
	if s.err != nil {
		return 0
	}
	return n
}

// int reads a whole number from least, which is below 0, to most.
func (s *scanner) int(least, most int64) int64 {
	negative, n := s.whole()
	switch {
	case s.err != nil:
	case negative && n <= -uint64(least):
		return -int64(n)
	case !negative && n <= uint64(most):
		return int64(n)
	default:
		s.failf("a number that is not from %d to %d", least, most)
	}
	return 0
}

// whole reads a number without a fraction.
func (s *scanner) whole() (negative bool, n uint64) {
	c := s.begin()
	if s.err != nil {
		return false, 0
	}
	if c != '-' && (c < '0' || c > '9') {
		s.unexpected("a number", c)
		return false, 0
	}
	if c == '-' {
		negative = true
		s.pos++
	}
	digits := 0
	for {
		if s.pos == s.end && !s.fill(s.pos) {
			break
		}
		c := s.buf[s.pos]
		if c < '0' || c > '9' {
			if c == '.' || c == 'e' || c == 'E' {
				s.failf("expected a whole number")
			}
			break
		}
		if digits > 0 && n == 0 {
			s.failf("a number that begins with 0")
			break
		}
		digit := uint64(c - '0')
		if n > (1<<64-1-digit)/10 {
			s.failf("a number that is too large")
			break
		}
		n = n*10 + digit
		digits++
		s.pos++
	}
	if digits == 0 {
		s.failf("a number without digits")
	}
	return negative, n
}

// skip reads a value of any kind and forgets it.
func (s *scanner) skip() {
	switch c := s.begin(); {
	case s.err != nil:
	case c == '{':
		for range s.object {
			s.skip()
		}
	case c == '[':
		for range s.array {
			s.skip()
		}
	case c == '"':
		s.bytes()
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	case c == '-', c >= '0' && c <= '9':
		s.skipNumber()
	default:
		s.unexpected("a value", c)
	}
}

// skipNumber reads a number of any form.
func (s *scanner) skipNumber() {
	next := func() byte {
		if s.pos == s.end && !s.fill(s.pos) {
			return 0
		}
		return s.buf[s.pos]
	}
	digits := func() {
		n := 0
		for c := next(); c >= '0' && c <= '9'; c = next() {
			s.pos++
			n++
		}
		if n == 0 {
			s.failf("a number without digits")
		}
	}
	if next() == '-' {
		s.pos++
	}
	if next() == '0' {
		s.pos++
	} else {
		digits()
	}
	if next() == '.' {
		s.pos++
		digits()
	}
	if c := next(); c == 'e' || c == 'E' {
		s.pos++
		if c := next(); c == '+' || c == '-' {
			s.pos++
		}
		digits()
	}
}
