package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
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
	cmd.SetArgs(unaliased(args))
	if isCompletion(args) {
		complete(cmd, systemHints())
	}
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
	if streams.ReaderGone(err) {
		return exitFailed
	}
	complain(s, err.Error())
	var syntax *filter.SyntaxError
	if errors.As(err, &syntax) {
		_, _ = fmt.Fprintln(s.Err, indented(syntax.Caret())) // see complain
	}
	return exitFailed
}

// unaliased puts why in place of its other names. Cobra would take them for the
// command wherever they stand, and "port" is a word of filters: only as the
// first word it is the command.
func unaliased(args []string) []string {
	at := 0
	if len(args) > 0 && args[0] == "help" {
		at = 1
	}
	if at < len(args) && (args[at] == "port" || args[at] == "who") {
		args = slices.Clone(args)
		args[at] = "why"
	}
	return args
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

// complainOf says what could not be seen, and what to do about it.
func complainOf(s streams.Streams, n socket.Notice) {
	message := n.Message
	if n.Hint != "" {
		message += "; " + n.Hint
	}
	complain(s, message)
}
