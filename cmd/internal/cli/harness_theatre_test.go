//go:build linux

package cli_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sockls/sockls/render/tui/tmuxtest"
)

// theatre is what one script has set up.
type theatre struct {
	scenes map[string]*scene
	order  []string
	held   []held
	last   []byte // standard output of the last program
	// terminal is the one that the script sits at, nil for none.
	terminal *tmuxtest.Terminal
}

type theatreKey struct{}

func newTheatre() *theatre { return &theatre{scenes: map[string]*scene{}} }

func theatreOf(ts *testscript.TestScript) *theatre {
	return ts.Value(theatreKey{}).(*theatre)
}

// close ends everything, the latest first, whether the script failed or not.
func (th *theatre) close() {
	if th.terminal != nil {
		th.terminal.Close()
	}
	for i := len(th.order) - 1; i >= 0; i-- {
		th.scenes[th.order[i]].stop()
	}
}

// scene is a running mksock.
type scene struct {
	cmd    *exec.Cmd
	input  io.Closer
	output io.Reader
	netns  uint64
	groups []string // control groups made for it, the outer ones first
	once   sync.Once
}

// stop lets mksock go, and returns when it and its children are gone.
func (s *scene) stop() {
	s.once.Do(func() {
		s.input.Close()
		_, _ = io.Copy(io.Discard, s.output)
		_ = s.cmd.Wait()
		for _, dir := range slices.Backward(s.groups) {
			_ = os.Remove(dir) // others may be in it
		}
	})
}

// held is a line of mksock's report.
type held struct {
	label         string
	pid, tid, fd  int
	inner         int // the pid in a pid namespace of its own, 0 where it has none
	inode, cookie uint64
	port          int
	ephemeral     bool
}

func parseHeld(line string) (held, error) {
	var h held
	rest, ephemeral := strings.CutSuffix(line, " ephemeral")
	h.ephemeral = ephemeral
	_, err := fmt.Sscanf(rest, "socket label=%s pid=%d tid=%d fd=%d inode=%d cookie=%d port=%d",
		&h.label, &h.pid, &h.tid, &h.fd, &h.inode, &h.cookie, &h.port)
	return h, err
}

func cmdMk(ts *testscript.TestScript, neg bool, args []string) {
	th := theatreOf(ts)
	where := "-netns"
	var spaces uintptr
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if name, ok := strings.CutPrefix(args[0], "-in="); ok {
			where = "-join=" + netnsFile(ts, th, name)
		} else if args[0] == "-pidns" {
			spaces = syscall.CLONE_NEWPID
		} else {
			break
		}
		args = args[1:]
	}
	if neg || len(args) < 2 || strings.HasPrefix(args[0], "-") || th.scenes[args[0]] != nil {
		ts.Fatalf("usage: mk [-in=NAME] [-pidns] NAME argument… with a new NAME")
	}
	name := args[0]
	sc, lines, err := playIn(spaces, ts.MkAbs("."), append([]string{where}, args[1:]...))
	if err != nil {
		ts.Fatalf("mk %s: %v", name, err)
	}
	th.scenes[name] = sc
	th.order = append(th.order, name)
	pid := sc.cmd.Process.Pid
	if sc.netns, err = inodeOf(fmt.Sprintf("/proc/%d/ns/net", pid)); err != nil {
		ts.Fatalf("mk %s: %v", name, err)
	}
	ts.Setenv(name+"_PID", strconv.Itoa(pid))
	for _, line := range lines {
		h, err := parseHeld(line)
		if err != nil {
			ts.Fatalf("mk %s: line %q: %v", name, line, err)
		}
		if spaces&syscall.CLONE_NEWPID != 0 && h.pid == 1 {
			h.pid, h.inner = pid, 1
		}
		for _, old := range th.held {
			if old.label == h.label {
				ts.Fatalf("mk %s: label %s is there already", name, h.label)
			}
		}
		th.held = append(th.held, h)
		ts.Logf("%s", line)
		ts.Setenv(h.label+"_PID", strconv.Itoa(h.pid))
		ts.Setenv(h.label+"_TID", strconv.Itoa(h.tid))
		ts.Setenv(h.label+"_FD", strconv.Itoa(h.fd))
		ts.Setenv(h.label+"_INODE", strconv.FormatUint(h.inode, 10))
		ts.Setenv(h.label+"_COOKIE", strconv.FormatUint(h.cookie, 10))
		ts.Setenv(h.label+"_PORT", strconv.Itoa(h.port))
	}
}

