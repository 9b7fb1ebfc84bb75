package saved

import (
	"errors"
	"fmt"
	"strings"
)

// Error is a file that cannot be read, or not to its end.
type Error struct {
	File string
	// Line and Column, which counts bytes, are of text and begin with 1; in a
	// raw file they are 0.
	Line, Column int64
	// Offset is where the fault is, in bytes from the beginning.
	Offset int64
	// Sockets is how many were read before the fault, and InSocket whether it
	// lies in the one after those.
	Sockets  int
	InSocket bool
	// Keys lead to the faulty value, from the outside.
	Keys []string
	Err  error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d, column %d: ", e.Line, e.Column)
	} else {
		fmt.Fprintf(&b, ": byte %d: ", e.Offset)
	}
	if e.InSocket {
		fmt.Fprintf(&b, "socket %d: ", e.Sockets+1)
	}
	for _, key := range e.Keys {
		fmt.Fprintf(&b, "%s: ", shown(key))
	}
	b.WriteString(e.Err.Error())
	if errors.Is(e.Err, ErrTruncated) {
		fmt.Fprintf(&b, " (%s read)", count(e.Sockets, "socket"))
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// The causes that are not a matter of one value.
var (
	// ErrTruncated is a file that ends before it is complete.
	ErrTruncated = errors.New("the file ends too early")
	// ErrForeign is a file that is none of those that this package reads.
	ErrForeign = errors.New("not a file of sockets: expected what sockls --save, --json or --jsonl or what ss -D writes")
)

// foreign says what there is in place of what was expected.
func foreign(what string) error { return fmt.Errorf("%s: %w", what, ErrForeign) }

// shown quotes a word from a file, which may be long and may be anything.
func shown(word string) string {
	const most = 40
	if len(word) > most {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(word[:most], ""))
	}
	return fmt.Sprintf("%q", word)
}
