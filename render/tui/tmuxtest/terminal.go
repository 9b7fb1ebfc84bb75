package tmuxtest

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNone is the error of Open where there is no tmux.
var ErrNone = errors.New("needs tmux")

// patience is how long Await waits.
const patience = 15 * time.Second

// Terminal is a shell in tmux.
type Terminal struct {
	tmux []string
}

// Open starts a shell on a terminal of a size, whose socket is in dir. Env are
// variables for it, NAME=value. Close must be called.
func Open(dir string, width, height int, env ...string) (*Terminal, error) {
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		return nil, ErrNone
	}
	x := &Terminal{tmux: []string{tmux, "-S", filepath.Join(dir, "tmux"), "-f", "/dev/null"}}
	args := []string{"-u", "new-session", "-d", "-c", dir, "-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	for _, v := range append([]string{"LC_ALL=C.UTF-8"}, env...) {
		args = append(args, "-e", v)
	}
	if _, err := x.Tmux(append(args, "bash --norc --noprofile -i")...); err != nil {
		return nil, err
	}
	if _, err := x.Tmux("set-option", "-g", "status", "off"); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// Close ends the server and what runs in it.
func (x *Terminal) Close() {
	_, _ = x.Tmux("kill-server") // it has ended where the shell has
}

// Tmux runs a command of tmux, and returns what it prints.
func (x *Terminal) Tmux(args ...string) (string, error) {
	out, err := exec.Command(x.tmux[0], slices.Concat(x.tmux[1:], args)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %v: %w\n%s", args, err, out)
	}
	return string(out), nil
}

// Keys types keys, by tmux's names for them.
func (x *Terminal) Keys(keys ...string) error {
	_, err := x.Tmux(append([]string{"send-keys", "-t", ":0"}, keys...)...)
	return err
}

// Screen is what stands on the screen.
func (x *Terminal) Screen() (string, error) { return x.Tmux("capture-pane", "-p", "-t", ":0") }

// Await waits until the screen has all of these texts, and none of those that begin
// with "!", and returns it.
func (x *Terminal) Await(want ...string) (string, error) {
	deadline := time.Now().Add(patience)
	for {
		screen, err := x.Screen()
		if err != nil {
			return "", err
		}
		missing := slices.IndexFunc(want, func(w string) bool {
			text, unwanted := strings.CutPrefix(w, "!")
			return strings.Contains(screen, text) == unwanted
		})
		if missing < 0 {
			return screen, nil
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("no %q on the screen:\n%s", want[missing], screen)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
