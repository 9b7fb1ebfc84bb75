package tui

import (
	"syscall"
	"testing"
)

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
