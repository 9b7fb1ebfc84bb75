package table

import (
	"io"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

const (
	// sampleRows and sampleBytes end the sample that decides the widths,
	// whichever comes first. The second keeps memory flat when single cells
	// are huge, such as a socket held by thousands of processes.
	sampleRows  = 2000
	sampleBytes = 1 << 20

	// flushAt is how much is collected before it is written.
	flushAt = 32 << 10
)

// Options choose what a table looks like.
type Options struct {
	Fields []field.Field
	// Width is the width of the terminal, 0 when nothing is to be shortened.
	Width int
	// Header prints a header line, also when no row follows: it shows that
	// there was an answer and that the answer is empty.
	Header  bool
	Palette text.Palette
	// IPv6 tells that IPv6 rows may come, for which wider address columns are
	// set aside.
	IPv6 bool
}

// Table writes rows to one writer. It is made by New and not safe for
// concurrent use.
type Table struct {
	w       io.Writer
	opts    Options
	columns []column
	// laidOut is set once the widths are fixed; until then rows wait in arena.
	laidOut bool

	arena []byte // texts of waiting cells, or of the one row at hand
	cells []cell
	cut   []byte // a shortened cell
	out   []byte
	err   error
}

// cell is one rendered text: it begins in the arena where the last one ends.
type cell struct {
	end   int
	width int
	role  text.Role
}

// New makes a table. Close must be called after the last row.
func New(w io.Writer, opts Options) *Table {
	t := &Table{w: w, opts: opts, columns: make([]column, len(opts.Fields))}
	for i := range t.columns {
		t.columns[i].width = text.Width([]byte(opts.Fields[i].Header))
	}
	return t
}

// Row adds one row and keeps nothing of s. An error of the writer is returned
// by this and every later call.
func (t *Table) Row(s *socket.Socket) error {
	if t.err != nil {
		return t.err
	}
	t.render(s)
	switch {
	case t.laidOut:
		t.emit()
		return t.flushFrom(flushAt)
	case len(t.cells) >= sampleRows*len(t.columns) || len(t.arena) >= sampleBytes:
		t.measure(t.cells)
		t.layout(true)
		t.emit()
		return t.flushFrom(flushAt)
	}
	return nil
}

// Rows adds all rows at once. Where they are the first rows of the table, or
// follow less than a sample, the columns fit exactly: the rows are rendered
// twice, first to measure, which costs no memory.
func (t *Table) Rows(rows []socket.Socket) error {
	if !t.laidOut && len(rows) > sampleRows {
		t.measure(t.cells)
		waitingCells, waitingBytes := len(t.cells), len(t.arena)
		for i := range rows {
			t.render(&rows[i])
			t.measure(t.cells[waitingCells:])
			t.cells, t.arena = t.cells[:waitingCells], t.arena[:waitingBytes]
		}
		t.layout(false)
		t.emit()
	}
	for i := range rows {
		if err := t.Row(&rows[i]); err != nil {
			return err
		}
	}
	return t.err
}

// Close prints what is still waiting. It does not close the writer.
func (t *Table) Close() error {
	if t.err != nil {
		return t.err
	}
	if !t.laidOut {
		t.measure(t.cells)
		t.layout(false)
		t.emit()
	}
	return t.flushFrom(1)
}

// render appends one row to the arena.
func (t *Table) render(s *socket.Socket) {
	for i := range t.opts.Fields {
		f := &t.opts.Fields[i]
		start := len(t.arena)
		t.arena = f.Append(t.arena, s)
		c := cell{end: len(t.arena), width: text.Width(t.arena[start:])}
		switch {
		case len(t.arena) == start+1 && t.arena[start] == '-':
			c.role = text.Dim
		case f.Role != nil:
			c.role = f.Role(s)
		}
		t.cells = append(t.cells, c)
	}
}

// emit turns the waiting cells into lines.
func (t *Table) emit() {
	from := 0
	for i := 0; i < len(t.cells); i += len(t.columns) {
		cursor := 0
		for j := range t.columns {
			c := &t.cells[i+j]
			cursor = t.place(j, cursor, t.arena[from:c.end], c.width, c.role)
			from = c.end
		}
		t.out = append(t.out, '\n')
		if t.flushFrom(flushAt) != nil {
			break
		}
	}
	t.arena, t.cells = t.arena[:0], t.cells[:0]
}

// place appends a cell to the line that has reached cursor, and returns where
// the line is then.
func (t *Table) place(j, cursor int, cell []byte, width int, role text.Role) int {
	col := &t.columns[j]
	at := col.start
	if j > 0 {
		at = max(at, cursor+gap)
	}
	f := &t.opts.Fields[j]
	if room := max(col.width, t.opts.Width-at-col.rest); t.opts.Width > 0 && f.Shrink > 0 && width > room {
		t.cut = shorten(t.cut[:0], cell, room, f)
		cell, width = t.cut, text.Width(t.cut)
	}
	if f.Right {
		at = max(at, col.start+col.width-width)
	}
	for n := at - cursor; n > 0; n -= len(blanks) {
		t.out = append(t.out, blanks[:min(n, len(blanks))]...)
	}
	t.out = t.opts.Palette.Append(t.out, role, cell)
	return at + width
}

func shorten(dst, cell []byte, width int, f *field.Field) []byte {
	if f.Shorten != nil {
		return f.Shorten(dst, cell, width)
	}
	return text.Truncate(dst, cell, width)
}

// flushFrom writes the finished lines when there are at least that many bytes.
func (t *Table) flushFrom(bytes int) error {
	if t.err != nil || len(t.out) < bytes {
		return t.err
	}
	n, err := t.w.Write(t.out)
	if err == nil && n < len(t.out) {
		err = io.ErrShortWrite
	}
	t.out, t.err = t.out[:0], err
	return err
}

const blanks = "                                                                "
