package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sockls/sockls/cmd/internal/streams"
)

// writeConfig writes a config file and returns an environment that leads to it.
func writeConfig(t *testing.T, text string) (path string, env func(string) string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "sockls", "config.toml")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func(name string) string { return map[string]string{"XDG_CONFIG_HOME": dir}[name] }
}

const fullConfig = `
columns = ["proto", "local", "process"]
color = "always"
sort = "-local"
[watch]
interval = "2s"
`

// TestConfigDefaults looks at what the listing is asked for with a config file.
func TestConfigDefaults(t *testing.T) {
	tests := []struct {
		args                  string
		columns, sort, colour string
	}{
		{"-l", "proto,local,process", "-local", "always"},
		{"-l --columns pid", "pid", "-local", "always"},
		{"-l --columns +pid", "proto,local,process,+pid", "-local", "always"},
		{"-l --sort pid --color never", "proto,local,process", "pid", "never"},
		{"-l --no-processes", "proto,local", "-local", "always"},
		{"-l --no-config", "", "", "auto"},
		{"--json", "", "", "always"},
		{"--jsonl", "", "", "always"},
		{"--csv --columns +pid", "+pid", "", "always"},
		{"--csv=false", "proto,local,process", "-local", "always"},
	}
	_, env := writeConfig(t, fullConfig)
	for _, tt := range tests {
		var errs bytes.Buffer
		s := streams.Streams{Out: &errs, Err: &errs, Env: env}
		var got *listOptions
		cmd := newRootCmd(s, func(o *listOptions) error {
			got = o
			return nil
		})
		if code := execute(context.Background(), s, cmd, strings.Fields(tt.args)); code != 0 || got == nil {
			t.Errorf("%s: exit code %d: %s", tt.args, code, errs.String())
			continue
		}
		if got.columns != tt.columns || got.sort != tt.sort || got.colour != tt.colour {
			t.Errorf("%s: columns %q, sort %q, colour %q; want %q, %q, %q", tt.args,
				got.columns, got.sort, got.colour, tt.columns, tt.sort, tt.colour)
		}
	}
}

// TestConfigOfWatch has its interval from there, and none of what is the listing's.
func TestConfigOfWatch(t *testing.T) {
	_, env := writeConfig(t, fullConfig)
	var errs bytes.Buffer
	s := streams.Streams{Out: &errs, Err: &errs, Env: env}
	for args, want := range map[string]time.Duration{
		"watch": 2 * time.Second, "watch --interval 3s": 3 * time.Second, "watch --no-config": watchInterval,
	} {
		var got *watchOptions
		cmd := newRootCmd(s, nil)
		for _, c := range cmd.Commands() {
			if c.Name() == "watch" {
				cmd.RemoveCommand(c)
			}
		}
		cmd.AddCommand(newWatchCmd(s, func(o *watchOptions) error {
			got = o
			return nil
		}))
		if code := execute(context.Background(), s, cmd, strings.Fields(args)); code != 0 || got == nil {
			t.Fatalf("%s: exit code %d: %s", args, code, errs.String())
		}
		if got.interval != want || got.sort != "" || got.columns != "" {
			t.Errorf("%s: interval %v, sort %q, columns %q; want %v", args, got.interval, got.sort, got.columns, want)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	tests := []struct{ text, want string }{
		{"colums = 'pid'", `:1: unknown key "colums", did you mean "columns"?`},
		{"\n[watch]\nsomething = 'pid'", `:3: unknown key "watch.something"; there are columns, color, sort, watch.interval`},
		{"columns = 'pid,inod'", `:1: columns: unknown column "inod", did you mean "inode"?`},
		{"# x\nsort = ['-pid', 'inod']", `:2: sort: unknown sort key "inod", did you mean "inode"?`},
		{"color = 'blue'", `:1: color: --color is auto, always or never, not "blue"`},
		{"color = ['auto']", ":1: color is one string, and no list"},
		{"columns = []", ":1: columns is empty"},
		{"[watch]\ninterval = '1ms'", ":2: watch.interval: it is 10ms or more"},
		{"[watch]\ninterval = 'soon'", ":2: watch.interval: it is a time such as 500ms, 30s or 5m, or a number of seconds"},
		{"color = auto", ":1: color: a value is a string in quotes, or a list of strings"},
	}
	for _, tt := range tests {
		path, env := writeConfig(t, tt.text)
		for _, args := range [][]string{{"-l"}, {"why", "8080"}} {
			var out, errs bytes.Buffer
			s := streams.Streams{Out: &out, Err: &errs, Env: env}
			code := Main(context.Background(), s, args)
			if want := "sockls: " + path + tt.want + "\n"; code != exitFailed || errs.String() != want || out.Len() > 0 {
				t.Errorf("%q, %v: exit code %d, %q, want %q", tt.text, args, code, errs.String(), want)
			}
		}
		// These have nothing to do with it.
		for _, args := range [][]string{{"--version"}, {"version"}, {"help"}, {"-l", "--no-config", "--explain-filter"}} {
			var out, errs bytes.Buffer
			s := streams.Streams{Out: &out, Err: &errs, Env: env}
			if code := Main(context.Background(), s, args); code != 0 {
				t.Errorf("%q, %v: exit code %d: %s", tt.text, args, code, errs.String())
			}
		}
	}
}
