package tui

import (
	"bytes"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/render/text"
)

// View draws the screen.
func (m *model) View() tea.View {
	v := tea.NewView(string(m.draw()))
	v.AltScreen = true
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if m.mode == inFilter || m.mode == inExport {
		v.Cursor = tea.NewCursor(m.input.column(m.width), max(0, m.height-1))
	}
	return v
}

// draw makes exactly as many lines as the screen has.
func (m *model) draw() []byte {
	if m.width <= 0 || m.height <= 0 {
		return nil
	}
	p := m.pen()
	switch m.mode {
	case inSort, inColumns:
		m.drawPicker(p)
	case inDetail:
		m.drawDetail(p)
	case inPages:
		m.drawPager(p)
	default:
		m.drawHead(p)
		m.drawTable(p)
		m.drawFoot(p)
	}
	lines := bytes.SplitAfterN(p.out, []byte("\n"), m.height+1)
	if len(lines) > m.height {
		lines = lines[:m.height]
	}
	return bytes.TrimSuffix(bytes.Join(lines, nil), []byte("\n"))
}

// headHeight is how many lines stand above the rows, the names of the columns
// included. A low screen is for rows.
func (m *model) headHeight() int {
	switch {
	case m.height >= airy:
		return 5 // with a blank line
	case m.height >= 10:
		return 3
	case m.height >= 6:
		return 2
	case m.height >= 3:
		return 1
	}
	return 0
}

// footHeight is the line of the keys, or of what is being written.
func (m *model) footHeight() int {
	if m.height >= 2 {
		return 1
	}
	return 0
}

// room is how many rows fit on the screen.
func (m *model) room() int { return max(1, m.height-m.headHeight()-m.footHeight()) }

// drawTable draws the names of the columns and the rows.
func (m *model) drawTable(p *pen) {
	visible := m.lines[min(m.top, len(m.lines)):min(m.top+m.room(), len(m.lines))]
	cells := make([][]byte, 0, len(visible)*len(m.columns))
	for _, l := range visible {
		for j := range m.columns {
			if c := &m.columns[j]; l.entry != nil {
				cells = append(cells, c.append(nil, l.entry))
			} else {
				cells = append(cells, c.appendSum(nil, &l.group.rate))
			}
		}
	}
	m.widths.layOut(m.columns, cells, m.left, m.width)
	if m.headHeight() > 0 {
		m.drawNames(p)
	}
	for i, l := range visible {
		under := m.top+i == m.cursor.at
		row := cells[i*len(m.columns) : (i+1)*len(m.columns)]
		if l.group != nil {
			m.drawGroup(p, l.group, row, under)
		} else {
			m.drawRow(p, l.entry, row, under)
		}
	}
	for range m.room() - len(visible) {
		p.end()
	}
}

// drawNames draws the heads of the columns; the one that is sorted by has a
// mark.
func (m *model) drawNames(p *pen) {
	p.pad(lead, plain)
	first := true
	for j := range m.columns {
		c := &m.columns[j]
		if m.widths.given[j] == 0 {
			continue
		}
		if !first {
			p.pad(gap, plain)
		}
		first = false
		l := strong
		if c.Name == m.order.by.Name {
			l = chosen
		}
		m.drawCell(p, c, []byte(c.Header), m.widths.given[j], text.Header, l)
	}
	if m.widths.more {
		p.pad(p.room()-1, plain)
		p.sayIn(m.sign("›", ">"), text.Dim)
	}
	p.end()
}

// drawCell draws a text in its column.
func (m *model) drawCell(p *pen, c *column, cell []byte, width int, role text.Role, l look) {
	n := text.Width(cell)
	if n > width {
		if c.Shorten != nil {
			cell = c.Shorten(nil, cell, width)
		} else {
			cell = text.Truncate(nil, cell, width)
		}
		n = text.Width(cell)
	}
	padding := plain
	if l == chosen || l == chosenGone {
		padding = chosen
	}
	if c.Right {
		p.pad(width-n, padding)
	}
	p.put(cell, role, l)
	if !c.Right {
		p.pad(width-n, padding)
	}
}

// drawRow draws a socket.
func (m *model) drawRow(p *pen, e *entry, cells [][]byte, under bool) {
	mark, whole := m.mood(e)
	padding := plain
	if under {
		padding = chosen
		if whole = chosen; !e.closed.IsZero() {
			whole = chosenGone
		}
	}
	p.put([]byte{mark}, text.Dim, whole)
	p.pad(lead-1, padding)
	first := true
	for j := range m.columns {
		c := &m.columns[j]
		if m.widths.given[j] == 0 {
			continue
		}
		if !first {
			p.pad(gap, padding)
		}
		first = false
		l := whole
		if whole == plain {
			l = m.change(e, c.Name)
		}
		role := c.role(e)
		if len(cells[j]) == 1 && cells[j][0] == '-' {
			role = text.Dim
		}
		m.drawCell(p, c, cells[j], m.widths.given[j], role, l)
	}
	if under {
		p.fill(chosen)
	} else {
		p.end()
	}
}

// mood is what has happened to a row: the mark before it and how it looks.
func (m *model) mood(e *entry) (mark byte, l look) {
	now := m.clock()
	switch {
	case !e.closed.IsZero():
		return '-', struck
	case now.Sub(e.opened) < litTime:
		return '+', lit
	case now.Sub(e.opened) < fadeTime:
		return '+', glowing
	case now.Sub(e.altered) < fadeTime:
		return '~', plain
	}
	return ' ', plain
}

// change is how a cell looks by what has changed in it.
func (m *model) change(e *entry, name string) look {
	age := m.clock().Sub(e.altered)
	if age >= fadeTime {
		return plain
	}
	for _, c := range e.changed {
		switch {
		case c != name && (c != "processes" || name != "process"):
		case age < litTime:
			return altered
		default:
			return fading
		}
	}
	return plain
}

// sign is one of two spellings of the same sign.
func (m *model) sign(unicode, ascii string) string {
	if m.opts.ASCII {
		return ascii
	}
	return unicode
}
