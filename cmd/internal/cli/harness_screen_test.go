//go:build linux

package cli_test

import (
	"errors"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sockls/sockls/render/tui/tmuxtest"
)

// cmdScreen lets a script sit at a terminal.
func cmdScreen(ts *testscript.TestScript, neg bool, args []string) {
	th := theatreOf(ts)
	if neg || len(args) < 2 || args[0] != "open" && th.terminal == nil {
		ts.Fatalf("usage: screen open COLUMNSxROWS [NAME=VALUE…], and then screen type|keys|await TEXT…")
	}
	var err error
	switch verb, rest := args[0], args[1:]; verb {
	case "open":
		err = openScreen(ts, th, rest[0], rest[1:])
	case "type":
		err = th.terminal.Keys("-l", strings.Join(rest, " "))
	case "keys":
		err = th.terminal.Keys(rest...)
	case "await":
		var seen string
		if seen, err = th.terminal.Await(rest...); err == nil {
			ts.Logf("%s", strings.TrimRight(seen, "\n"))
		}
	default:
		ts.Fatalf("screen has no %s", verb)
	}
	if errors.Is(err, tmuxtest.ErrNone) {
		ts.Fatalf("%v, which [exec:tmux] asks for", err)
	}
	ts.Check(err)
}

func openScreen(ts *testscript.TestScript, th *theatre, size string, env []string) error {
	columns, rows, _ := strings.Cut(size, "x")
	width, err := strconv.Atoi(columns)
	if err != nil {
		return err
	}
	height, err := strconv.Atoi(rows)
	if err != nil {
		return err
	}
	for _, name := range []string{"PATH", "GORACE"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	th.terminal, err = tmuxtest.Open(ts.MkAbs("."), width, height, env...)
	return err
}
