package field

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/spelling"
)

// UnknownError is a column or sort key that does not exist.
type UnknownError struct {
	// Kind is "column" or "sort key".
	Kind string
	Name string
	// Nearest is what was probably meant, "" when nothing is near.
	Nearest string
}

// Error implements error.
func (e *UnknownError) Error() string {
	if e.Name == "" {
		return "empty " + e.Kind + " in the list"
	}
	if e.Nearest == "" {
		return fmt.Sprintf("unknown %s %q", e.Kind, e.Name)
	}
	return fmt.Sprintf("unknown %s %q, did you mean %q?", e.Kind, e.Name, e.Nearest)
}

// Parse reads a --columns list, names joined by commas. A list that begins
// with "+" adds to defaults; a "+" before later names changes nothing. A column
// named twice appears once, where it was named first.
func Parse(list string, defaults []Field) ([]Field, error) {
	var fields []Field
	if strings.HasPrefix(strings.TrimSpace(list), "+") {
		fields = slices.Clone(defaults)
	}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimPrefix(strings.TrimSpace(name), "+")
		f, ok := Lookup(name)
		if !ok {
			return nil, &UnknownError{Kind: "column", Name: name, Nearest: spelling.Nearest(name, Names())}
		}
		fields = Add(fields, f)
	}
	return fields, nil
}

// Add appends those columns that are not in fields yet.
func Add(fields []Field, more ...Field) []Field {
	for _, f := range more {
		if !slices.ContainsFunc(fields, func(g Field) bool { return g.Name == f.Name }) {
			fields = append(fields, f)
		}
	}
	return fields
}

// Sort is a parsed --sort list.
type Sort struct {
	// Details are what the sort keys need to be fetched.
	Details socket.Detail

	keep    bool
	compare func(a, b *socket.Socket) int // nil for the default order
}

// Keep reports whether the kernel's order is to be kept.
func (s Sort) Keep() bool { return s.keep }

// Start begins to put rows into the order.
func (s Sort) Start() *Ordering { return &Ordering{sort: s} }

// Ordering is a sort at work.
type Ordering struct {
	sort   Sort
	sorter socket.Sorter    // for the default order
	rows   []*socket.Socket // for all others
}

// Add takes a row, which must not change any more.
func (o *Ordering) Add(s *socket.Socket) {
	if o.sort.keep || o.sort.compare != nil {
		o.rows = append(o.rows, s)
	} else {
		o.sorter.Add(s)
	}
}

// Rows returns all rows in order. Nothing can be added after that.
func (o *Ordering) Rows() []*socket.Socket {
	switch {
	case o.sort.keep:
		return o.rows
	case o.sort.compare == nil:
		return o.sorter.Rows()
	}
	slices.SortFunc(o.rows, o.sort.compare)
	return o.rows
}

// ParseSort reads a --sort list: column names joined by commas, each with a
// "-" in front to reverse it. Ties fall to the default order, so the result is
// the same whatever order the kernel gave. An empty list is the default order
// itself; "none" keeps the kernel's.
func ParseSort(keys string) (Sort, error) {
	keys = strings.TrimSpace(keys)
	switch keys {
	case "":
		return Sort{}, nil
	case "none":
		return Sort{keep: true}, nil
	}
	var sort Sort
	var compares []func(a, b *socket.Socket) int
	for key := range strings.SplitSeq(keys, ",") {
		name, reverse := strings.CutPrefix(strings.TrimSpace(key), "-")
		if name == "none" {
			return Sort{}, errors.New(`sort key "none" keeps the kernel's order and stands alone`)
		}
		f, ok := Lookup(name)
		if !ok {
			valid := append(Names(), "none")
			return Sort{}, &UnknownError{Kind: "sort key", Name: name, Nearest: spelling.Nearest(name, valid)}
		}
		sort.Details |= f.Details
		compares = append(compares, direction(&f, reverse))
	}
	sort.compare = func(a, b *socket.Socket) int {
		for _, compare := range compares {
			if c := compare(a, b); c != 0 {
				return c
			}
		}
		return socket.Compare(a, b)
	}
	return sort, nil
}

// direction returns the order of a column forwards or in reverse. Sockets
// without a value come last in both: who sorts by the longest round trip does
// not ask for the sockets that have none.
func direction(f *Field, reverse bool) func(a, b *socket.Socket) int {
	compare, has := f.Compare, f.Has
	switch {
	case !reverse:
		return compare
	case has == nil:
		return func(a, b *socket.Socket) int { return compare(b, a) }
	}
	return func(a, b *socket.Socket) int {
		return compareKnown(has(a), has(b), compare(b, a))
	}
}
