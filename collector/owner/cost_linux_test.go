package owner

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/owner/taskfile"
	"github.com/sockls/sockls/collector/procfs"
)

func TestCheaper(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		files, processes, workers int
		want                      bool
	}{
		{0, 0, 1, false},
		{500, 80, 2, false},
		{1_000, 100, 2, false},
		{1_650, 120, 2, false},
		{3_000, 225, 2, true},
		{3_000, 225, 4, false},
		{100_000, 1_000, 4, true},
		{100_000, 5_000, 4, true},
		{1_000_000, 51, 4, true},
		{0, 100_000, 4, true},
	} {
		if got := cheaper(tt.files, tt.processes, tt.workers); got != tt.want {
			t.Errorf("%d files of %d processes, %d workers: %v", tt.files, tt.processes, tt.workers, got)
		}
	}
}

// TestWorth reads what the estimate is made of.
func TestWorth(t *testing.T) {
	t.Parallel()
	files, err := openFiles("/proc")
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
	processes, err := processCount("/proc")
	if err != nil || processes == 0 {
		t.Errorf("%d processes, %v", processes, err)
	}
	fake := t.TempDir()
	if err := os.MkdirAll(filepath.Join(fake, "sys/fs"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := Chooser{Proc: Proc{FS: procfs.FS{Root: fake}}}
	if err := c.worth(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without file-nr: %v", err)
	}
	for text, want := range map[string]string{
		"":                     "it is empty",
		"many\t0\t9\n":         "invalid syntax",
		"12\t0\t9223372036\n":  "few files are open",
		"1000000\t0\t922337\n": "",
	} {
		if err := os.WriteFile(filepath.Join(fake, "sys/fs/file-nr"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.worth(); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("file-nr %q: %v, want %q", text, err, want)
		}
	}
}

func TestParseWay(t *testing.T) {
	t.Parallel()
	for _, want := range []Way{Auto, BPF, ByProc} {
		if got, ok := ParseWay(want.String()); !ok || got != want {
			t.Errorf("%v is read as %v, %v", want, got, ok)
		}
	}
	if _, ok := ParseWay("magic"); ok {
		t.Error("there is no such way")
	}
}

// TestRingSorter: what a kind of file is takes two descriptors that agree, where
// there are two.
func TestRingSorter(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	link := func(path, to string) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	link("10/fd/3", ringLink)
	link("10/fd/4", "anon_inode:[eventpoll]")
	link("11/fd/3", "anon_inode:[eventpoll]") // was a ring when it was told of
	link("11/fd/4", "/tmp/[io_uring]")        // and this was an epoll
	link("12/fd/3", ringLink)
	link("13/fd/3", ringLink)
	dir, err := os.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	s := ringSorter{root: int(dir.Fd())}
	const ring, epoll, gone = 100, 200, 300
	for _, r := range []taskfile.Record{
		{TGID: 10, FD: 3, Value: ring},
		{TGID: 10, FD: 4, Value: epoll},
		{TGID: 10, FD: 9, Value: gone},
		{TGID: 11, FD: 3, Value: ring},
		{TGID: 11, FD: 4, Value: epoll},
		{TGID: 12, FD: 3, Value: ring},
		{TGID: 13, FD: 3, Value: ring},
	} {
		s.take(&r)
	}
	got := s.finish()
	want := map[Descriptor]bool{{PID: 10, FD: 3}: true, {PID: 11, FD: 3}: true, {PID: 12, FD: 3}: true, {PID: 13, FD: 3}: true}
	for _, d := range got {
		if !want[d] {
			t.Errorf("%+v is taken for a ring", d)
		}
		delete(want, d)
	}
	if len(want) > 0 {
		t.Errorf("rings %+v are missed", want)
	}
}
