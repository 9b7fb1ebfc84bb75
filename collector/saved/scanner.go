package saved

import (
	"errors"
	"fmt"
	"io"
)

// Limits on what a file may hold. The longest text that a kernel gives is an
// argument vector, some megabytes of which each byte may be escaped.
const (
	bufferSize = 64 << 10
	maxText    = 64 << 20
	maxDepth   = 32
)

// scanner reads JSON (RFC 8259) from a stream, value by value. It is strict:
// text is valid UTF-8 to the last surrogate, for a name that does not come
// back byte for byte is another name.
//
// After the first fault it reads no more, and all of its methods return zero
// values; err tells which fault it was.
type scanner struct {
	r   io.Reader
	buf []byte
	// pos and end bound what was received and not read yet.
	pos, end int
	// base is the offset of buf[0] in the file, line the number of the line
	// that pos is in and lineAt the offset of its beginning.
	base, lineAt, line int64
	// token is where the last value begins.
	token place
	// path are the keys of the open objects, and ends where each of them ends.
	path    []byte
	ends    []int
	depth   int
	scratch []byte // text whose escapes were decoded
	ended   error  // what the reader returned at last
	err     *fault
	interned
}

// place is a byte of the file and the line that it is in.
type place struct{ offset, lineAt, line int64 }

// fault is an error with its place.
type fault struct {
	place
	keys []string
	err  error
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, buf: make([]byte, bufferSize), line: 1}
}

// fail records the first fault, which lies in the value read last.
func (s *scanner) fail(err error) {
	if s.err != nil {
		return
	}
	s.err = &fault{place: s.token, err: err}
	start := 0
	for _, end := range s.ends {
		s.err.keys = append(s.err.keys, string(s.path[start:end]))
		start = end
	}
}

func (s *scanner) failf(format string, args ...any) { s.fail(fmt.Errorf(format, args...)) }

// mark notes that a value begins here.
func (s *scanner) mark() {
	s.token = place{offset: s.base + int64(s.pos), lineAt: s.lineAt, line: s.line}
}

// failHere records a fault at the next byte.
func (s *scanner) failHere(err error) {
	s.mark()
	s.fail(err)
}

// fill receives more behind what lies from keep on, which moves to the front.
// It reports false where there is no more.
func (s *scanner) fill(keep int) bool {
	if s.ended != nil {
		return false
	}
	copy(s.buf, s.buf[keep:s.end])
	s.base += int64(keep)
	s.pos -= keep
	s.end -= keep
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 { // as bufio: a reader that gives nothing so often never will
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.ended = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.ended = io.ErrNoProgress
	return false
}

// noMore records that the file ended where it must not.
func (s *scanner) noMore() {
	if s.err != nil {
		return
	}
	if errors.Is(s.ended, io.EOF) {
		s.failHere(ErrTruncated)
		return
	}
	s.failHere(s.ended)
}

// peek returns the first byte of what comes next, behind blanks, and 0 at the
// end of the file and after a fault.
func (s *scanner) peek() byte {
	if s.err != nil {
		return 0
	}
	for {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\r':
				s.pos++
			case '\n':
				s.pos++
				s.line++
				s.lineAt = s.base + int64(s.pos)
			default:
				return c
			}
		}
		if !s.fill(s.pos) {
			return 0
		}
	}
}

// atEnd reports whether nothing but blanks is left.
func (s *scanner) atEnd() bool {
	if s.peek() != 0 || s.err != nil || s.pos < s.end {
		return false
	}
	if !errors.Is(s.ended, io.EOF) {
		s.noMore()
	}
	return true
}

// begin moves to the next value and returns its first byte.
func (s *scanner) begin() byte {
	c := s.peek()
	if c == 0 && s.pos == s.end {
		s.noMore()
	}
	if s.err != nil {
		return 0
	}
	s.mark()
	return c
}

// expect reads one byte of punctuation.
func (s *scanner) expect(c byte) {
	got := s.begin()
	if s.err != nil {
		return
	}
	if got != c {
		s.failf("expected %q, not %q", c, got)
		return
	}
	s.pos++
}

// open enters an object ('{') or an array ('[').
func (s *scanner) open(c byte) {
	if got := s.begin(); s.err == nil && got != c {
		s.unexpected(kindOf(c), got)
	}
	if s.err != nil {
		return
	}
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.failf("nested deeper than %d", maxDepth)
	}
}

// more moves to the next element of what ends with c, or leaves it. First
// tells that there is none before.
func (s *scanner) more(c byte, first bool) bool {
	got := s.begin()
	switch {
	case s.err != nil:
		return false
	case got == c:
		s.pos++
		s.depth--
		return false
	case !first:
		if got != ',' {
			s.failf("expected ',' or %q, not %q", c, got)
			return false
		}
		s.pos++
	}
	return true
}

// array yields before each element of an array, which the caller has to read.
func (s *scanner) array(yield func() bool) {
	s.open('[')
	for first := true; s.err == nil && s.more(']', first); first = false {
		if !yield() {
			return
		}
	}
}

// object yields each key of an object; the caller has to read its value.
func (s *scanner) object(yield func(key []byte) bool) {
	s.open('{')
	for first := true; s.err == nil && s.more('}', first); first = false {
		key := s.key()
		if s.err != nil || !yield(key) {
			return
		}
		s.keyEnd()
	}
}

// key reads a key; keyEnd must follow when its value has been read.
func (s *scanner) key() []byte {
	name := s.bytes()
	at := s.token
	start := len(s.path)
	s.path = append(s.path, name...)
	s.expect(':')
	if s.err != nil {
		return nil
	}
	s.token = at
	s.ends = append(s.ends, len(s.path))
	return s.path[start:]
}

func (s *scanner) keyEnd() {
	if s.err != nil || len(s.ends) == 0 {
		return
	}
	s.ends = s.ends[:len(s.ends)-1]
	s.path = s.path[:0]
	if n := len(s.ends); n > 0 {
		s.path = s.path[:s.ends[n-1]]
	}
}
