package procfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseCgroupMount(t *testing.T) {
	t.Parallel()
	const v1 = "30 25 0:26 / /sys/fs/cgroup/cpu rw,nosuid shared:9 - cgroup cgroup rw,cpu\n"
	tests := []struct {
		name, text, want string
	}{
		{"the only one", "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n", "/sys/fs/cgroup"},
		{"beside the old ones", v1 + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified"},
		{"many optional fields", "1 2 0:3 / /cg rw shared:1 master:2 propagate_from:3 - cgroup2 none rw\n", "/cg"},
		{"a name with a blank and a backslash", `1 2 0:3 / /a\040b\134c rw - cgroup2 none rw` + "\n", `/a b\c`},
		{"the first of two", "1 2 0:3 / /one rw - cgroup2 none rw\n1 2 0:3 / /two rw - cgroup2 none rw\n", "/one"},
		{"a source of that name", "1 2 0:3 / /mnt rw - ext4 cgroup2 rw\n", ""},
		{"a mount point that looks like the end of the fields", "1 2 0:3 / - cgroup2 - ext4 x rw\n", ""},
		{"old ones only", v1, ""},
		{"nothing", "", ""},
		{"cut short", "1 2 0:3 / /cg rw -", ""},
		{"a line beyond any mount", strings.Repeat("x", 1<<17), ""},
	}
	for _, tt := range tests {
		got, err := parseCgroupMount(strings.NewReader(tt.text))
		if got != tt.want || (tt.want == "") != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestCgroupMount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := (FS{Root: dir}).CgroupMount(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a mountinfo: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "self"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "1 2 0:3 / /cg rw - cgroup2 none rw\n"
	if err := os.WriteFile(filepath.Join(dir, "self", "mountinfo"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (FS{Root: dir}).CgroupMount(); got != "/cg" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "42", "attr")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	proc := FS{Root: filepath.Dir(filepath.Dir(dir))}
	for text, want := range map[string]string{
		"system_u:system_r:sshd_t:s0\x00": "system_u:system_r:sshd_t:s0",
		"unconfined\n":                    "unconfined",
		"/usr/sbin/cupsd (enforce)\n":     "/usr/sbin/cupsd (enforce)",
		"a\nb":                            "a\nb",
		"":                                "",
		"\x00":                            "",
	} {
		if err := os.WriteFile(filepath.Join(dir, "current"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := proc.Context(42); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := proc.Context(43); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a process that is not there: %v", err)
	}
}

func FuzzParseCgroupMount(f *testing.F) {
	f.Add([]byte("1 2 0:3 / /a\\040b rw shared:1 - cgroup2 none rw\n"))
	f.Add([]byte("1 2 0:3 / /a rw - ext4 none rw\n1 2 3 4 /b 6 - cgroup2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		mount, err := parseCgroupMount(strings.NewReader(string(data)))
		if err == nil && (mount == "" || !strings.Contains(string(data), "cgroup2")) {
			t.Errorf("%q", mount)
		}
	})
}
