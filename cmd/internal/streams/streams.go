package streams

import (
	"io"
	"os"
)

// Streams are a program's surroundings.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal is set when Out is a terminal, Width is its width then and 0
	// otherwise. Escapes is set when it is known to understand escape sequences
	// whatever TERM says.
	Terminal, Escapes bool
	Width             int
	// Env looks up an environment variable, "" when it is not set.
	Env func(name string) string
}

// System returns those of the process.
func System() Streams {
	s := Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv}
	s.Terminal, s.Escapes, s.Width = console(os.Stdout)
	return s
}

// Colour decides whether to colour. NO_COLOR (any value) wins, then
// CLICOLOR_FORCE; otherwise it takes a terminal that is not dumb.
func (s Streams) Colour() bool {
	if s.Env("NO_COLOR") != "" {
		return false
	}
	if force := s.Env("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	name := s.Env("TERM")
	return s.Terminal && (name != "" || s.Escapes) && name != "dumb" && s.Env("CLICOLOR") != "0"
}
