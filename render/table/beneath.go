package table

import (
	"bytes"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// indent is how far to the right stands what is beneath a row.
const indent = 4

// renderBeneath keeps what stands beneath a row until it is emitted.
func (p *pen) renderBeneath(s *socket.Socket) {
	for i := range p.opts.Beneath {
		p.beneath = p.opts.Beneath[i].Append(p.beneath, s, ' ')
		p.ends = append(p.ends, int32(len(p.beneath)))
	}
}

// emitBeneath ends the line of a row, which has reached cursor, with what
// belongs to it. From is where its texts begin; where they end is returned.
func (p *pen) emitBeneath(row, cursor int, from int32) int32 {
	n := len(p.opts.Beneath)
	if !p.opts.Oneline {
		p.out = append(p.out, '\n')
	}
	first := true
	for _, end := range p.ends[row*n : (row+1)*n] {
		line := p.beneath[from:end]
		from = end
		if len(line) == 0 {
			continue
		}
		if p.opts.Oneline {
			cursor = p.behind(cursor, line, first)
			first = false
		} else {
			p.under(line)
		}
	}
	if p.opts.Oneline {
		p.out = append(p.out, '\n')
	}
	return from
}

// under appends lines of their own for a text of pairs. On a terminal they are
// broken between pairs, never within one.
func (p *pen) under(line []byte) {
	for len(line) > 0 {
		n := len(line)
		if p.wrap > 0 {
			n = fit(line, p.wrap-indent)
		}
		p.out = append(p.out, blanks[:indent]...)
		p.pairs(line[:n])
		p.out = append(p.out, '\n')
		line = line[min(n+1, len(line)):]
	}
}

// behind appends texts of pairs to a row's own line, which has reached cursor.
// They begin at one column, as far as the rows' cells allow.
func (p *pen) behind(cursor int, line []byte, first bool) int {
	at := cursor + 1
	if first {
		last := &p.columns[len(p.columns)-1]
		at = max(cursor, last.start+last.width) + gap
	}
	p.pad(at - cursor)
	p.pairs(line)
	return at + text.Width(line)
}

// pairs appends pairs with their names in a fainter colour than the values.
func (p *pen) pairs(line []byte) {
	if !p.opts.Palette.Paints(text.Dim) {
		p.out = append(p.out, line...)
		return
	}
	for len(line) > 0 {
		n := word(line)
		name := bytes.IndexByte(line[:n], ':') + 1
		if name > 0 {
			p.out = p.opts.Palette.Append(p.out, text.Dim, line[:name])
		}
		n = min(n+1, len(line))
		p.out = append(p.out, line[name:n]...)
		line = line[n:]
	}
}

// fit returns how many bytes of a text of pairs fit into so many columns
// without a pair being broken, and at least the first pair.
func fit(line []byte, room int) int {
	n := word(line)
	width := text.Width(line[:n])
	for n < len(line) {
		next := word(line[n+1:])
		width += 1 + text.Width(line[n+1:n+1+next])
		if width > room {
			break
		}
		n += 1 + next
	}
	return n
}

// word returns the length of the first pair. A blank within quotes is part of
// it; quotes occur only around a whole value, and with a backslash within.
func word(line []byte) int {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ' ':
			if !quoted {
				return i
			}
		}
	}
	return len(line)
}
