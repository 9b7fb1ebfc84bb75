package workload

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// document walks JSON text without building what it says: of a file of an engine
// one or two words are wanted. It believes in nothing: once the text is not what
// was expected, bad is set and everything after is empty.
type document struct {
	text  []byte
	at    int
	depth int
	bad   bool
}

func (d *document) blank() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// peek is the first byte of the next value, 0 at the end.
func (d *document) peek() byte {
	d.blank()
	if d.bad || d.at >= len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *document) take(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.at++
	return true
}

// members walks what stands between two brackets, which each has to consume.
func (d *document) members(open, end byte, each func()) {
	const deepest = 100
	if !d.take(open) || d.depth >= deepest {
		d.bad = true
		return
	}
	d.depth++
	defer func() { d.depth-- }()
	if d.take(end) {
		return
	}
	for !d.bad {
		each()
		if d.take(end) {
			return
		}
		if !d.take(',') {
			d.bad = true
		}
	}
}

// object walks the members of an object; each has to consume the value.
func (d *document) object(each func(key string)) {
	d.members('{', '}', func() {
		key := d.string()
		if !d.take(':') {
			d.bad = true
			return
		}
		each(key)
	})
}

func (d *document) array(each func()) { d.members('[', ']', each) }

// skip consumes any value.
func (d *document) skip() {
	switch c := d.peek(); c {
	case '{':
		d.object(func(string) { d.skip() })
	case '[':
		d.array(d.skip)
	case '"':
		d.string()
	case 0:
		d.bad = true
	default:
		for d.at < len(d.text) {
			switch d.text[d.at] {
			case ',', ']', '}', ' ', '\t', '\n', '\r':
				return
			}
			d.at++
		}
	}
}

// maybe consumes any value, and returns it where it is text.
func (d *document) maybe() string {
	if d.peek() == '"' {
		return d.string()
	}
	d.skip()
	return ""
}

// string consumes text.
func (d *document) string() string {
	if !d.take('"') {
		d.bad = true
		return ""
	}
	var b []byte
	for d.at < len(d.text) {
		c := d.text[d.at]
		d.at++
		switch {
		case c == '"':
			return string(b)
		case c != '\\':
			b = append(b, c)
		default:
			b = d.escape(b)
		}
		if d.bad {
			return ""
		}
	}
	d.bad = true
	return ""
}

func (d *document) escape(b []byte) []byte {
	if d.at >= len(d.text) {
		d.bad = true
		return b
	}
	c := d.text[d.at]
	d.at++
	switch c {
	case '"', '\\', '/':
		return append(b, c)
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'u':
		r := d.unit()
		if utf16.IsSurrogate(r) && d.at+1 < len(d.text) && d.text[d.at] == '\\' && d.text[d.at+1] == 'u' {
			d.at += 2
			r = utf16.DecodeRune(r, d.unit())
		}
		return utf8.AppendRune(b, r)
	}
	d.bad = true
	return b
}

func (d *document) unit() rune {
	if d.at+4 > len(d.text) {
		d.bad = true
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(string(d.text[d.at:d.at+4]), 16, 16)
	d.at += 4
	if err != nil {
		d.bad = true
	}
	return rune(n)
}