// play starts mksock and waits until it is ready.
func play(dir string, args []string) (*scene, []string, error) { return playIn(0, dir, args) }

// playIn does so in new namespaces of these kinds.
func playIn(spaces uintptr, dir string, args []string) (*scene, []string, error) {
	cmd := exec.Command("mksock", args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: spaces}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	sc := &scene{cmd: cmd, input: input, output: output}
	var lines []string
	scanner := bufio.NewScanner(output)
	for scanner.Scan() {
		if scanner.Text() == "READY" {
			return sc, lines, nil
		}
		lines = append(lines, scanner.Text())
	}
	sc.stop()
	return nil, nil, fmt.Errorf("mksock was not ready: %s", stderr.String())
}

func inodeOf(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Ino, nil
}

func netnsFile(ts *testscript.TestScript, th *theatre, name string) string {
	sc := th.scenes[name]
	if sc == nil {
		ts.Fatalf("there is no %s", name)
	}
	return fmt.Sprintf("/proc/%d/ns/net", sc.cmd.Process.Pid)
}

func cmdUnmk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || theatreOf(ts).scenes[args[0]] == nil {
		ts.Fatalf("usage: unmk NAME")
	}
	theatreOf(ts).scenes[args[0]].stop()
}

func cmdIn(ts *testscript.TestScript, neg bool, args []string) {
	enact(ts, neg, []string{"mksock"}, args)
}

// enact runs a program in the namespace of a scene, by way of mksock, which may
// have something in front.
func enact(ts *testscript.TestScript, neg bool, mksock, args []string) {
	const usage = "usage: in [-code=N] [-uid=N] [-seccomp=LIST] [-hide=DIR] NAME program argument…"
	th := theatreOf(ts)
	code, command := 0, slices.Clone(mksock[1:])
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		value, ok := strings.CutPrefix(args[0], "-code=")
		if !ok {
			command = append(command, args[0])
		} else if n, err := strconv.Atoi(value); err == nil {
			code = n
		} else {
			ts.Fatalf("%s", usage)
		}
		args = args[1:]
	}
	if len(args) < 2 || neg && code != 0 {
		ts.Fatalf("%s", usage)
	}
	command = append(command, "-join="+netnsFile(ts, th, args[0]), "-exec")
	err := ts.Exec(mksock[0], append(command, args[1:]...)...)
	th.last = []byte(ts.ReadFile("stdout"))
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("in: %v", err)
	}
	switch {
	case neg && got == 0:
		ts.Fatalf("in: exit status 0, want another")
	case !neg && got != code:
		ts.Fatalf("in: exit status %d, want %d", got, code)
	}
}

// kernelCan remembers what has been tried.
var kernelCan sync.Map

func condition(cond string) (bool, error) {
	if cond == "cgroup2" {
		return canGroup(), nil
	}
	if kind, ok := strings.CutPrefix(cond, "link:"); ok {
		return canLink(kind), nil
	}
	spec, ok := strings.CutPrefix(cond, "can:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	if can, ok := kernelCan.Load(spec); ok {
		return can.(bool), nil
	}
	sc, _, err := play(os.TempDir(), []string{"-netns", spec})
	if err == nil {
		sc.stop()
	}
	kernelCan.Store(spec, err == nil)
	return err == nil, nil
}
