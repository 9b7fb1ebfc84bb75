package tui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockls/sockls/render/text"
	"github.com/sockls/sockls/render/tui/tmuxtest"
)

// TestMain makes the test binary the program whose screen is looked at, where it
// is told to.
func TestMain(m *testing.M) {
	if fifo := os.Getenv("TUI_TEST_STORY"); fifo != "" {
		os.Exit(perform(fifo))
	}
	os.Exit(m.Run())
}

// perform shows the scene on the terminal; what happens is read from a pipe, a
// step a line.
func perform(fifo string) int {
	c := newScene()
	o := c.options()
	if os.Getenv("NO_COLOR") == "" {
		o.Palette = text.Basic()
	}
	go c.follow(fifo)
	sig, err := Run(context.Background(), Terminal{In: os.Stdin, Out: os.Stdout, Env: os.Environ()}, c, o)
	switch {
	case err != nil:
		fmt.Println("error:", err)
		return 3
	case sig != nil:
		fmt.Println("signal:", sig)
		return 2
	}
	fmt.Println("done")
	return 0
}

// follow reads the story.
func (c *scene) follow(fifo string) {
	f, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	<-c.looked
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c.mu.Lock()
		c.clock = c.clock.Add(time.Second)
		deliver := c.deliver
		var b Batch
		switch step := lines.Text(); step {
		case "later":
			c.clock = c.clock.Add(fadeTime)
			b = Batch{Time: c.clock, Looked: true}
		case "panic":
			b = Batch{Time: c.clock, Looked: true, Rows: nilRow()}
		default:
			b = c.happen(step)
		}
		c.mu.Unlock()
		deliver(b)
	}
}

// terminal is a shell in tmux, in which the program runs.
type terminal struct {
	*tmuxtest.Terminal
	t     *testing.T
	fifo  string
	story *os.File
	// states counts how often the state was looked at.
	states int
}

func openTerminal(t *testing.T, width, height int, env ...string) *terminal {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, fifo: filepath.Join(dir, "story")}
	if err := syscall.Mkfifo(x.fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if x.story, err = os.OpenFile(x.fifo, os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.story.Close() })
	x.Terminal, err = tmuxtest.Open(dir, width, height, append(env, "TUI_TEST_STORY="+x.fifo, "PROGRAM="+self)...)
	if errors.Is(err, tmuxtest.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

// run, keys and await are those of the terminal, which must not fail.

func (x *terminal) run(args ...string) string {
	x.t.Helper()
	return x.must(x.Tmux(args...))
}

func (x *terminal) keys(keys ...string) {
	x.t.Helper()
	x.must("", x.Keys(keys...))
}

func (x *terminal) await(want ...string) string {
	x.t.Helper()
	return x.must(x.Await(want...))
}

func (x *terminal) must(out string, err error) string {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

func (x *terminal) happen(step string) {
	x.t.Helper()
	if _, err := x.story.WriteString(step + "\n"); err != nil {
		x.t.Fatal(err)
	}
}

// start runs the program, after a note of the state of the terminal.
func (x *terminal) start() {
	x.t.Helper()
	x.keys("stty -g >"+x.fifo+".before; clear; $PROGRAM; echo status $?", "Enter")
	x.await("every 1s", "sshd[100]", "!PROGRAM")
}

// restored checks that the terminal is as it was: the modes of the line, and
// those of the emulator.
func (x *terminal) restored() {
	x.t.Helper()
	x.states++
	written := "state " + strconv.Itoa(x.states)
	x.keys("stty -g >"+x.fifo+".after; echo "+written, "Enter")
	x.await("\n" + written + "\n")
	before, _ := os.ReadFile(x.fifo + ".before")
	after, err := os.ReadFile(x.fifo + ".after")
	if err != nil || string(before) != string(after) {
		x.t.Errorf("the modes are %s, they were %s (%v)", after, before, err)
	}
	const modes = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{mouse_button_flag} #{mouse_sgr_flag} #{keypad_cursor_flag}"
	if got := strings.TrimSpace(x.run("display-message", "-p", "-t", ":0", modes)); got != "0 1 0 0 0 0" {
		x.t.Errorf("the emulator is left with %s = %s", modes, got)
	}
}

// pid is the program's.
func (x *terminal) pid() int {
	x.t.Helper()
	shell := strings.TrimSpace(x.run("display-message", "-p", "-t", ":0", "#{pane_pid}"))
	children, err := os.ReadFile("/proc/" + shell + "/task/" + shell + "/children")
	pid, err2 := strconv.Atoi(strings.TrimSpace(string(children)))
	if err = errors.Join(err, err2); err != nil {
		x.t.Fatal(err)
	}
	return pid
}
