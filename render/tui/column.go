package tui

import (
	"slices"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// column is a column of the screen: one of the registry, or a rate, which no
// socket alone has.
type column struct {
	field.Field
	rate func(r *rate) float64
	// cell appends the text of a rate.
	cell func(dst []byte, n float64) []byte
}

// rates are the columns of what went through a connection since the last look.
func rates() []column {
	return []column{
		rateColumn("in", "IN/s", "bytes received a second", func(r *rate) float64 { return r.in }, appendBytes),
		rateColumn("out", "OUT/s", "bytes sent a second", func(r *rate) float64 { return r.out }, appendBytes),
		rateColumn("retr", "RETR/s", "segments sent again a second", func(r *rate) float64 { return r.retransmits }, appendThree),
	}
}

func rateColumn(name, header, help string, get func(*rate) float64, cell func([]byte, float64) []byte) column {
	return column{
		Field: field.Field{
			Name: name, Header: header, Help: help,
			Right: true, Reserve: 6, Details: socket.DetailTCPInfo,
		},
		rate: get, cell: cell,
	}
}

// allColumns are those that there are to choose from.
func allColumns() []column {
	fields := field.All()
	all := make([]column, 0, len(fields)+3)
	for i := range fields {
		all = append(all, column{Field: fields[i]})
	}
	// The rates stand with the facts that people look for first.
	return slices.Insert(all, len(field.Basic()), rates()...)
}

// IsRate reports whether a column is one of the rates, which only the screen has.
func IsRate(name string) bool {
	return slices.ContainsFunc(rates(), func(c column) bool { return c.Name == name })
}

func columnNamed(name string) (column, bool) {
	for _, c := range rates() {
		if c.Name == name {
			return c, true
		}
	}
	f, ok := field.Lookup(name)
	return column{Field: f}, ok
}

// columnsOf are the columns at first: the rates stand before what is of no fixed
// width.
func columnsOf(fields []field.Field) []column {
	var columns []column
	for i := range fields {
		columns = append(columns, column{Field: fields[i]})
	}
	at := slices.IndexFunc(columns, func(c column) bool { return c.Shrink > 0 })
	if at < 0 {
		at = len(columns)
	}
	return slices.Insert(columns, at, rates()...)
}

// append appends the text of a cell, which is never empty.
func (c *column) append(dst []byte, e *entry) []byte {
	switch {
	case c.rate == nil:
		return c.Field.Append(dst, e.now)
	case !e.rate.known:
		return append(dst, '-')
	}
	return c.cell(dst, c.rate(&e.rate))
}

// appendSum appends the rate of a group, or nothing.
func (c *column) appendSum(dst []byte, r *rate) []byte {
	if c.rate == nil || !r.known {
		return dst
	}
	return c.cell(dst, c.rate(r))
}

// role is the colour of a cell.
func (c *column) role(e *entry) text.Role {
	switch {
	case c.rate != nil:
		return c.sumRole(&e.rate)
	case c.Role != nil:
		return c.Role(e.now)
	}
	return text.Plain
}

// sumRole is the colour of a rate. What is sent again deserves a look.
func (c *column) sumRole(r *rate) text.Role {
	switch {
	case c.rate == nil || !r.known || c.rate(r) == 0:
		return text.Dim
	case c.Name == "retr":
		return text.Warn
	}
	return text.Plain
}
