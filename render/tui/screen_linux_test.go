package tui

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockls/sockls/render/internal/rendertest"
)

// TestScreen goes through what one does with the screen.
func TestScreen(t *testing.T) {
	t.Parallel()
	x := openTerminal(t, 120, 20)
	x.start()
	golden := func(name, screen string) {
		t.Helper()
		rendertest.Golden(t, "screen-"+name+".txt", []byte(screen))
	}
	golden("first", x.await("opened    0/s", "データベース"))
	x.happen("open")
	x.happen("change")
	x.happen("close")
	golden("events", x.await("203.0.113.9:40404", "CLOSE_WAIT", "closed    1/s ▁▁█"))
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

// TestKillInterrupted: a question is not in the way of signals.
func TestKillInterrupted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		does func(x *terminal)
		want string
	}{
		{"^C once", func(x *terminal) {
			x.keys("C-c", "n", "Enter")
			x.await("Enter goes back")
			x.keys("Enter")
			x.await("every 1s", "LOCAL")
			x.keys("q")
		}, "status 0"},
		{"^C again", func(x *terminal) {
			x.keys("C-c")
			x.await("^C")
			time.Sleep(200 * time.Millisecond) // two that come at once are one
			x.keys("C-c")
			x.await("^C^C", "\nbash")
			x.keys("echo status $?", "Enter") // the shell has heard it too
		}, "status 130"},
		{"TERM", func(x *terminal) { _ = syscall.Kill(x.pid(), syscall.SIGTERM) }, "status 143"},
		{"^Z", func(x *terminal) {
			x.keys("C-z")
			x.await("Stopped")
			x.keys("fg", "Enter")
			x.keys("n", "Enter")
			x.await("Enter goes back")
			x.keys("Enter")
			x.await("every 1s", "LOCAL", "!Stopped")
			x.keys("q")
			x.await("done")
			x.keys("echo status $?", "Enter")
		}, "status 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := openTerminal(t, 100, 30)
			x.start()
			x.keys("K")
			x.await("[y/N]")
			tt.does(x)
			x.await(tt.want)
			x.restored()
		})
	}
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
