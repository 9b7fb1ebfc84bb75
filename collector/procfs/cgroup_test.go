package procfs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseCgroups(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []Cgroup
		fails      bool
	}{
		{"unified", "0::/system.slice/nginx.service\n", []Cgroup{{"", "/system.slice/nginx.service"}}, false},
		{
			"hybrid", "12:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n0::/\n",
			[]Cgroup{{"cpu,cpuacct", "/docker/x"}, {"name=systemd", "/docker/x"}, {"", "/"}},
			false,
		},
		{"colons in the path", "0::/a.slice:cri-containerd:b:\n", []Cgroup{{"", "/a.slice:cri-containerd:b:"}}, false},
		{"above the root of the namespace", "0::/../x\n", []Cgroup{{"", "/../x"}}, false},
		{"removed", "0::/x (deleted)\n", []Cgroup{{"", "/x (deleted)"}}, false},
		{"bytes", "0::/\xff \x1b[0m\n", []Cgroup{{"", "/\xff \x1b[0m"}}, false},
		{"the longest", "0::/" + strings.Repeat("x", 4094) + "\n", []Cgroup{{"", "/" + strings.Repeat("x", 4094)}}, false},
		{"none", "", nil, false},
		{"no number", "::/\n", nil, true},
		{"no path", "0::\n", nil, true},
		{"no slash", "0::x\n", nil, true},
		{"one colon", "0:/\n", nil, true},
		{"beyond any path", "0::/" + strings.Repeat("x", 8192) + "\n", nil, true},
	}
	for _, tt := range tests {
		got, err := parseCgroups(strings.NewReader(tt.text))
		if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.fails {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestParseInnerPID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       int
		fails      bool
	}{
		{"the same namespace", "Name:\tx\nNSpid:\t421\n", 0, false},
		{"one below", "NSpid:\t421\t1\nNSpgid:\t421\t1\n", 1, false},
		{"three below", "NSpid:\t421\t30\t20\t10\n", 10, false},
		{"a name", "Name:\tNSpid:\\t1\\t2\nNSpid:\t7\n", 0, false},
		{"an old kernel", "Name:\tx\nPid:\t421\n", 0, true},
		{"no number", "NSpid:\tx\n", 0, true},
		{"no number behind", "NSpid:\t1\tx\n", 0, true},
		{"beyond a pid", "NSpid:\t1\t4294967295\n", 0, true},
		{"nothing", "", 0, true},
	}
	for _, tt := range tests {
		got, err := parseInnerPID(strings.NewReader(tt.text))
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s: %d, %v", tt.name, got, err)
		}
	}
}

func TestParseLineage(t *testing.T) {
	t.Parallel()
	const tail = " S 420 421 421 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 12345 2433024 200\n"
	tests := []struct {
		name, text string
		want       Lineage
		fails      bool
	}{
		{"plain", "421 (bash)" + tail, Lineage{"bash", 420, 12345}, false},
		{"parentheses", "421 (a) S 1 (b))" + tail, Lineage{"a) S 1 (b)", 420, 12345}, false},
		{"newline", "421 (a\n)" + tail, Lineage{"a\n", 420, 12345}, false},
		{"empty", "421 ()" + tail, Lineage{"", 420, 12345}, false},
		{"no parent", "1 (init)" + strings.Replace(tail, "420", "0", 1), Lineage{"init", 0, 12345}, false},
		{"negative", "1 (init)" + strings.Replace(tail, "420", "-1", 1), Lineage{}, true},
		{"beyond a pid", "1 (init)" + strings.Replace(tail, "420", "4294967296", 1), Lineage{}, true},
		{"no name", "421 bash" + tail, Lineage{}, true},
		{"the wrong way round", ")(", Lineage{}, true},
		{"breaks off", "421 (a) S 1 421 421", Lineage{}, true},
		{"nothing", "", Lineage{}, true},
	}
	for _, tt := range tests {
		got, err := parseLineage([]byte(tt.text))
		if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.fails {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

// TestBelonging reads this process and one that is not there.
func TestBelonging(t *testing.T) {
	t.Parallel()
	var proc FS
	if _, err := os.Stat("/proc/self/cgroup"); err != nil {
		t.Skip("there is no /proc with control groups here")
	}
	pid := os.Getpid()
	if l, err := proc.Lineage(pid); err != nil || l.Parent != os.Getppid() || l.Start == 0 {
		t.Errorf("lineage %+v, %v", l, err)
	}
	wd, _ := os.Getwd()
	if dir, err := proc.WorkDir(pid); err != nil || dir != wd {
		t.Errorf("directory %q, %v; want %q", dir, err, wd)
	}
	if groups, err := proc.Cgroups(pid); err != nil || len(groups) == 0 {
		t.Errorf("groups %+v, %v", groups, err)
	}
	if inner, err := proc.InnerPID(pid); err != nil || inner != 0 {
		t.Errorf("inner %d, %v", inner, err)
	}
	none := FS{Root: t.TempDir()}
	_, err1 := none.Lineage(1)
	_, err2 := none.WorkDir(1)
	_, err3 := none.Cgroups(1)
	_, err4 := none.InnerPID(1)
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d of a process that is not there: %v", i, err)
		}
	}
	bad := writeTree(t, map[string]string{"7/stat": "7", "7/cgroup": "x\n", "7/status": ""})
	_, err1 = bad.Lineage(7)
	_, err2 = bad.Cgroups(7)
	_, err3 = bad.InnerPID(7)
	for i, err := range []error{err1, err2, err3} {
		if err == nil || !strings.Contains(err.Error(), filepath.Join(bad.Root, "7")) {
			t.Errorf("%d of a malformed file: %v", i, err)
		}
	}
}

func FuzzParseCgroups(f *testing.F) {
	f.Add([]byte("12:cpu,cpuacct:/docker/x\n1:name=systemd:/a:b\n0::/../y (deleted)\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		groups, err := parseCgroups(bytes.NewReader(data))
		if err != nil && groups != nil || len(groups) > bytes.Count(data, []byte{'\n'})+1 {
			t.Errorf("%v, %v", groups, err)
		}
		for _, g := range groups {
			if g.Path[0] != '/' || strings.ContainsAny(g.Path+g.Controllers, "\n") || strings.Contains(g.Controllers, ":") {
				t.Errorf("%+v", g)
			}
		}
	})
}

func FuzzParseInnerPID(f *testing.F) {
	f.Add([]byte("Name:\tx\nNSpid:\t421\t30\t1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if inner, err := parseInnerPID(bytes.NewReader(data)); inner < 0 || err != nil && inner != 0 {
			t.Errorf("%d, %v", inner, err)
		}
	})
}

func FuzzParseLineage(f *testing.F) {
	f.Add([]byte(file(f, "little-endian", "421/stat")))
	f.Add([]byte(file(f, "little-endian", "1/stat")))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLineage(data)
		if l.Parent < 0 || err != nil && l != (Lineage{}) || !bytes.Contains(data, []byte("("+l.Name+")")) && err == nil {
			t.Errorf("%+v, %v", l, err)
		}
	})
}
