package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
)

// crowd is sockets of processes, some of which have names to run in a shell.
type crowd struct{}

func (crowd) Collect(_ context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	for i, name := range []string{"nginx", "$(touch pwned)", "a`id`", "x\ty\nz", "-rf", "sshd", "a;b", "\x1b[31m", "caf\u00e9"} {
		s := &socket.Socket{Proto: socket.TCP, Family: socket.IPv4, State: socket.Listen}
		s.Local.Port = uint32(8000 + i)
		s.Processes = []socket.Holder{{Process: &socket.Process{PID: 100 + i, Name: name}}}
		if q.States.Has(s.State) {
			if err := yield(s); err != nil {
				return socket.Report{}, err
			}
		}
	}
	return socket.Report{}, nil
}

// completed is what a shell would get, without the directive.
func completed(t *testing.T, args ...string) []string {
	t.Helper()
	passwd := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(passwd, []byte("root:x:0:\nwww-data:x:33:\n$(reboot):x:34:\nno colon\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	s := streams.Streams{Out: &out, Err: &errs, Env: func(string) string { return "" }}
	root := newRootCmd(s, nil)
	complete(root, &hints{collector: func() (collector.Collector, error) { return crowd{}, nil }, passwd: passwd})
	root.SetArgs(append([]string{cobra.ShellCompRequestCmd}, args...))
	root.SetOut(&out)
	root.SetErr(&errs)
	if err := root.Execute(); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	return lines[:len(lines)-1]
}

func TestComplete(t *testing.T) {
	tests := []struct {
		line string // words, of which the last is being typed
		want []string
		not  []string
	}{
		{line: "", want: []string{"why", "sport", "listening", "tcp", "and"}, not: []string{"rtt", "fd"}},
		{line: "rt", want: []string{"rtt"}},
		{line: "ngi", want: []string{"nginx"}},
		{line: ":80", want: []string{":8000", ":8005"}},
		{line: "sport = 80", want: []string{"8000", "8005"}, not: []string{"sport"}},
		{line: "state ", want: []string{"established", "time-wait"}, not: []string{"tcp"}},
		{line: "state listening,time", want: []string{"listening,time-wait"}},
		{line: "local ", want: []string{"loopback"}, not: []string{"tcp"}},
		{line: "pid ", want: []string{"100", "105"}},
		{line: "process ", want: []string{"nginx", "sshd"}, not: []string{"tcp", "-rf"}},
		{line: "user ", want: []string{"root", "www-data"}, not: []string{"$(reboot)", "no colon"}},
		{line: "--columns pro", want: []string{"proto", "process"}},
		{line: "--columns +pid,ino", want: []string{"+pid,inode"}},
		{line: "--sort=-recv", want: []string{"-recv-q"}},
		{line: "-A all,!un", want: []string{"all,!unix"}},
		{line: "--color ", want: []string{"auto", "always", "never"}},
		{line: "--family ", want: []string{"inet6"}},
		{line: "why ", want: []string{"tcp", "udp", "8000"}},
		{line: "why tcp ", want: []string{"8000"}, not: []string{"udp"}},
		{line: "why --uid w", want: []string{"www-data"}},
		{line: "wait ", want: []string{"listening", "free"}, not: []string{"8000"}},
		{line: "wait free ", want: []string{"tcp", "8000"}},
		{line: "kill :80", want: []string{":8000"}},
		{line: "kill -s T", want: []string{"TERM"}},
		{line: "close state ", want: []string{"time-wait"}},
	}
	for _, tt := range tests {
		lines := completed(t, strings.Split(tt.line, " ")...)
		var words []string
		for _, line := range lines {
			word, _, _ := strings.Cut(line, "\t")
			words = append(words, word)
		}
		for _, want := range tt.want {
			if !slices.Contains(words, want) {
				t.Errorf("%q: no %q in %q", tt.line, want, words)
			}
		}
		for _, not := range tt.not {
			if slices.Contains(words, not) {
				t.Errorf("%q: %q in %q", tt.line, not, words)
			}
		}
	}
	if got, want := len(completed(t, "--columns", "")), len(field.All()); got != want {
		t.Errorf("%d columns, want %d", got, want)
	}
}

// TestCompleteHostile wants nothing of what strangers choose that means something
// to a shell or a terminal, neither as a word nor as its description.
func TestCompleteHostile(t *testing.T) {
	safe := regexp.MustCompile(`^[A-Za-z0-9:@_][A-Za-z0-9._:@/-]*(\t[A-Za-z0-9._:@/ -]+)?$`)
	for _, line := range []string{":", "why ", "pid ", "process ", "port ", "user ", "kill :"} {
		for _, got := range completed(t, strings.Split(line, " ")...) {
			if !safe.MatchString(got) {
				t.Errorf("%q: %q", line, got)
			}
		}
	}
}

// TestCompletionScripts has each shell that is here read its script, and bash
// complete by it.
func TestCompletionScripts(t *testing.T) {
	dir := t.TempDir()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		script := filepath.Join(dir, shell)
		if err := os.WriteFile(script, []byte(printed(t, "completion", shell)), 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := exec.LookPath(shell)
		if err != nil || shell == "powershell" {
			continue // not here, or not able to read without running
		}
		if out, err := exec.Command(path, "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	// What bash-completion gives to the script, and a program that is asked.
	const setting = `
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
sockls() { printf '8080\ttcp nginx\n8443\ttcp\n:4\n'; }
. "$1"
complete -p sockls
COMP_WORDS=(sockls why 80) COMP_CWORD=2 COMP_TYPE=9 COLUMNS=80
__start_sockls
printf '%s\n' "${COMPREPLY[@]}"`
	out, err := exec.Command(bash, "-c", setting, "bash", filepath.Join(dir, "bash")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := string(out); !strings.Contains(got, "-F __start_sockls sockls") || !strings.HasSuffix(got, "\n8080\n") {
		t.Errorf("bash completes: %s", got)
	}
}
