//go:build unix

package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/cmd/internal/config"
)

func TestPath(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"XDG", map[string]string{"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/sockls/config.toml"},
		{"relative XDG is ignored", map[string]string{"XDG_CONFIG_HOME": "x"}, ""},
		{"no home", nil, ""},
	}
	for _, tt := range tests {
		if got := config.Path(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	home := config.Path(func(name string) string { return map[string]string{"HOME": "/h"}[name] })
	if !strings.HasPrefix(home, "/h/") || !strings.HasSuffix(home, "/sockls/config.toml") {
		t.Errorf("in the home directory: %q", home)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, bad := write("good", "color = 'never'\n"), write("bad", "\ncolor\n")
	large := write("large", strings.Repeat("#", 65<<10))
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path  string
		count int
		want  string // of the error
	}{
		{good, 1, ""},
		{filepath.Join(dir, "absent"), 0, ""},
		{filepath.Join(good, "below"), 0, ""},
		{bad, 0, bad + ":2: color has no = behind it"},
		{large, 0, "config " + large + ": it is larger than 65536 bytes"},
		{fifo, 0, "config " + fifo + ": it is not a regular file"},
		{dir, 0, "config " + dir + ": it is not a regular file"},
	}
	for _, tt := range tests {
		got, err := config.Load(tt.path)
		switch {
		case len(got) != tt.count:
			t.Errorf("%s: %d settings, want %d", tt.path, len(got), tt.count)
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || err.Error() != tt.want):
			t.Errorf("%s: error %v, want %q", tt.path, err, tt.want)
		}
	}
}
