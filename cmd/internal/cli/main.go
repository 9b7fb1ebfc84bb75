package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/render/text"
)

// The exit codes of listing commands.
const (
	exitMatched    = 0
	exitNone       = 1
	exitFailed     = 2
	exitIncomplete = 3
)

// exitError carries an exit code that says everything; nothing is printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Main runs the program and returns its exit code.
func Main(ctx context.Context, s streams.Streams, args []string) int {
	return execute(ctx, s, newRootCmd(s, nil), args)
}

func execute(ctx context.Context, s streams.Streams, cmd *cobra.Command, args []string) int {
	// What cobra prints itself, such as help, it prints without looking.
	out := &checkedWriter{w: s.Out}
	cmd.SetArgs(args)
	cmd.SetOut(out)
	cmd.SetErr(s.Err)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		err = out.err
	}
	var code exitError
	switch {
	case err == nil:
		return exitMatched
	case errors.As(err, &code):
		return int(code)
	}
	complain(s, err.Error())
	var syntax *filter.SyntaxError
	if errors.As(err, &syntax) {
		_, _ = fmt.Fprintln(s.Err, indented(syntax.Caret())) // see complain
	}
	return exitFailed
}

func indented(lines string) string { return "  " + strings.ReplaceAll(lines, "\n", "\n  ") }

// checkedWriter keeps the first error.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

// complain prints one line on standard error. Messages quote what users and
// kernels say, so they are escaped like any other text.
func complain(s streams.Streams, message string) {
	message = strings.TrimSpace(message)
	line := text.AppendEscaped([]byte("sockls: "), message)
	// There is nowhere left to report that standard error fails.
	_, _ = s.Err.Write(append(line, '\n'))
}
