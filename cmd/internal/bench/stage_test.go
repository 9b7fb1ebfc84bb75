//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The arena and the holders are this very program: when the test binary is
// started as one of them, that is what it is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == modeArena || os.Args[1] == modePen || os.Args[1] == modeHolder) {
		main()
		return
	}
	os.Exit(m.Run())
}

// standIn writes a program that is called as sockls is and has ss do the work.
func standIn(t *testing.T, script string) string {
	t.Helper()
	if _, err := exec.LookPath("ss"); err != nil {
		t.Skip("no ss here")
	}
	path := filepath.Join(t.TempDir(), "sockls")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func requireNamespaces(t *testing.T) {
	t.Helper()
	probe := exec.Command("true")
	probe.SysProcAttr = arenaAttr(false)
	if err := probe.Run(); err != nil {
		t.Skipf("cannot make namespaces: %v", err)
	}
}

func TestStage(t *testing.T) {
	requireNamespaces(t)
	small := table{Name: "small", Holders: 3, Listeners: 2, Pairs: 4, Descriptors: 40}
	// Counts the holders and their descriptors and threads before it answers.
	census := `
set -- $(for p in /proc/[0-9]*; do
	read -r comm <$p/comm
	[ "$comm" != sleep ] || echo $(ls $p/fd | wc -l)/$(ls $p/task | wc -l)
done)
[ "$*" = "40/1 40/1 40/1" ] || { echo "descriptors/threads: $*" >&2; exit 9; }
exec ss -tan`
	results := stage(t.Context(), request{
		Table: small,
		Works: []work{
			{Table: "small", Sockls: words("-tan"), Peer: words("ss -tan"), Rows: rowsAll},
			{Table: "small", Sockls: words("-tln"), Peer: words("ss -tln"), Rows: rowsListening},
			{Table: "small", Sockls: words("-tan"), Peer: words("no-such-program-anywhere")},
		},
		Program: standIn(t, census),
		Rounds:  2,
	})
	if len(results) != 3 {
		t.Fatalf("got %d results, want 3: %+v", len(results), results)
	}
	good := results[0]
	if good.note() != "" {
		t.Fatalf("result: %s", good.note())
	}
	for name, s := range map[string]side{"sockls": good.Sockls, "ss": good.Peer} {
		if len(s.Samples) != 2 || s.Samples[0].Wall <= 0 || s.Samples[0].CPU <= 0 || s.Memory <= 0 {
			t.Errorf("%s: %+v, want two samples and a peak, none of them 0", name, s)
		}
	}
	if want := "printed 30 rows, not 6"; !strings.Contains(results[1].Failed, want) {
		t.Errorf("listing everything for -tln failed with %q, want %q in it", results[1].Failed, want)
	}
	if results[2].Skipped == "" {
		t.Errorf("a missing peer: %+v, want it skipped", results[2])
	}
}

func TestStageFailures(t *testing.T) {
	requireNamespaces(t)
	tiny := table{Name: "tiny", Holders: 1, Listeners: 1, Pairs: 1}
	probe := []work{{Table: "tiny", Sockls: words("-tan"), Peer: words("ss -tan"), Rows: rowsAll}}

	results := stage(t.Context(), request{Table: tiny, Works: probe, Program: standIn(t, "echo out of luck >&2; exit 3"), Rounds: 1})
	if got := results[0].Failed; !strings.Contains(got, "exit status 3") || !strings.Contains(got, "out of luck") {
		t.Errorf("a failing program: %q, want its status and its complaint", got)
	}

	greedy := table{Name: "greedy", Holders: 1, Listeners: 1, Pairs: 1 << 30}
	results = stage(t.Context(), request{Table: greedy, Works: probe, Program: "true", Rounds: 1})
	if len(results) != 1 || results[0].Failed == "" {
		t.Errorf("a table that cannot be made: %+v, want one failed result", results)
	}
}

// The arena's end takes everything in it along.
func TestStageLeavesNothing(t *testing.T) {
	requireNamespaces(t)
	mark := fmt.Sprintf("86%d", os.Getpid())
	script := standIn(t, "sleep "+mark+" & exec ss -tan")
	tiny := table{Name: "tiny", Holders: 1, Listeners: 1, Pairs: 1}
	results := stage(t.Context(), request{
		Table: tiny, Works: []work{{Table: "tiny", Sockls: words("-tan"), Peer: words("ss -tan"), Rows: rowsAll}}, Program: script, Rounds: 1,
	})
	if results[0].Failed != "" {
		t.Fatal(results[0].Failed)
	}
	left, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if line, err := os.ReadFile(path); err == nil && string(line) == "sleep\x00"+mark+"\x00" {
			t.Errorf("%s is left over from the arena", path)
		}
	}
}

// A peak that included the memory of this process before exec would be at
// least what this process has touched.
func TestPeak(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Skipf("become a subreaper: %v", err)
	}
	ballast := make([]byte, 64<<20)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	sink, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	got, err := peak(command{argv: []string{"sh", "-c", "echo hello"}}, sink)
	if err != nil {
		t.Fatal(err)
	}
	if got <= 0 || got >= int64(len(ballast)) {
		t.Errorf("peak of a shell = %d bytes, want more than 0 and less than %d, which this test holds", got, len(ballast))
	}
	if err := checkRows([]string{"sh"}, sink, 0); err != nil {
		t.Error(err)
	}
	if info, err := sink.Stat(); err != nil || info.Size() != int64(len("hello\n")) {
		t.Errorf("sink: %v, %v, want the program's output in it", info.Size(), err)
	}
	// Programs that end at once must not be waited for by their launcher.
	for range 30 {
		if _, err := peak(command{argv: []string{"true"}}, sink); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := peak(command{argv: []string{"sh", "-c", "exit 4"}}, sink); err == nil {
		t.Error("peak of a failing program: no error")
	}
	if ballast[0] != 1 {
		t.Error("ballast lost")
	}
}

func TestRounds(t *testing.T) {
	tests := []struct {
		name  string
		asked int
		pair  time.Duration
		want  int
	}{
		{"asked for", 5, time.Hour, 5},
		{"quick", 0, 3 * time.Millisecond, quickRounds},
		{"usual", 0, 200 * time.Millisecond, usualRounds},
		{"slow", 0, 10 * time.Second, 4},
		{"never none", 0, time.Hour, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := rounds(tt.asked, tt.pair); got != tt.want {
				t.Errorf("rounds(%d, %v) = %d, want %d", tt.asked, tt.pair, got, tt.want)
			}
		})
	}
}
