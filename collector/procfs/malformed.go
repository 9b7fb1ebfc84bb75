package procfs

import (
	"fmt"
	"io"
	"strconv"
)

// maxShown bounds how much of a malformed line an error repeats.
const maxShown = 160

// MalformedError says that lines of a table were not rows. It comes after
// every good row has been yielded.
type MalformedError struct {
	// Table is the path below the proc root, such as "net/tcp6".
	Table string
	// Lines is how many lines were skipped.
	Lines int
	// First is the beginning of the first of them, escaped and in quotes, so
	// that it can be printed anywhere.
	First string
}

// Error implements error.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("parse %s: %d malformed lines, the first %s", e.Table, e.Lines, e.First)
}

// tally walks the rows of one table and keeps count of what was not one.
type tally struct {
	table string
	lines int
	first string
}

func (t *tally) add(line []byte) {
	if t.lines == 0 {
		t.first = strconv.QuoteToASCII(string(line[:min(len(line), maxShown)]))
	}
	t.lines++
}

// err returns the MalformedError, or nil when every line was a row.
func (t *tally) err() error {
	if t.lines == 0 {
		return nil
	}
	return &MalformedError{Table: t.table, Lines: t.lines, First: t.first}
}

// each calls row for every line but the first, which is always the header.
// row reports whether the line was well formed; its error ends the walk and is
// returned as it is.
func (t *tally) each(r io.Reader, row func(line []byte) (bool, error)) error {
	lines := newLineReader(r, tableBuffer)
	for header := true; ; header = false {
		line, whole, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", t.table, err)
		}
		if header {
			continue
		}
		ok := false
		if whole {
			if ok, err = row(line); err != nil {
				return err
			}
		}
		if !ok {
			t.add(line)
		}
	}
}
