package tui

import "github.com/sockls/sockls/render/text"

// gap is the number of blanks between columns, lead the width of the mark before
// a row.
const (
	gap  = 1
	lead = 2
)

// widths are where the columns stand.
type widths struct {
	// seen is the widest text that each column has had. A table whose columns
	// come and go with every look cannot be read, so they only grow, until the
	// columns, the terminal or what is asked for are others.
	seen []int
	// given is what each column gets, 0 for one that is not on the screen; from
	// is the first that is.
	given []int
	from  int
	// more tells that there are columns to the right of the last one shown.
	more bool
}

func (w *widths) reset() { w.seen = nil }

// layOut gives the columns their widths. Cells are the texts on the screen, row
// by row.
func (w *widths) layOut(columns []column, cells [][]byte, left, width int) {
	if len(w.seen) != len(columns) {
		w.seen = make([]int, len(columns))
		for i := range columns {
			w.seen[i] = text.Width([]byte(columns[i].Header))
		}
	}
	for i, cell := range cells {
		j := i % len(columns)
		w.seen[j] = max(w.seen[j], text.Width(cell))
	}
	w.given = make([]int, len(columns))
	w.from = min(left, max(0, len(columns)-1))
	// What rows to come may need is set aside, where there is room for it.
	for j := w.from; j < len(columns); j++ {
		w.given[j] = max(w.seen[j], columns[j].Reserve)
	}
	if w.total() > width-lead {
		copy(w.given[w.from:], w.seen[w.from:])
	}
	// One that is wider than the screen does not have to give that bit by bit.
	for j := range w.given {
		w.given[j] = min(w.given[j], max(width, least(&columns[j])))
	}
	w.narrow(columns, width-lead)
	w.drop(columns, width-lead)
}

// total is the width of all columns.
func (w *widths) total() int {
	total := -gap
	for _, n := range w.given {
		if n > 0 {
			total += n + gap
		}
	}
	return total
}

func least(c *column) int { return max(c.Min, text.Width([]byte(c.Header))) }

// narrow takes from the columns that may be shortened: from those of the highest
// Shrink first, and among equals from the widest.
func (w *widths) narrow(columns []column, width int) {
	for level := 9; level > 0; {
		if w.total() <= width {
			return
		}
		widest := -1
		for j := range columns {
			c := &columns[j]
			if c.Shrink == level && w.given[j] > least(c) && (widest < 0 || w.given[j] > w.given[widest]) {
				widest = j
			}
		}
		if widest < 0 {
			level--
			continue
		}
		w.given[widest]--
	}
}

// drop leaves out what does not fit. An address, a port or a number is never
// shown in part, because a part is a wrong one; columns that may be shortened
// take what is left.
func (w *widths) drop(columns []column, width int) {
	w.more = false
	used := -gap
	for j := w.from; j < len(columns); j++ {
		room := width - used - gap
		switch {
		case w.more:
			w.given[j] = 0
		case w.given[j] > room && j > w.from:
			w.given[j], w.more = 0, true
		case w.given[j] > room:
			// The first one is there in any case: its cells say that they are
			// cut.
			w.given[j], w.more = max(1, room), len(columns) > j+1
		}
		used += w.given[j] + gap
	}
}

// place is where a column begins on the screen.
func (w *widths) place(column int) int {
	x := lead
	for _, n := range w.given[:column] {
		if n > 0 {
			x += n + gap
		}
	}
	return x
}

// at is the column at a position on the screen, -1 for none.
func (w *widths) at(x int) int {
	x -= lead
	for j, n := range w.given {
		if n == 0 {
			continue
		}
		if x >= 0 && x < n {
			return j
		}
		x -= n + gap
	}
	return -1
}
