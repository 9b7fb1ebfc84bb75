package whyout

import (
	"bytes"
	"io"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// pen puts lines together. Texts are built in scratch, escaped, and then flow
// into the lines of out.
type pen struct {
	opts    Options
	out     []byte
	scratch []byte
	local   field.Field
	remote  field.Field
	told    map[int]int // the reason under which a process is told of
}

func newPen(o Options) *pen {
	p := &pen{opts: o, told: make(map[int]int)}
	p.local, _ = field.Lookup("local")
	p.remote, _ = field.Lookup("remote")
	return p
}

// flush hands the lines over.
func (p *pen) flush(w io.Writer) error {
	n, err := w.Write(p.out)
	if err == nil && n < len(p.out) {
		err = io.ErrShortWrite
	}
	return err
}

// The following append to scratch.

// It is called in so many places that to inline it takes 29 KB.
//
//go:noinline
func (p *pen) say(s string) { p.scratch = append(p.scratch, s...) }

func (p *pen) name(s string) { p.scratch = text.AppendQuoted(p.scratch, s) }
func (p *pen) count(n int)   { p.scratch = strconv.AppendInt(p.scratch, int64(n), 10) }

// text appends text that is not one word, such as a command line. It is in
// quotes where its ends could not be seen otherwise.
func (p *pen) text(s string) {
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		p.scratch = text.AppendInQuotes(p.scratch, s)
		return
	}
	p.scratch = text.AppendEscaped(p.scratch, s)
}

// here and there append the ends of a socket.
func (p *pen) here(s *socket.Socket)  { p.scratch = p.local.Append(p.scratch, s) }
func (p *pen) there(s *socket.Socket) { p.scratch = p.remote.Append(p.scratch, s) }

// flow moves scratch into lines: the first follows the label, which begins at
// the indent and is given so many columns; the others are as far to the right
// as the text of the first.
func (p *pen) flow(indent int, label string, columns int, role text.Role) {
	p.blanks(indent)
	at := indent + columns
	if label != "" {
		p.paint(text.Dim, label)
	}
	if columns > 0 {
		p.blanks(max(1, columns-len(label)))
		at = max(at, indent+len(label)+1)
	}
	rest := p.scratch
	for {
		n := p.fit(rest, at)
		p.out = p.opts.Palette.Append(p.out, role, bytes.TrimRight(rest[:n], " "))
		p.out = append(p.out, '\n')
		rest = bytes.TrimLeft(rest[n:], " ")
		if len(rest) == 0 {
			break
		}
		p.blanks(at)
	}
	p.scratch = p.scratch[:0]
}

// fit returns how many bytes of a text go on a line that has reached a column:
// as many words as there is room for, and at least one.
func (p *pen) fit(rest []byte, at int) int {
	if p.opts.Width <= 0 {
		return len(rest)
	}
	end := word(rest)
	width := at + text.Width(rest[:end])
	for end < len(rest) {
		next := word(rest[end+1:])
		width += 1 + text.Width(rest[end+1:end+1+next])
		if width > p.opts.Width {
			break
		}
		end += 1 + next
	}
	return end
}

// word returns the length of the first word.
func word(b []byte) int {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return i
	}
	return len(b)
}

// line moves scratch into one line, however long.
func (p *pen) line(indent int, role text.Role) {
	p.blanks(indent)
	p.out = p.opts.Palette.Append(p.out, role, p.scratch)
	p.out = append(p.out, '\n')
	p.scratch = p.scratch[:0]
}

func (p *pen) paint(role text.Role, s string) {
	p.out = p.opts.Palette.Append(p.out, role, []byte(s))
}

func (p *pen) blanks(n int) {
	for range n {
		p.out = append(p.out, ' ')
	}
}
