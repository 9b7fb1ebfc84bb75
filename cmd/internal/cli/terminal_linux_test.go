package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// openTerminal makes a pseudo-terminal. The test closes the slave.
func openTerminal(t *testing.T, columns uint16) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs a pseudo-terminal: ", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// onTerminal runs sockls on a pseudo-terminal that never answers anything, in
// an empty network namespace with what setup makes, and returns what it wrote.
func onTerminal(t *testing.T, columns uint16, env []string, args ...string) string {
	t.Helper()
	master, slave := openTerminal(t, columns)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sockls := filepath.Join(t.TempDir(), "sockls")
	if err := os.Symlink(self, sockls); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sockls, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.Env = append(os.Environ(), env...)
	read := make(chan []byte)
	go func() {
		var all bytes.Buffer
		_, _ = all.ReadFrom(master) // ends with EIO when the terminal is left
		read <- all.Bytes()
	}()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	_ = cmd.Wait() // 1 where nothing matched
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("took %v: it waits for the terminal", took)
	}
	return string(<-read)
}

// TestTerminalAsksNothing: the only escapes on a terminal are colours. A query
// would be left unanswered, and would appear in the user's next prompt.
func TestTerminalAsksNothing(t *testing.T) {
	t.Parallel()
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, tt := range []struct {
		env    []string
		colour bool
	}{
		{[]string{"TERM=xterm-256color", "NO_COLOR=", "CLICOLOR_FORCE="}, true},
		{[]string{"TERM=tmux-256color", "TMUX=/nowhere,1,0", "NO_COLOR=", "CLICOLOR_FORCE="}, true},
		{[]string{"TERM=xterm", "NO_COLOR=1"}, false},
		{[]string{"TERM=dumb", "NO_COLOR=", "CLICOLOR_FORCE="}, false},
	} {
		out := onTerminal(t, 100, tt.env, "-a", "-A", "netlink")
		if rest := sgr.ReplaceAllString(out, ""); strings.ContainsRune(rest, '\x1b') {
			t.Errorf("%v: wrote an escape that is no colour: %q", tt.env, rest)
		}
		if got := sgr.MatchString(out); got != tt.colour {
			t.Errorf("%v: colour %v, want %v", tt.env, got, tt.colour)
		}
		if !strings.Contains(out, "PROTO") {
			t.Errorf("%v: no table in %q", tt.env, out)
		}
	}
}

// TestTerminalWidth: a table is cut to the terminal where that costs no
// address, and never cut in a pipe.
func TestTerminalWidth(t *testing.T) {
	t.Parallel()
	args := []string{"-a", "-A", "netlink", "--columns", "proto,local,exe,command", "--color", "never"}
	wide := onTerminal(t, 200, nil, args...)
	narrow := onTerminal(t, 60, nil, args...)
	for line := range strings.Lines(narrow) {
		if line = strings.TrimRight(line, "\r\n"); utf8.RuneCountInString(line) > 60 && !strings.HasPrefix(line, "sockls: ") {
			t.Errorf("%d columns on a terminal of 60: %q", utf8.RuneCountInString(line), line)
		}
	}
	for _, out := range []string{wide, narrow} {
		if !strings.Contains(out, "route:kernel ") {
			t.Errorf("an address is missing or cut:\n%s", out)
		}
	}
	if !strings.Contains(narrow, "…") {
		t.Errorf("nothing was cut at 60 columns:\n%s", narrow)
	}
}
