package streams

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// console tells what a file writes to. A console of Windows 10 understands escape
// sequences once it is told to, and goes on doing so after this program, as after
// others: a shell sets it up for itself. An older one does not, and begins a new
// line as soon as one is full, so that one more would leave a gap.
//
// Text is UTF-8 in any case: what is written to a console, package os converts.
func console(f *os.File) (terminal, escapes bool, width int) {
	handle := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false, false, 0 // a file or a pipe
	}
	escapes = mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0 ||
		windows.SetConsoleMode(handle, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
	if w, _, err := term.GetSize(int(f.Fd())); err == nil {
		width = w
	}
	if !escapes && width > 1 {
		width--
	}
	return true, escapes, width
}

// ReaderGone reports whether an error of writing is that of a pipe that nobody
// reads any more. Where there are signals, one ends the program then.
func ReaderGone(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, windows.ERROR_PIPE_NOT_CONNECTED)
}
