package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockls/sockls/cmd/internal/config"
	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/spelling"
	"github.com/sockls/sockls/render/field"
)

// setting is a key of the config file.
type setting struct {
	key  string
	flag string // that it is the default of
	list bool   // may be a list
	// table settings are about the tables of the listing alone: never about what
	// scripts read, nor about the screen of watch, which has columns of its own.
	table bool
	valid func(value string) error
}

var settings = [...]setting{
	{key: "columns", flag: "columns", list: true, table: true, valid: validColumns},
	{key: "color", flag: "color", valid: func(when string) error {
		_, err := palette(when, streams.Streams{Env: func(string) string { return "" }})
		return err
	}},
	{key: "sort", flag: "sort", list: true, table: true, valid: func(keys string) error {
		_, err := field.ParseSort(keys)
		return err
	}},
	{key: "watch.interval", flag: "interval", valid: func(interval string) error {
		d, err := parseTimeout(interval)
		if err == nil && d < shortestInterval {
			err = errors.New("it is 10ms or more")
		}
		return err
	}},
}

func validColumns(list string) error {
	_, err := field.Parse(list, nil)
	return err
}

// configure makes what the config file says the defaults of a command. A flag that
// is given wins, but a list of columns that begins with a plus adds to those of the
// file, which are the default ones then.
func configure(cmd *cobra.Command, s streams.Streams) error {
	flags := cmd.Flags()
	if isOn(flags, "no-config") || isOn(flags, "version") || !wantsConfig(flags) {
		return nil
	}
	path := config.Path(s.Env)
	if path == "" {
		return nil
	}
	lines, err := config.Load(path)
	if err != nil {
		return err
	}
	for _, line := range lines {
		mistake := &config.Error{Path: path, Line: line.Line}
		known, value, err := settingOf(line)
		if err != nil {
			mistake.Text = err.Error()
			return mistake
		}
		if known.table && !showsTable(cmd) {
			continue
		}
		if err := preset(flags, known, value); err != nil {
			mistake.Text = line.Key + ": " + err.Error()
			return mistake
		}
	}
	return nil
}

// wantsConfig reports whether a command has a flag that the file is about.
func wantsConfig(flags *pflag.FlagSet) bool {
	for i := range settings {
		if flags.Lookup(settings[i].flag) != nil {
			return true
		}
	}
	return false
}

// settingOf finds and checks the setting of a line, whatever the command is about:
// a mistake is to be found when it is made.
func settingOf(line config.Setting) (known *setting, value string, err error) {
	var keys []string
	for i := range settings {
		if settings[i].key == line.Key {
			known = &settings[i]
		}
		keys = append(keys, settings[i].key)
	}
	switch {
	case known == nil && spelling.Nearest(line.Key, keys) == "":
		return nil, "", fmt.Errorf("unknown key %q; there are %s", line.Key, strings.Join(keys, ", "))
	case known == nil:
		return nil, "", unknownWord("key", "", line.Key, keys)
	case line.List && !known.list:
		return nil, "", fmt.Errorf("%s is one string, and no list", line.Key)
	}
	value = strings.Join(line.Values, ",")
	if value == "" {
		return nil, "", fmt.Errorf("%s is empty", line.Key)
	}
	if err := known.valid(value); err != nil {
		return nil, "", fmt.Errorf("%s: %w", line.Key, err)
	}
	return known, value, nil
}

// showsTable reports whether a command prints rows as a table.
func showsTable(cmd *cobra.Command) bool {
	for _, name := range [...]string{"json", "jsonl", "csv"} {
		if isOn(cmd.Flags(), name) {
			return false
		}
	}
	return !cmd.HasParent() && !cmd.Flags().Changed("watch")
}

// preset sets a flag as if it had been built so: it does not count as given.
func preset(flags *pflag.FlagSet, s *setting, value string) error {
	f := flags.Lookup(s.flag)
	if f == nil {
		return nil
	}
	if s.flag == "columns" && isOn(flags, "no-processes") {
		if value = withoutProcesses(value); value == "" {
			return nil
		}
	}
	if f.Changed {
		given := f.Value.String()
		if s.flag != "columns" || !strings.HasPrefix(strings.TrimSpace(given), "+") {
			return nil
		}
		value += "," + given
	}
	return f.Value.Set(value)
}

// withoutProcesses leaves out the columns that need processes, as the built-in
// columns do where nobody looks into them.
func withoutProcesses(list string) string {
	sign := ""
	if strings.HasPrefix(strings.TrimSpace(list), "+") {
		sign = "+"
	}
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimPrefix(strings.TrimSpace(name), "+")
		if f, ok := field.Lookup(name); ok && f.Details&ownerDetails == 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return sign + strings.Join(names, ",")
}

// isOn reports whether a command has a boolean flag that is set.
func isOn(flags *pflag.FlagSet, name string) bool {
	f := flags.Lookup(name)
	return f != nil && f.Value.Type() == "bool" && f.Value.String() == "true"
}
