//go:build linux

package mksock

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary is mksock when it is started under that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		Main()
	}
	os.Exit(m.Run())
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Args[0] = programName
	// The race detector would make every process wait for a second at its end.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	return cmd
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network namespaces")
	}
}

// stage is a running mksock in a namespace of its own.
type stage struct {
	t     *testing.T
	pid   int
	held  map[string]holding
	order []holding
	stop  func()
}

func start(t *testing.T, args ...string) *stage {
	t.Helper()
	needRoot(t)
	return startIn(t, t.TempDir(), append([]string{"-netns"}, args...)...)
}

func startIn(t *testing.T, dir string, args ...string) *stage {
	t.Helper()
	cmd := command(args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	held, err := readReport(output)
	s := &stage{t: t, pid: cmd.Process.Pid, held: map[string]holding{}, order: held}
	s.stop = func() {
		input.Close()
		_, _ = io.Copy(io.Discard, output)
		_ = cmd.Wait()
		s.stop = func() {}
	}
	t.Cleanup(func() { s.stop() })
	if err != nil {
		s.stop()
		t.Fatalf("mksock %q: %v\n%s", args, err, stderr.String())
	}
	for _, h := range held {
		if _, double := s.held[h.label]; double {
			t.Errorf("label %s is reported twice", h.label)
		}
		s.held[h.label] = h
	}
	return s
}

// run runs a program in the namespace of the stage.
func (s *stage) run(args ...string) string {
	s.t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		s.t.Skipf("needs %s: %v", args[0], err)
	}
	cmd := command(append([]string{"-join", fmt.Sprintf("/proc/%d/ns/net", s.pid), "-exec"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// expand replaces {inode LABEL} and the like by what mksock reported.
func (s *stage) expand(text string) string {
	for label, h := range s.held {
		text = strings.NewReplacer(
			"{inode "+label+"}", fmt.Sprint(h.inode), "{pid "+label+"}", fmt.Sprint(h.pid),
			"{fd "+label+"}", fmt.Sprint(h.fd), "{port "+label+"}", fmt.Sprint(h.port),
			"{cookie "+label+"}", fmt.Sprintf("%x", h.cookie),
		).Replace(text)
	}
	return text
}

// link is where a descriptor in /proc points.
func (h holding) link() string {
	table := fmt.Sprintf("/proc/%d", h.pid)
	if h.tid != 0 {
		table += fmt.Sprintf("/task/%d", h.tid)
	}
	target, err := os.Readlink(fmt.Sprintf("%s/fd/%d", table, h.fd))
	if err != nil {
		return err.Error()
	}
	return target
}

func (h holding) target() string { return fmt.Sprintf("socket:[%d]", h.inode) }
