//go:build linux

package cli_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// endless is after how long a command of the README is one that does not end by
// itself.
const endless = 3 * time.Second

// TestREADME runs every command of the README in an empty network namespace.
// The make targets are run by CI itself, which is how this test came to run.
func TestREADME(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes a network namespace")
	}
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary is sockls when it is started under that name.
	if err := os.Symlink(self, filepath.Join(bin, "sockls")); err != nil {
		t.Fatal(err)
	}
	commands, files := 0, t.TempDir()
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(text, -1) {
		for line := range strings.Lines(string(block[1])) {
			line = strings.TrimSpace(line)
			if line == "make run" || line == "make test" {
				continue
			}
			if !strings.HasPrefix(line, "sockls") {
				t.Errorf("README runs %q, which no test knows how to run", line)
				continue
			}
			commands++
			cmd := exec.Command("sh", "-c", "trap : INT; "+line)
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "XDG_CONFIG_HOME="+files)
			cmd.Dir = files
			cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Setpgid: true}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Start()
			if err == nil {
				// What goes on until somebody ends it is interrupted, and says goodbye.
				enough := time.AfterFunc(endless, func() { _ = unix.Kill(-cmd.Process.Pid, unix.SIGINT) })
				err = cmd.Wait()
				enough.Stop()
			}
			out := stdout.Bytes()
			var exit *exec.ExitError
			switch {
			case err == nil, errors.As(err, &exit) && exit.ExitCode() == 1:
			default:
				t.Errorf("%s: %v\n%s", line, err, stderr.Bytes())
			}
			if len(out)+stderr.Len() == 0 && !strings.ContainsAny(line, "|>") && !strings.Contains(line, "--jsonl") && !strings.Contains(line, "--no-header") {
				t.Errorf("%s printed nothing", line)
			}
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands found", commands)
	}
}
