package cli_test

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestWhyOnTerminal: an answer keeps to the width of a terminal, but for command
// lines that people are to paste and words that do not fit beneath each other; a
// list is cut. Colours are the only escapes.
func TestWhyOnTerminal(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	at := listener.Addr().String()
	_, port, _ := strings.Cut(at, ":")
	const (
		columns = 44
		beneath = 21 // where the last of what belongs to a process begins
	)
	env := []string{"TERM=xterm", "NO_COLOR=", "CLICOLOR_FORCE="}
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, tt := range []struct {
		args []string
		list bool
		want string
	}{
		{[]string{"why", "tcp", at, "--quiet"}, false, "is taken"},
		{[]string{"why", "tcp", "127.0.0.1:1," + port, "--quiet"}, true, "…"},
	} {
		coloured := onTerminal(t, columns, env, tt.args...)
		out := sgr.ReplaceAllString(coloured, "")
		if coloured == out {
			t.Errorf("%v: no colours on a terminal", tt.args)
		}
		if strings.ContainsRune(out, '\x1b') || !strings.Contains(out, tt.want) {
			t.Errorf("%v: an escape that is no colour, or no %q:\n%q", tt.args, tt.want, out)
		}
		for line := range strings.Lines(out) {
			line = strings.TrimRight(line, "\r\n")
			words := strings.TrimSpace(line)
			command := strings.HasPrefix(words, "sockls ") || strings.HasPrefix(words, "kill ")
			long := strings.LastIndex(line, " ") < beneath || command
			if utf8.RuneCountInString(line) > columns && (tt.list || !long) {
				t.Errorf("%v: %d columns on a terminal of %d: %q", tt.args, utf8.RuneCountInString(line), columns, line)
			}
		}
	}
}
