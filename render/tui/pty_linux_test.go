package tui

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wire is a terminal that is nothing but a line: what is written to it is seen byte
// by byte, or not taken at all.
type wire struct {
	t      *testing.T
	master *os.File
	raw    syscall.RawConn
	name   string
	pid    int
	ended  chan error
	seen   chan []byte
	all    []byte
}

// openWire runs the program on a terminal of no size.
func openWire(t *testing.T, env ...string) *wire {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs a pseudo-terminal: ", err)
	}
	t.Cleanup(func() { master.Close() })
	x := &wire{t: t, master: master, ended: make(chan error, 1), seen: make(chan []byte, 1000)}
	// Fd would make reading block, and with it the end of the terminal.
	if x.raw, err = master.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	var number int
	x.control(func(fd int) (err error) {
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	})
	x.name = fmt.Sprintf("/dev/pts/%d", number)
	slave, err := os.OpenFile(x.name, os.O_RDWR|unix.O_NOCTTY, 0)
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
	cmd.Env = append(append(os.Environ(), "TUI_TEST_STORY="+fifo), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	x.pid = cmd.Process.Pid
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	return x
}

func (x *wire) control(ioctl func(fd int) error) {
	x.t.Helper()
	var failed error
	if err := x.raw.Control(func(fd uintptr) { failed = ioctl(int(fd)) }); err != nil || failed != nil {
		x.t.Fatal(err, failed)
	}
}

func (x *wire) size(rows, columns uint16) {
	x.t.Helper()
	x.control(func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	})
}

// listen takes what the program writes.
func (x *wire) listen() {
	go func() {
		defer close(x.seen)
		for {
			b := make([]byte, 1<<16)
			n, err := x.master.Read(b)
			if err != nil {
				return
			}
			x.seen <- b[:n]
		}
	}()
}

// query is what terminals answer: attributes, reports of status, modes and the
// keyboard, and colours.
var query = regexp.MustCompile("\x1b\\[[?>=]?[0-9]*(c|n|\\$p|>q)|\x1b\\[\\?u|\x1b\\][0-9;]*\\?|\x1bP[+$]q")

// await waits for a text, and sees to it that until then nothing was asked.
func (x *wire) await(want string) {
	x.t.Helper()
	for timeout := time.After(20 * time.Second); !strings.Contains(string(x.all), want); {
		select {
		case b := <-x.seen:
			x.all = append(x.all, b...)
		case err := <-x.ended:
			x.t.Fatalf("it has ended: %v\n%q", err, x.all)
		case <-timeout:
			x.t.Fatalf("no %q in %q", want, x.all)
		}
	}
	if q := query.FindString(string(x.all)); q != "" {
		x.t.Errorf("the terminal is asked something: %q", q)
	}
	x.all = nil
}

// end waits until the program has ended.
func (x *wire) end() error {
	x.t.Helper()
	select {
	case err := <-x.ended:
		return err
	case <-time.After(20 * time.Second):
		x.t.Fatal("the program does not end")
		return nil
	}
}

// TestResizeToNothing: a terminal of no size is nothing to break down over, and
// when it goes away the program does not stay behind.
func TestResizeToNothing(t *testing.T) {
	t.Parallel()
	x := openWire(t, "TERM=xterm")
	x.listen()
	// It begins with no size at all.
	x.await("\x1b[?1049h")
	x.size(20, 100)
	x.await("sshd[100]")
	x.size(0, 0)
	time.Sleep(100 * time.Millisecond)
	x.size(0, 50)
	time.Sleep(100 * time.Millisecond)
	x.size(20, 110)
	x.await("sshd[110]")
	if err := x.master.Close(); err != nil {
		t.Fatal(err)
	}
	_ = x.end()
}

// TestAsksNothing: of no terminal, and least of all of those that would answer.
func TestAsksNothing(t *testing.T) {
	t.Parallel()
	for _, env := range [][]string{
		{"TERM=xterm-kitty"},
		{"TERM=alacritty"},
		{"TERM=xterm-ghostty"},
		{"TERM=vt100"},
		{"TERM=xterm-256color", "TERM_PROGRAM=WezTerm"},
		{"TERM=xterm", "WT_SESSION=1"},
		{"TERM=linux", "SSH_TTY="},
	} {
		x := openWire(t, env...)
		x.listen()
		x.await("\x1b[?1049h")
		x.size(20, 100)
		x.await("sshd[100]")
		if _, err := x.master.WriteString("q"); err != nil {
			t.Fatal(err)
		}
		if err := x.end(); err != nil {
			t.Errorf("%v: %v", env, err)
		}
		for b := range x.seen { // until there is nobody on the line any more
			x.all = append(x.all, b...)
		}
		x.await("done")
	}
}

// TestStuckTerminal: one that takes nothing any more does not keep the program from
// being ended.
func TestStuckTerminal(t *testing.T) {
	t.Parallel()
	x := openWire(t, "TERM=xterm")
	x.listen()
	x.await("\x1b[?1049h")
	slave, err := os.OpenFile(x.name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	if err := unix.IoctlSetInt(int(slave.Fd()), unix.TCXONC, unix.TCOOFF); err != nil {
		t.Fatal(err)
	}
	x.size(20, 100)
	time.Sleep(200 * time.Millisecond) // it has begun to draw
	if err := syscall.Kill(x.pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err = x.end(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("it ends with %v, want by SIGTERM", err)
	}
}

// TestNobodyToWakeIt: what a terminal has started, and no shell, is not stopped by
// ^Z, for nobody could continue it.
func TestNobodyToWakeIt(t *testing.T) {
	t.Parallel()
	x := openWire(t, "TERM=xterm")
	x.listen()
	x.await("\x1b[?1049h")
	x.size(20, 100)
	x.await("sshd[100]")
	if _, err := x.master.WriteString("\x1a?"); err != nil {
		t.Fatal(err)
	}
	x.await("scroll")
	if _, err := x.master.WriteString("qq"); err != nil {
		t.Fatal(err)
	}
	if err := x.end(); err != nil {
		t.Error(err)
	}
}
