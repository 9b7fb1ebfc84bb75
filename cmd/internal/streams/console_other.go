//go:build !windows

package streams

import (
	"os"

	"golang.org/x/term"
)

// console tells what a file writes to. Whether a terminal understands escape
// sequences is said by its TERM.
func console(f *os.File) (terminal, escapes bool, width int) {
	fd := int(f.Fd())
	if terminal = term.IsTerminal(fd); terminal {
		if w, _, err := term.GetSize(fd); err == nil {
			width = w
		}
	}
	return terminal, false, width
}

// ReaderGone reports whether an error of writing is that of a reader that went
// away, and not to be told. Here a signal has ended the program by then, unless
// somebody has asked for errors in its place.
func ReaderGone(error) bool { return false }
