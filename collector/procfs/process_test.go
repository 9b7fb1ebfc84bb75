package procfs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProcessTree(t *testing.T) {
	t.Parallel()
	tree := hostTree(t)
	if err := os.Symlink("/usr/bin/a b (deleted)", filepath.Join(tree.Root, "421", "exe")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree.Root, "421", "cmdline"), []byte("a b\x00-x\x00\x00\xff\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	boot, err := tree.BootTime()
	if err != nil {
		t.Fatal(err)
	}
	type facts struct {
		Comm, Command, Exe string
		EUID               uint32
		Started            time.Time
	}
	var got facts
	var errs [5]error
	got.Comm, errs[0] = tree.Comm(421)
	got.Command, errs[1] = tree.Command(421)
	got.Exe, errs[2] = tree.Exe(421)
	got.EUID, errs[3] = tree.EUID(421)
	got.Started, errs[4] = tree.Started(421, boot)
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	want := facts{
		Comm: "a) R 1 1 (b", Command: "a b -x  \xff", Exe: "/usr/bin/a b (deleted)", EUID: 33,
		Started: time.Unix(1700000123, 450_000_000),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if command, err := tree.Command(1); command != "" || err != nil {
		t.Errorf("Command of a kernel thread: %q, %v", command, err)
	}
}

func TestParseComm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"bash\n":               "bash",
		"\n":                   "",
		"":                     "",
		"a\nb\n\n":             "a\nb\n",
		" \x1b[31m\xff) (\t\n": " \x1b[31m\xff) (\t",
	} {
		if got := parseComm([]byte(text)); got != want {
			t.Errorf("parseComm(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestParseCommand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "",
		"\x00":                              "",
		"init\x00":                          "init",
		"sh\x00-c\x00a  b\x00":              "sh -c a  b",
		"a\x00\x00b\x00":                    "a  b",
		"nginx: worker process\x00\x00\x00": "nginx: worker process",
		"no end":                            "no end",
	} {
		if got := parseCommand([]byte(text)); got != want {
			t.Errorf("parseCommand(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCommandLimit(t *testing.T) {
	t.Parallel()
	tree := writeTree(t, map[string]string{"7/cmdline": strings.Repeat("x", maxCommand+10)})
	got, err := tree.Command(7)
	if err != nil || len(got) != maxCommand {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
}

func TestParseEUID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       uint32
		fails      bool
	}{
		{"effective, not real", "Name:\tx\nUid:\t1\t2\t3\t4\n", 2, false},
		{"nobody's", "Uid:\t0\t4294967295\t0\t0\n", 4294967295, false},
		{"within a line", "Name:\tUid:\t1\t1\nUid:\t2\t2\t2\t2\n", 2, false},
		{"not with a blank before", " Uid:\t1\t1\n", 0, true},
		{"after a line beyond the buffer", "X:" + strings.Repeat("1 ", factBuffer) + "\nUid:\t5\t6\t7\t8\n", 6, false},
		{"tail of a line beyond the buffer", strings.Repeat("1", factBuffer) + "Uid:\t5\t6\t7\t8", 0, true},
		{"one number", "Uid:\t1\n", 0, true},
		{"no number", "Uid:\ta\tb\n", 0, true},
		{"nothing", "", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseEUID(strings.NewReader(tt.text))
			if (err != nil) != tt.fails || got != tt.want {
				t.Errorf("%d, %v", got, err)
			}
		})
	}
}

func TestParseStartTime(t *testing.T) {
	t.Parallel()
	const tail = " S 1 421 421 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 12345 2433024 200\n"
	tests := []struct {
		name, text string
		want       time.Duration
		fails      bool
	}{
		{"plain", "421 (a)" + tail, 123450 * time.Millisecond, false},
		{"ends in parentheses", "421 (a)) S 1 2 ))" + tail, 123450 * time.Millisecond, false},
		{"empty", "421 ()" + tail, 123450 * time.Millisecond, false},
		{"newline", "421 (a\n421 (b)" + tail, 123450 * time.Millisecond, false},
		{"no name", "421 a" + tail, 0, true},
		{"breaks off", "421 (a) S 1 421 421 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0", 0, true},
		{"beyond time", "421 (a)" + strings.Replace(tail, "12345", "18446744073709551615", 1), 0, true},
		{"nothing", "", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStartTime([]byte(tt.text))
			if (err != nil) != tt.fails || got != tt.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestParseBootTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       time.Time
	}{
		{"after interrupts beyond the buffer", "intr" + strings.Repeat(" 0", factBuffer) + "\nbtime 1700000000\n", time.Unix(1700000000, 0)},
		{"none", "cpu 1 2 3\n", time.Time{}},
		{"no number", "btime -1\n", time.Time{}},
		{"beyond time", "btime 18446744073709551615\n", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseBootTime(strings.NewReader(tt.text))
			if (err != nil) != tt.want.IsZero() || !got.Equal(tt.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestFDInfoTree(t *testing.T) {
	t.Parallel()
	tree := hostTree(t)
	for fd, want := range map[int]FDInfo{
		3: {SCMFDs: 2},
		4: {RegisteredSockets: []uint64{690340, 690344}},
	} {
		got, err := tree.FDInfo(421, fd)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("descriptor %d (-want +got):\n%s", fd, diff)
		}
	}
}

func TestParseFDInfo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       FDInfo
	}{
		{"nothing", "", FDInfo{}},
		{"before the list", "    0: socket:[1]\nUserFiles:\t0\n", FDInfo{}},
		{"after the list", "UserFiles:\t1\n    0: socket:[1]\nUserBufs:\t1\n    0: socket:[2]\n", FDInfo{RegisteredSockets: []uint64{1}}},
		{"paths", "UserFiles:\t2\n    0: /socket:[1]\n    1: socket:[2]x\n    2: <none>\n    3: TCP\n   4: socket:[]\n", FDInfo{}},
		{"many files", "UserFiles:\t1\n123456: socket:[1]\n", FDInfo{RegisteredSockets: []uint64{1}}},
		{"a path beyond the buffer", "UserFiles:\t1\n    0: " + strings.Repeat("/x", factBuffer) + "\n    1: socket:[1]\n", FDInfo{RegisteredSockets: []uint64{1}}},
		{"descriptors beyond an int", "scm_fds: 99999999999\n", FDInfo{}},
		{"descriptors without a number", "scm_fds: -1\n", FDInfo{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseFDInfo(strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("info (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseEUID(f *testing.F) {
	f.Add([]byte(file(f, "little-endian", "421/status")))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := parseEUID(bytes.NewReader(data)); err == nil && !bytes.Contains(data, []byte("Uid:\t")) {
			t.Error("an id without a line Uid")
		}
	})
}

func FuzzParseStartTime(f *testing.F) {
	f.Add([]byte(file(f, "little-endian", "421/stat")))
	f.Add([]byte(file(f, "little-endian", "1/stat")))
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := parseStartTime(data); d < 0 || err != nil && d != 0 {
			t.Errorf("%v, %v", d, err)
		}
	})
}

func FuzzParseBootTime(f *testing.F) {
	f.Add([]byte(file(f, "little-endian", "stat")))
	f.Fuzz(func(t *testing.T, data []byte) {
		if boot, err := parseBootTime(bytes.NewReader(data)); err == nil && boot.Unix() < 0 {
			t.Errorf("%v", boot)
		}
	})
}

func FuzzParseFDInfo(f *testing.F) {
	f.Add([]byte(file(f, "little-endian", "421/fdinfo/3")))
	f.Add([]byte(file(f, "little-endian", "421/fdinfo/4")))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := parseFDInfo(bytes.NewReader(data))
		if err != nil || info.SCMFDs < 0 || len(info.RegisteredSockets) > bytes.Count(data, []byte("socket:[")) {
			t.Errorf("%+v, %v", info, err)
		}
	})
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte("sh\x00-c\x00x\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := parseCommand(data); strings.ContainsRune(got, 0) || len(got) > len(data) {
			t.Errorf("%q became %q", data, got)
		}
	})
}

func FuzzParseComm(f *testing.F) {
	f.Add([]byte("a) R (b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := parseComm(data); got != string(data) && got+"\n" != string(data) {
			t.Errorf("%q became %q", data, got)
		}
	})
}
