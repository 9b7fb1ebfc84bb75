package tui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
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
	t     *testing.T
	tmux  []string
	fifo  string
	story *os.File
}

func openTerminal(t *testing.T, width, height int, env ...string) *terminal {
	t.Helper()
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		t.Skip("needs tmux")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, fifo: filepath.Join(dir, "story")}
	x.tmux = []string{tmux, "-S", filepath.Join(dir, "tmux"), "-f", "/dev/null"}
	if err := syscall.Mkfifo(x.fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if x.story, err = os.OpenFile(x.fifo, os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	args := []string{"-u", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	for _, v := range append(env, "PS1=$ ", "LC_ALL=C.UTF-8", "TUI_TEST_STORY="+x.fifo, "PROGRAM="+self) {
		args = append(args, "-e", v)
	}
	x.run(append(args, "bash --norc --noprofile -i")...)
	x.run("set-option", "-g", "status", "off")
	t.Cleanup(func() {
		x.story.Close()
		_ = exec.Command(tmux, append(x.tmux[1:], "kill-server")...).Run()
	})
	return x
}

func (x *terminal) run(args ...string) string {
	x.t.Helper()
	out, err := exec.Command(x.tmux[0], append(x.tmux[1:len(x.tmux):len(x.tmux)], args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (x *terminal) keys(keys ...string) {
	x.t.Helper()
	x.run(append([]string{"send-keys", "-t", ":0"}, keys...)...)
}

func (x *terminal) happen(step string) {
	x.t.Helper()
	if _, err := x.story.WriteString(step + "\n"); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) screen() string { return x.run("capture-pane", "-p", "-t", ":0") }

// await waits until the screen has all of these texts, and none that begins
// with "!".
func (x *terminal) await(want ...string) string {
	x.t.Helper()
	var screen string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		screen = x.screen()
		ok := true
		for _, w := range want {
			if not, negated := strings.CutPrefix(w, "!"); strings.Contains(screen, not) == negated {
				ok = false
			}
		}
		if ok {
			return screen
		}
	}
	x.t.Fatalf("no %q on the screen:\n%s", want, screen)
	return ""
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
	x.keys("stty -g >"+x.fifo+".after; echo state written", "Enter")
	x.await("\nstate written")
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

// TestScreen goes through what one does with the screen.
func TestScreen(t *testing.T) {
	t.Parallel()
	x := openTerminal(t, 120, 20)
	x.start()
	golden := func(name, screen string) {
		t.Helper()
		rendertest.Golden(t, "screen-"+name+".txt", []byte(screen))
	}
	golden("first", x.await("opened 0/s", "データベース"))
	x.happen("open")
	x.happen("change")
	x.happen("close")
	golden("events", x.await("203.0.113.9:40404", "CLOSE_WAIT", "closed ▁▁█ 1/s"))
	x.happen("later")
	x.await("!198.51.100.7:50022")
	x.happen("traffic")
	golden("traffic", x.await("3.06MB"))
	x.keys("Down", "Down", "s", "out", "Enter")
	golden("sorted", x.await("out↓"))
	x.keys("/")
	x.await("\n/")
	x.keys("-l", "sport 5432")
	golden("filtering", x.await("of 7", "/sport 5432"))
	x.keys("Enter")
	x.await("2 sockets", "q quit")
	x.keys("Escape")
	x.await("7 sockets")
	x.keys("Space")
	x.await("PAUSED")
	x.happen("first")
	x.await("1 events since", "!127.0.0.1:21 ")
	x.keys("Space")
	x.await("127.0.0.1:21 ", "!PAUSED")
	x.keys("p")
	golden("grouped", x.await("by process"))
	x.keys("p", "p", "p", "c", "rtt")
	x.await("[ ] rtt")
	x.keys("Space", "Enter")
	x.await("[400] 1.53ms")
	x.keys("Enter")
	x.await("esc back", "cookie")
	x.keys("Escape")
	x.await("every 1s")
	x.run("resize-window", "-t", ":0", "-x", "40", "-y", "10")
	golden("small", x.await("8 sockets", "›", "q quit  ? help", "!columns"))
	x.run("resize-window", "-t", ":0", "-x", "300", "-y", "100")
	golden("large", x.await("e export"))
	x.run("resize-window", "-t", ":0", "-x", "1", "-y", "1")
	x.run("resize-window", "-t", ":0", "-x", "90", "-y", "24")
	x.await("every 1s")
	x.keys("?")
	x.await("q ^C")
	x.keys("q")
	x.await("every 1s")
	x.keys("q")
	x.await("done\nstatus 0")
	x.restored()
}

// TestKill: the terminal is that of the question, and then the screen's again.
func TestKill(t *testing.T) {
	t.Parallel()
	x := openTerminal(t, 100, 20)
	x.start()
	x.keys("K")
	x.await("end tcp LISTEN 0.0.0.0:22 - sshd[100]? [y/N]", "!LOCAL")
	x.keys("n", "Enter")
	x.await(`answer "n"`, "Enter goes back")
	x.happen("open")
	x.keys("Enter")
	x.await("LOCAL", "203.0.113.9:40404")
	x.keys("q")
	x.await("status 0")
	x.restored()
}

// TestNoColour: without colours, no escape sets one.
func TestNoColour(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"NO_COLOR=1", "NO_COLOR="} {
		x := openTerminal(t, 100, 20, env)
		x.start()
		x.happen("open")
		x.await("203.0.113.9:40404")
		raw := x.run("capture-pane", "-e", "-p", "-t", ":0")
		colour := strings.Contains(raw, "\x1b[32m") || strings.Contains(raw, "\x1b[36m") || strings.Contains(raw, "\x1b[1;32m")
		if colour == (env == "NO_COLOR=1") {
			t.Errorf("%s: colours %v:\n%q", env, colour, raw)
		}
		if !strings.Contains(raw, "7m") {
			t.Errorf("%s: the cursor cannot be seen:\n%q", env, raw)
		}
	}
}

// query is what terminals answer: attributes, reports of status, modes and the
// keyboard, and colours.
var query = regexp.MustCompile("\x1b\\[[?>=]?[0-9]*(c|n|\\$p|>q)|\x1b\\[\\?u|\x1b\\][0-9;]*\\?|\x1bP[+$]q")

// TestResizeToNothing: nothing is asked of the terminal. A terminal of no size is nothing to break down over, and
// when it goes away the program does not stay behind.
func TestResizeToNothing(t *testing.T) {
	t.Parallel()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs a pseudo-terminal: ", err)
	}
	defer master.Close()
	// Fd would make reading block, and with it the end of the terminal.
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	control := func(ioctl func(fd int) error) {
		t.Helper()
		var failed error
		if err := raw.Control(func(fd uintptr) { failed = ioctl(int(fd)) }); err != nil || failed != nil {
			t.Fatal(err, failed)
		}
	}
	var number int
	control(func(fd int) (err error) {
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	})
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(t.TempDir(), "story")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TUI_TEST_STORY="+fifo, "TERM=xterm")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer cmd.Process.Kill()

	seen := make(chan []byte, 1000)
	go func() {
		defer close(seen)
		for {
			b := make([]byte, 1<<16)
			n, err := master.Read(b)
			if err != nil {
				return
			}
			seen <- b[:n]
		}
	}()
	var all []byte
	await := func(want string) {
		t.Helper()
		for timeout := time.After(10 * time.Second); !strings.Contains(string(all), want); {
			select {
			case b := <-seen:
				all = append(all, b...)
			case err := <-ended:
				t.Fatalf("it has ended: %v\n%q", err, all)
			case <-timeout:
				t.Fatalf("no %q in %q", want, all)
			}
		}
		if q := query.FindString(string(all)); q != "" {
			t.Errorf("the terminal is asked something: %q", q)
		}
		all = nil
	}
	size := func(rows, columns uint16) {
		t.Helper()
		control(func(fd int) error {
			return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
		})
	}
	// It begins with no size at all.
	await("\x1b[?1049h")
	size(20, 100)
	await("sshd[100]")
	size(0, 0)
	time.Sleep(100 * time.Millisecond)
	size(0, 50)
	time.Sleep(100 * time.Millisecond)
	size(20, 110)
	await("sshd[110]")
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the terminal is gone, and the program is not")
	}
}

// TestRestored: however the screen ends, the terminal is as it was.
func TestRestored(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(x *terminal)
		want string
	}{
		{"q", func(x *terminal) { x.keys("q") }, "done\nstatus 0"},
		{"^C", func(x *terminal) { x.keys("C-c") }, "done\nstatus 0"},
		{"TERM", func(x *terminal) { _ = syscall.Kill(x.pid(), syscall.SIGTERM) }, "signal: terminated\nstatus 2"},
		{"HUP", func(x *terminal) { _ = syscall.Kill(x.pid(), syscall.SIGHUP) }, "signal: hangup\nstatus 2"},
		{"INT", func(x *terminal) { _ = syscall.Kill(x.pid(), syscall.SIGINT) }, "signal: interrupt\nstatus 2"},
		{"panic", func(x *terminal) { x.happen("panic") }, "error: screen: it has broken down\nstatus 3"},
		{"while filtering", func(x *terminal) { x.keys("/", "C-c") }, "done\nstatus 0"},
		{"^Z", func(x *terminal) {
			x.keys("C-z")
			x.await("Stopped")
			x.restored()
			x.keys("fg", "Enter")
			x.await("every 1s", "!Stopped")
			x.keys("Down", "q")
		}, "done\n"},
		{"TSTP twice", func(x *terminal) {
			for range 2 {
				_ = syscall.Kill(x.pid(), syscall.SIGTSTP)
				x.await("Stopped")
				x.keys("fg", "Enter")
				x.await("every 1s", "!Stopped")
			}
			x.keys("q")
		}, "done\n"},
		{"STOP", func(x *terminal) {
			_ = syscall.Kill(x.pid(), syscall.SIGSTOP)
			x.await("Stopped")
			x.keys("fg", "Enter")
			x.await("every 1s", "!Stopped")
			x.keys("Down", "q")
		}, "done\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := openTerminal(t, 100, 30)
			x.start()
			tt.end(x)
			x.await(tt.want)
			x.restored()
		})
	}
}
