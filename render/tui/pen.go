package tui

import (
	"github.com/sockls/sockls/render/text"
)

// look is what a piece of text looks like beyond its role: how new it is, and
// what happens with it.
type look uint8

const (
	plain   look = iota
	lit          // has just come
	glowing      // has come a moment ago
	altered      // has just changed
	fading       // has changed a moment ago
	struck       // is gone
	chosen       // under the cursor
	chosenGone
	strong
	looks
)

// The looks with colours, and without: attributes are for everybody.
var (
	coloured = [looks]string{
		lit: "\x1b[1;32m", glowing: "\x1b[32m", altered: "\x1b[1;33m", fading: "\x1b[33m",
		struck: "\x1b[9;90m", chosen: "\x1b[7m", chosenGone: "\x1b[7;9m", strong: "\x1b[1m",
	}
	uncoloured = [looks]string{
		lit: "\x1b[1m", altered: "\x1b[1m",
		struck: "\x1b[9m", chosen: "\x1b[7m", chosenGone: "\x1b[7;9m", strong: "\x1b[1m",
	}
)

const blanks = "                                                                "

// pen puts lines of exactly the screen's width together.
type pen struct {
	palette text.Palette
	looks   *[looks]string
	width   int
	out     []byte
	used    int // columns of the line so far
	scratch []byte
}

func (m *model) pen() *pen {
	p := &pen{palette: m.opts.Palette, width: m.width, looks: &uncoloured}
	if p.palette.Paints(text.Listen) {
		p.looks = &coloured
	}
	return p
}

// put appends text that is escaped already, cut to the end of the line.
func (p *pen) put(b []byte, role text.Role, l look) {
	room := p.width - p.used
	if room <= 0 || len(b) == 0 {
		return
	}
	if n := text.Width(b); n > room {
		p.scratch = text.Truncate(p.scratch[:0], b, room)
		b = p.scratch
	}
	p.used += text.Width(b)
	switch {
	case l != plain && p.looks[l] != "":
		p.out = append(p.out, p.looks[l]...)
		p.out = append(p.out, b...)
		p.out = append(p.out, "\x1b[0m"...)
	case l != plain:
		p.out = append(p.out, b...)
	default:
		p.out = p.palette.Append(p.out, role, b)
	}
}

func (p *pen) say(s string)                   { p.put([]byte(s), text.Plain, plain) }
func (p *pen) sayIn(s string, role text.Role) { p.put([]byte(s), role, plain) }
func (p *pen) sayLike(s string, l look)       { p.put([]byte(s), text.Plain, l) }
func (p *pen) sayName(s string, r text.Role)  { p.put(text.AppendEscaped(nil, s), r, plain) }
func (p *pen) room() int                      { return p.width - p.used }
func (p *pen) pad(n int, l look)              { p.repeat(min(n, p.room()), l) }
func (p *pen) fits(s string) bool             { return text.Width([]byte(s)) <= p.room() }

// repeat appends n blanks.
func (p *pen) repeat(n int, l look) {
	for n > 0 {
		some := min(n, len(blanks))
		p.put([]byte(blanks[:some]), text.Plain, l)
		n -= some
	}
}

// end ends the line.
func (p *pen) end() {
	p.out = append(p.out, '\n')
	p.used = 0
}

// fill ends the line, and what is left of it looks like l.
func (p *pen) fill(l look) {
	p.pad(p.room(), l)
	p.end()
}
