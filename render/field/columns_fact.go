package field

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// factFields makes the columns of the details: every fact that belongs to a
// group. Those that every row has are columns already.
func factFields() []Field {
	var fields []Field
	for _, f := range fact.All() {
		if f.Group != fact.NoGroup {
			fields = append(fields, factField(&f))
		}
	}
	return fields
}

// lookupFact is the one of factFields with that name.
func lookupFact(name string) (Field, bool) {
	f, ok := fact.Lookup(name)
	if !ok || f.Group == fact.NoGroup {
		return Field{}, false
	}
	return factField(&f), true
}

// factField makes the column of a fact.
func factField(f *fact.Fact) Field {
	column := Field{
		Name: f.Name, Header: strings.ToUpper(f.Name), Help: f.Help,
		JSONKey: f.Group.String() + "." + f.Key, Details: f.Details,
	}
	if f.Kind == fact.Text {
		read := f.Text
		column.Shrink, column.Min = 1, 10
		column.Has = func(s *socket.Socket) bool {
			_, ok := read(s)
			return ok
		}
		column.Value = func(dst []byte, s *socket.Socket) []byte {
			value, ok := read(s)
			if !ok {
				return dst
			}
			return text.AppendQuoted(dst, value)
		}
		column.Compare = func(a, b *socket.Socket) int {
			x, hasX := read(a)
			y, hasY := read(b)
			return compareKnown(hasX, hasY, strings.Compare(x, y))
		}
		return column
	}
	read, kind := f.Number, f.Kind
	column.Right = kind != fact.Flag
	column.Reserve = reserves[kind]
	column.Has = func(s *socket.Socket) bool {
		_, ok := read(s)
		return ok
	}
	column.Value = func(dst []byte, s *socket.Socket) []byte {
		n, ok := read(s)
		if !ok {
			return dst
		}
		return appendFact(dst, kind, n)
	}
	if kind != fact.Flag {
		column.Plain = func(dst []byte, s *socket.Socket) []byte {
			n, ok := read(s)
			if !ok {
				return dst
			}
			return strconv.AppendInt(dst, n, 10)
		}
	}
	column.Compare = func(a, b *socket.Socket) int {
		x, hasX := read(a)
		y, hasY := read(b)
		return compareKnown(hasX, hasY, cmp.Compare(x, y))
	}
	return column
}

// reserves are widths for what later rows may have.
var reserves = [...]int{
	fact.Count: 6, fact.Bytes: 9, fact.Microseconds: 8, fact.Milliseconds: 8,
	fact.ByteRate: 8, fact.Flag: 3, fact.Hex: 6, fact.Text: 0,
}

// appendFact appends a number for reading.
func appendFact(dst []byte, kind fact.Kind, n int64) []byte {
	switch kind {
	case fact.Microseconds:
		return appendDuration(dst, n)
	case fact.Milliseconds:
		n = max(math.MinInt64/millisecond, min(math.MaxInt64/millisecond, n))
		return appendDuration(dst, n*millisecond)
	case fact.ByteRate:
		return appendRate(dst, n)
	case fact.Hex:
		return strconv.AppendUint(append(dst, '0', 'x'), uint64(n), 16)
	case fact.Flag:
		if n != 0 {
			return append(dst, "yes"...)
		}
		return append(dst, "no"...)
	}
	return strconv.AppendInt(dst, n, 10)
}

// compareKnown orders what is known by order, and what is not behind it.
func compareKnown(hasX, hasY bool, order int) int {
	switch {
	case hasX && hasY:
		return order
	case hasX:
		return -1
	case hasY:
		return 1
	}
	return 0
}
