package summaryout

import (
	"strconv"

	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/text"
)

// width is how many columns the text takes.
const width = 80

// pen puts lines together.
type pen struct {
	palette text.Palette
	out     []byte
}

// It is called in so many places that to inline it takes 12 KB.
//
//go:noinline
func (p *pen) add(s string) { p.out = append(p.out, s...) }

func (p *pen) number(n int) { p.out = strconv.AppendInt(p.out, int64(n), 10) }

// count adds a number or, where it is not known, a question mark.
func (p *pen) count(c summary.Count) { p.add(known(c, "?")) }

func known(c summary.Count, or string) string {
	if !c.Known {
		return or
	}
	return strconv.FormatInt(c.N, 10)
}

func (p *pen) paint(role text.Role, s string) {
	p.out = p.palette.Append(p.out, role, []byte(s))
}

// cell is one of a table; right aligns it to the right. More follows the last
// one of a row, on a line of its own where there is no room.
type cell struct {
	text  string
	role  text.Role
	right bool
	more  string
}

func right(s string) cell { return cell{text: s, right: true} }

func (c *cell) width() int { return text.Width([]byte(c.text)) }

// table adds rows of cells, as many in each, in columns as wide as they need.
func (p *pen) table(rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], row[i].width())
		}
	}
	for _, row := range rows {
		p.row(row, widths)
	}
}

func (p *pen) row(row []cell, widths []int) {
	at := 0
	for i := range row {
		c := &row[i]
		if i > 0 {
			p.add("  ")
			at += 2
		}
		blanks := widths[i] - c.width()
		switch {
		case c.right:
			p.blanks(blanks)
			p.paint(c.role, c.text)
		case i == len(row)-1:
			p.paint(c.role, c.text)
			p.more(c, at)
		default:
			p.paint(c.role, c.text)
			p.blanks(blanks)
		}
		at += widths[i]
	}
	p.add("\n")
}

// more adds what follows a cell that begins in a column.
func (p *pen) more(c *cell, at int) {
	wide := text.Width([]byte(c.more))
	switch {
	case c.more == "":
		return
	case at+c.width()+1+wide <= width:
		p.add(" ")
	default:
		p.add("\n")
		p.blanks(max(0, min(at, width-wide)))
	}
	p.add(c.more)
}

func (p *pen) blanks(n int) {
	for range n {
		p.out = append(p.out, ' ')
	}
}

// percent is part of whole in whole percents, rounded down: 100% is all of it.
func percent(part, whole int) string {
	if whole <= 0 {
		return "-"
	}
	return strconv.Itoa(min(100, int(int64(part)*100/int64(whole)))) + "%"
}
