package table

import (
	"math"

	"github.com/sockls/sockls/render/text"
)

// gap is the number of blanks between columns.
const gap = 2

// column is where one field stands.
type column struct {
	// width is the widest text seen, the header included, and after the layout
	// the width that the column is given.
	width int
	// start is the position of the first character, rest the width of all that
	// stands to the right, gaps included.
	start, rest int
}

// layout fixes the widths and prints the header. More tells that further rows
// will come that nobody has measured.
func (t *Table) layout(more bool) {
	if t.opts.Width > 0 {
		t.narrow()
	}
	if more {
		t.reserve()
	}
	start := 0
	for j := range t.columns {
		t.columns[j].start = start
		start += t.columns[j].width + gap
	}
	for j := range t.columns {
		col := &t.columns[j]
		col.rest = start - gap - (col.start + col.width)
	}
	t.laidOut = true

	if t.opts.Header {
		t.header()
	}
}

// total is the width of a full row.
func (t *Table) total() int {
	total := -gap
	for j := range t.columns {
		total += t.columns[j].width + gap
	}
	return total
}

// narrow takes from the columns that may be shortened until a row fits: from
// those of the highest Shrink first, and among equals from the widest.
//
// Where even that would not make a row fit, the line wraps in any case, and the
// row may as well fill the lines that it takes.
func (t *Table) narrow() {
	least := t.total()
	for j, f := range t.opts.Fields {
		if f.Shrink > 0 {
			least -= max(0, t.columns[j].width-max(f.Min, text.Width([]byte(f.Header))))
		}
	}
	lines := max(1, (least+t.opts.Width-1)/t.opts.Width)
	t.opts.Width *= lines
	over := t.total() - t.opts.Width
	highest := 0
	for _, f := range t.opts.Fields {
		highest = max(highest, f.Shrink)
	}
	for level := highest; level > 0 && over > 0; {
		widest, floor := -1, 0
		for j, f := range t.opts.Fields {
			least := max(f.Min, text.Width([]byte(f.Header)))
			if f.Shrink == level && t.columns[j].width > least &&
				(widest < 0 || t.columns[j].width > t.columns[widest].width) {
				widest, floor = j, least
			}
		}
		if widest < 0 {
			level--
			continue
		}
		// A column wider than the whole terminal gives all of that at once;
		// then they give column by column, so that equals stay equal.
		give := max(1, min(over, t.columns[widest].width-max(floor, t.opts.Width)))
		t.columns[widest].width -= give
		over -= give
	}
}

// reserve widens the columns to what the rows to come may need, as far as the
// terminal has room. The last column needs none when it is aligned to the left.
func (t *Table) reserve() {
	room := math.MaxInt
	if t.opts.Width > 0 {
		room = max(0, t.opts.Width-t.total())
	}
	for j, f := range t.opts.Fields {
		want := f.Reserve
		if t.opts.IPv6 {
			want = max(want, f.Reserve6)
		}
		if j == len(t.columns)-1 && !f.Right {
			break
		}
		grant := min(room, max(0, want-t.columns[j].width))
		t.columns[j].width += grant
		room -= grant
	}
}
