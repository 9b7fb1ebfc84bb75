package config

import "fmt"

// Setting is one line of the file.
type Setting struct {
	// Key has the name of its table in front, as in "watch.interval".
	Key string
	// Values are the string, or those of the list.
	Values []string
	// List tells a list of one from a string.
	List bool
	Line int
}

// Error is a mistake in the file.
type Error struct {
	Path string // "" as long as nobody has said it
	Line int
	Text string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Text) }
