package table

import (
	"io"
	"runtime"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

const (
	// sampleRows and sampleBytes end the sample that decides the widths,
	// whichever comes first. The second keeps memory flat when single cells
	// are huge, such as a socket held by thousands of processes.
	sampleRows  = 500
	sampleBytes = 256 << 10

	// flushAt is how much is collected before it is written.
	flushAt = 32 << 10

	// blockRows is how many rows a pen draws at a time when several do, and
	// blockLong how many where each has long lines beneath it.
	blockRows = 1024
	blockLong = 64
	maxPens   = 4
)

// Options choose what a table looks like.
type Options struct {
	Fields []field.Field
	// Beneath stands in indented lines beneath each row that has any of it, or
	// with Oneline at the end of the row's own line.
	Beneath []field.Pairs
	Oneline bool
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
	w    io.Writer
	opts Options
	pen
	// laidOut is set once the widths are fixed; until then rows wait as cells.
	laidOut bool
	// measured is set when the widths have been taken beforehand.
	measured bool
	err      error
}

// New makes a table. Close must be called after the last row.
func New(w io.Writer, opts Options) *Table {
	t := &Table{w: w, opts: opts}
	t.pen = pen{opts: &t.opts, columns: make([]column, len(opts.Fields)), wrap: opts.Width}
	for i := range t.columns {
		t.columns[i].width = text.Width([]byte(opts.Fields[i].Header))
	}
	return t
}

// Measure makes the columns wide enough for a row that will be printed later.
// A table whose rows have all been measured before the first of them is added
// fits exactly, however long it is, and keeps none of them meanwhile.
func (t *Table) Measure(s *socket.Socket) {
	t.render(s)
	t.measure()
	t.drop()
	t.measured = true
}

// Row adds one row and keeps nothing of s. An error of the writer is returned
// by this and every later call.
func (t *Table) Row(s *socket.Socket) error {
	if t.err != nil {
		return t.err
	}
	if t.measured && !t.laidOut {
		t.layout(false)
	}
	t.render(s)
	t.renderBeneath(s)
	switch {
	case t.laidOut:
		t.emit()
	case len(t.cells) >= sampleRows*len(t.columns) || len(t.arena)+len(t.beneath) >= sampleBytes:
		t.measure()
		t.layout(true)
		t.emit()
	}
	return t.flushFrom(flushAt)
}

// Rows adds rows that have all been measured. Long tables are drawn by several
// pens, block by block, and written in order.
func (t *Table) Rows(rows []*socket.Socket) error {
	pens := min(maxPens, runtime.GOMAXPROCS(0))
	if !t.measured || pens < 2 || len(rows) < 4*blockRows {
		for _, s := range rows {
			if err := t.Row(s); err != nil {
				return err
			}
		}
		return t.err
	}
	if !t.laidOut {
		t.layout(false)
	}
	if t.flushFrom(1) != nil {
		return t.err
	}
	drawn := blockRows
	if len(t.opts.Beneath) > 0 {
		drawn = blockLong
	}
	type block struct {
		rows  []*socket.Socket
		lines chan []byte
	}
	var (
		undrawn = make(chan block)
		ordered = make(chan block, 2*pens)
		spare   = make(chan []byte, 4*pens)
	)
	for range pens {
		go func() {
			p := pen{opts: &t.opts, columns: t.columns, wrap: t.wrap}
			for b := range undrawn {
				select {
				case p.out = <-spare:
				default:
					p.out = nil
				}
				for _, s := range b.rows {
					p.render(s)
					p.renderBeneath(s)
				}
				p.emit()
				b.lines <- p.out
			}
		}()
	}
	go func() {
		for rest := rows; len(rest) > 0; {
			n := min(drawn, len(rest))
			b := block{rows: rest[:n], lines: make(chan []byte, 1)}
			rest = rest[n:]
			ordered <- b
			undrawn <- b
		}
		close(undrawn)
		close(ordered)
	}()
	for b := range ordered {
		t.out = <-b.lines
		_ = t.flushFrom(1) // kept in t.err; the pens are let run out
		select {
		case spare <- t.out[:0]:
		default:
		}
	}
	t.out = nil
	return t.err
}

// Close prints what is still waiting. It does not close the writer.
func (t *Table) Close() error {
	if t.err != nil {
		return t.err
	}
	if !t.laidOut {
		t.measure()
		t.layout(false)
		t.emit()
	}
	return t.flushFrom(1)
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
