package cli

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/sockls/sockls/cmd/internal/config"
	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/render/field"
)

func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	s := streams.Streams{Out: &out, Err: &errs, Env: func(string) string { return "" }}
	if code := Main(context.Background(), s, args); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	return out.String()
}

// TestTopics wants what a registry or a command knows on the page about it.
func TestTopics(t *testing.T) {
	columns, json := printed(t, "help", "columns"), printed(t, "help", "json")
	for _, f := range field.All() {
		if !strings.Contains(columns, "  "+f.Name+" ") {
			t.Errorf("help columns lacks %s", f.Name)
		}
		if !strings.Contains(json, "  "+f.JSONKey+" ") {
			t.Errorf("help json lacks %s", f.JSONKey)
		}
	}
	codes := printed(t, "help", "exit-codes")
	for _, want := range []string{"\nsockls\n  0 something matched", "\nsockls why\n  0 free", "\nsockls kill\n  0 the port", "\nsockls wait\n  0 it"} {
		if !strings.Contains(codes, want) {
			t.Errorf("help exit-codes lacks %q:\n%s", want, codes)
		}
	}
	if !strings.Contains(printed(t, "help", "filter"), "sport OP PORT") {
		t.Error("help filter is not about filters")
	}
}

// TestConfigTopic takes the examples, here and in the README, for files, which have
// to have every key.
func TestConfigTopic(t *testing.T) {
	var file strings.Builder
	for line := range strings.Lines(printed(t, "help", "config")) {
		if strings.HasPrefix(line, "  ") {
			line, _, _ = strings.Cut(line, "  or ") // what else it may be
			file.WriteString(strings.TrimSpace(line) + "\n")
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(readme), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	for _, text := range []string{file.String(), example} {
		lines, err := config.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != len(settings) {
			t.Errorf("%d settings, want %d: %s", len(lines), len(settings), text)
		}
		for _, line := range lines {
			if _, _, err := settingOf(line); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestReference wants a text on every page.
func TestReference(t *testing.T) {
	for _, c := range Reference().Commands() {
		if c.Name() != "version" && len(c.Long) < 100 {
			t.Errorf("%s has no text", c.CommandPath())
		}
	}
}
