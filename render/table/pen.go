package table

import (
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// pen turns rows into lines of text. It writes to nobody, so several of them
// can draw parts of one table at the same time.
type pen struct {
	opts    *Options
	columns []column
	wrap    int // width of the terminal, 0 where lines are not to be broken

	arena   []byte // texts of waiting cells
	cells   []cell
	beneath []byte  // texts of what stands beneath the waiting rows
	ends    []int32 // where each of them ends
	cut     []byte  // a shortened cell
	out     []byte  // finished lines
}

// cell is one rendered text: it begins in the arena where the last one ends.
type cell struct {
	end   int32
	width int32
	role  text.Role
}

// render appends one row to the arena.
func (p *pen) render(s *socket.Socket) {
	for i := range p.opts.Fields {
		f := &p.opts.Fields[i]
		start := len(p.arena)
		p.arena = f.Append(p.arena, s)
		c := cell{end: int32(len(p.arena)), width: int32(text.Width(p.arena[start:]))}
		switch {
		case len(p.arena) == start+1 && p.arena[start] == '-':
			c.role = text.Dim
		case f.Role != nil:
			c.role = f.Role(s)
		}
		p.cells = append(p.cells, c)
	}
}

// drop forgets the waiting rows.
func (p *pen) drop() {
	p.arena, p.cells = p.arena[:0], p.cells[:0]
	p.beneath, p.ends = p.beneath[:0], p.ends[:0]
}

// measure widens the columns to what the waiting cells need.
func (p *pen) measure() {
	for i := 0; i < len(p.cells); i += len(p.columns) {
		for j := range p.columns {
			p.columns[j].width = max(p.columns[j].width, int(p.cells[i+j].width))
		}
	}
}

// emit turns the waiting rows into lines.
func (p *pen) emit() {
	from, beneath := int32(0), int32(0)
	for i := 0; i < len(p.cells); i += len(p.columns) {
		cursor := 0
		for j := range p.columns {
			c := &p.cells[i+j]
			cursor = p.place(j, cursor, p.arena[from:c.end], int(c.width), c.role)
			from = c.end
		}
		if len(p.ends) > 0 {
			beneath = p.emitBeneath(i/len(p.columns), cursor, beneath)
		} else {
			p.out = append(p.out, '\n')
		}
	}
	p.drop()
}

// header appends the header line.
func (p *pen) header() {
	cursor := 0
	for j := range p.columns {
		name := []byte(p.opts.Fields[j].Header)
		cursor = p.place(j, cursor, name, text.Width(name), text.Header)
	}
	p.out = append(p.out, '\n')
}

// place appends a cell to the line that has reached cursor, and returns where
// the line is then.
func (p *pen) place(j, cursor int, cell []byte, width int, role text.Role) int {
	col := &p.columns[j]
	at := col.start
	if j > 0 {
		at = max(at, cursor+gap)
	}
	f := &p.opts.Fields[j]
	if room := max(col.width, p.opts.Width-at-col.rest); p.opts.Width > 0 && f.Shrink > 0 && width > room {
		p.cut = shorten(p.cut[:0], cell, room, f)
		cell, width = p.cut, text.Width(p.cut)
	}
	if f.Right {
		at = max(at, col.start+col.width-width)
	}
	p.pad(at - cursor)
	p.out = p.opts.Palette.Append(p.out, role, cell)
	return at + width
}

// pad appends n blanks.
func (p *pen) pad(n int) {
	for ; n > 0; n -= len(blanks) {
		p.out = append(p.out, blanks[:min(n, len(blanks))]...)
	}
}

func shorten(dst, cell []byte, width int, f *field.Field) []byte {
	if f.Shorten != nil {
		return f.Shorten(dst, cell, width)
	}
	return text.Truncate(dst, cell, width)
}

const blanks = "                                                                "
