package field

import (
	"slices"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// Field is one column.
type Field struct {
	// Name is what --columns and --sort call it and what heads a CSV column.
	// Names are stable.
	Name string
	// Header heads the column of a table.
	Header string
	// Help is one line for the documentation.
	Help string
	// JSONKey is where the same fact is found in the JSON of a socket.
	JSONKey string

	// Right aligns to the right.
	Right bool
	// Shrink tells which columns to shorten when a terminal is too narrow: the
	// highest first, 0 never. Addresses, ports, numbers and states are never
	// shortened, because a shortened one is a wrong one.
	Shrink int
	// Min is the width below which a column is not shortened.
	Min int
	// Reserve is the width to set aside when not all rows are known yet, and
	// Reserve6 the same where IPv6 is shown, 0 when that makes no difference.
	Reserve, Reserve6 int

	// Details are what the collector has to fetch for this column.
	Details socket.Detail

	// Value appends the value as safe text, or nothing when there is none.
	Value func(dst []byte, s *socket.Socket) []byte
	// Plain appends the value as scripts can compute with it: a bare number in
	// the unit of the JSON. Nil stands for Value.
	Plain func(dst []byte, s *socket.Socket) []byte
	// Missing appends what a table shows in place of a value; nil stands for "-".
	Missing func(dst []byte, s *socket.Socket) []byte
	// Shorten appends cell, a text made by Append, cut to width columns; nil
	// stands for text.Truncate.
	Shorten func(dst, cell []byte, width int) []byte
	// Role chooses the colour; nil stands for text.Plain.
	Role func(s *socket.Socket) text.Role
	// Compare orders two sockets by this column alone.
	Compare func(a, b *socket.Socket) int
	// Has tells which sockets have a value. Those that have none come last in
	// either direction of the sort; nil leaves that to Compare.
	Has func(s *socket.Socket) bool
}

// Append appends the text of a table cell, which is never empty.
func (f *Field) Append(dst []byte, s *socket.Socket) []byte {
	start := len(dst)
	if dst = f.Value(dst, s); len(dst) > start {
		return dst
	}
	if f.Missing != nil {
		return f.Missing(dst, s)
	}
	return append(dst, '-')
}

// AppendPlain appends the value for a script, or nothing when there is none.
func (f *Field) AppendPlain(dst []byte, s *socket.Socket) []byte {
	if f.Plain != nil {
		return f.Plain(dst, s)
	}
	return f.Value(dst, s)
}

// All returns every column in the order of the documentation. It makes those
// of the details, which costs too much for a look-up.
func All() []Field {
	return slices.Concat(Basic(), factFields(), setFields())
}

// Basic returns the columns that stand on their own; all others are about
// details and belong to one of the Sets.
func Basic() []Field {
	return slices.Concat(socketFields, endpointFields, processFields)
}

// Names returns the names of all columns.
func Names() []string {
	all := All()
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names
}

// Lookup returns the column of that name.
func Lookup(name string) (Field, bool) {
	for _, fields := range [...][]Field{socketFields, endpointFields, processFields} {
		for i := range fields {
			if fields[i].Name == name {
				return fields[i], true
			}
		}
	}
	if f, ok := lookupFact(name); ok {
		return f, true
	}
	return lookupSet(name)
}

// Details returns the union of what the fields need.
func Details(fields []Field) socket.Detail {
	var d socket.Detail
	for i := range fields {
		d |= fields[i].Details
	}
	return d
}
