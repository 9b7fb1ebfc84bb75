package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/jsonout"
)

// jsonHelp lists the keys of a socket by the columns that show the same.
func jsonHelp() string {
	var b strings.Builder
	b.WriteString(`--json prints one document: "schema", "host", "time", "source" (kernel, tables, and
how processes were found), "notices" (what could not be seen, each with code, count,
message and hint), and "sockets". --jsonl prints one socket a line, each with host
and time, in flat memory.

The schema is ` + jsonout.Schema + `. Fields are only ever added to it: a program has to leave alone
those it does not know. No flag takes a field away or renames it, nor does the config
file; flags for details (-e, -o, -m, -i and others) add theirs. null means that there
is none, or that it cannot be known; which of the two, the notices tell.

Text that is not valid UTF-8, or has characters that could deceive, is escaped, and
exact in a field of the same name with _base64 behind it. Numbers are plain; the key
names their unit (rtt_us). Times are RFC 3339.

watch --jsonl prints one event a line: "time", "host", "event" (open, change, close,
lost), "socket", "changed". why --json has "bind", "free", "verdict", "reasons",
"changes". kill, close and wait say how it ended.

Fields of a socket (of a column, its key in the JSON):
`)
	width, seen := 0, make(map[string]bool)
	all := field.All()
	for i := range all {
		width = max(width, len(all[i].JSONKey))
	}
	for i := range all {
		if f := &all[i]; f.JSONKey != "" && !seen[f.JSONKey] {
			seen[f.JSONKey] = true
			fmt.Fprintf(&b, "  %-*s  %s\n", width, f.JSONKey, f.Help)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// exitHelp collects what the commands say of their exit codes.
func exitHelp(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("2 is always wrong usage or a failure, and says so on standard error. A reader that\n" +
		"has gone away, as in sockls | head, is no failure.\n")
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		for paragraph := range strings.SplitSeq(c.Long, "\n\n") {
			if codes, ok := strings.CutPrefix(paragraph, exitWords); ok && c.IsAvailableCommand() {
				fmt.Fprintf(&b, "\n%s\n", c.CommandPath())
				for line := range strings.SplitSeq(codes, "\n") {
					fmt.Fprintf(&b, "  %s\n", line)
				}
			}
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// exitWords begin the paragraph about exit codes in the help of a command.
const exitWords = "Exit code: "

// The table of settings is in config.go; a test holds the two together.
const configHelp = `The file sockls/config.toml, in the directory XDG_CONFIG_HOME or, without that, in
~/.config (macOS: ~/Library/Application Support, Windows: %AppData%), has defaults
for people. It is TOML, and these are all the keys there are:

  columns = ["proto", "state", "local", "process"]   or "+pid,exe" to add some
  sort = "-recv-q,local"
  color = "never"                                    or "auto", "always"

  [watch]
  interval = "2s"

columns and sort are about the tables of the listing, wherever they go. JSON, CSV
and files that are saved stay as they are, and so do exit codes. color is for all
commands, the interval for sockls watch.

Flags win. --columns +NAME adds to the columns of the file. Scripts that read tables
use --no-config, or better --json. A key that is not known and a value that is not
valid are errors, whatever is asked for, with their line.`
