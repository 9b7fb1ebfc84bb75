package csvout

import (
	"bufio"
	"bytes"
	"io"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
)

const bufferSize = 64 << 10

// Writer writes rows to one writer. It is made by New and not safe for
// concurrent use.
type Writer struct {
	w      *bufio.Writer
	fields []field.Field
	header bool
	cell   []byte
	line   []byte
}

// New makes a Writer. Close must be called after the last row.
func New(w io.Writer, fields []field.Field, header bool) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, bufferSize), fields: fields, header: header}
}

// Row writes one socket and keeps nothing of s.
func (w *Writer) Row(s *socket.Socket) error {
	if err := w.head(); err != nil {
		return err
	}
	w.line = w.line[:0]
	for i := range w.fields {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.cell = w.fields[i].AppendPlain(w.cell[:0], s)
		w.line = appendCell(w.line, w.cell)
	}
	return w.endLine()
}

// Close writes what is still waiting, and the header where there was no row.
// It does not close the writer.
func (w *Writer) Close() error {
	if err := w.head(); err != nil {
		return err
	}
	return w.w.Flush()
}

// head writes the column names once.
func (w *Writer) head() error {
	if !w.header {
		return nil
	}
	w.header = false
	for i := range w.fields {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = append(w.line, w.fields[i].Name...)
	}
	return w.endLine()
}

func (w *Writer) endLine() error {
	w.line = append(w.line, '\n')
	_, err := w.w.Write(w.line)
	return err
}

// appendCell appends escaped text as one cell.
func appendCell(dst, cell []byte) []byte {
	if len(cell) == 0 {
		return dst
	}
	inner := bytes.IndexByte(cell, '"') >= 0
	quote := inner || bytes.IndexByte(cell, ',') >= 0
	if quote {
		dst = append(dst, '"')
	}
	if isFormula(cell) {
		const hex = "0123456789abcdef"
		dst = append(dst, '\\', 'x', hex[cell[0]>>4], hex[cell[0]&0xf])
		cell = cell[1:]
	}
	if !inner {
		dst = append(dst, cell...)
	} else {
		for _, c := range cell {
			if c == '"' {
				dst = append(dst, '"')
			}
			dst = append(dst, c)
		}
	}
	if quote {
		dst = append(dst, '"')
	}
	return dst
}

// isFormula tells whether a spreadsheet would run cell, which is not empty. A
// negative number is what it looks like.
func isFormula(cell []byte) bool {
	switch cell[0] {
	case '=', '+', '@':
		return true
	case '-':
		return len(cell) == 1 || len(bytes.TrimLeft(cell[1:], "0123456789")) > 0
	}
	return false
}
