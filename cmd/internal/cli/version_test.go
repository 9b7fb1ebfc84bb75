package cli

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	stamped := &debug.BuildInfo{
		Main: debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{
			{Key: "vcs", Value: "git"},
			{Key: "vcs.revision", Value: "0123abcd"},
			{Key: "vcs.time", Value: "2026-05-01T07:00:00Z"},
			{Key: "vcs.modified", Value: "true"},
		},
	}
	tests := []struct {
		name string
		info *debug.BuildInfo
		want string // but for the last line
	}{
		{"none", nil, "sockls (devel)\n"},
		{"installed", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "sockls v1.2.3\n"},
		{"from a checkout", stamped, "sockls v1.2.3\ncommit 0123abcd and changes that are not committed\ndate   2026-05-01T07:00:00Z\n"},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		b := buildOf(tt.info, tt.info != nil)
		if err := b.write(&out); err != nil {
			t.Fatal(err)
		}
		rest, ok := strings.CutPrefix(out.String(), tt.want)
		if !ok || !strings.HasPrefix(rest, "built  go") || strings.Count(rest, "\n") != 1 {
			t.Errorf("%s: %q", tt.name, out.String())
		}
	}
	if got := printed(t, "--version"); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "sockls ") {
		t.Errorf("--version: %q", got)
	}
}
