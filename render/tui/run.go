package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/sockls/sockls/render/text"
)

// Terminal is where the screen is.
type Terminal struct {
	In  io.Reader
	Out io.Writer
	// Env is the environment, of which TERM matters.
	Env []string
}

// Run shows the screen until the user or a signal ends it; the signal is
// returned. An error means that the screen has broken down. The terminal is then
// as it was before in any case.
func Run(ctx context.Context, t Terminal, source Source, o Options) (os.Signal, error) {
	ctx, cancel := context.WithCancel(ctx)
	f := &feed{source: source}
	m := newModel(o, func(generation int, w Want) { f.ask(ctx, generation, w) })
	s := &signals{}
	m.ctx, m.terminal, m.signals = ctx, t, s
	p := tea.NewProgram(m,
		tea.WithContext(ctx), tea.WithInput(t.In), tea.WithOutput(muted(t.Out)), tea.WithEnvironment(quiet(t.Env)),
		tea.WithoutSignalHandler(), tea.WithColorProfile(profile(o.Palette)), tea.WithFPS(fps),
		tea.WithFilter(s.filter))
	f.send, s.program = p.Send, p
	stop := s.start()
	_, err := p.Run()
	// Send no longer blocks: whoever hands over a batch finds that nobody wants
	// it any more.
	cancel()
	f.end()
	stop()
	if errors.Is(err, tea.ErrProgramPanic) {
		return nil, errors.New("screen: it has broken down")
	}
	if got := s.got.Load(); got != nil {
		return *got, nil
	}
	if err = errors.Join(err, s.broken); err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	return nil, nil
}

// fps is how often at most the screen is drawn. Over ssh more is a waste.
const fps = 30

// mute is the terminal without the questions that bubbletea asks when the screen
// opens: how the keyboard speaks, and of some terminals which modes they have.
// What understands all answers needs none; and one that comes late, over a slow
// line, would stand in the next prompt.
type mute struct{ *os.File }

// queries are those. Each is written in one piece, and no text on the screen has
// an escape in it.
var queries = [...]string{"\x1b[?u", "\x1b[?2026$p", "\x1b[?2027$p"}

func (m mute) Write(b []byte) (int, error) {
	said := b
	for _, q := range queries {
		if bytes.Contains(said, []byte(q)) {
			said = bytes.ReplaceAll(said, []byte(q), nil)
		}
	}
	if n, err := m.File.Write(said); err != nil {
		return min(n, len(b)), err
	}
	return len(b), nil
}

func muted(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok {
		return mute{f}
	}
	return w
}

// profile tells bubbletea which colours there are, so that it does not have to
// find out.
func profile(p text.Palette) colorprofile.Profile {
	if p.Paints(text.Listen) {
		return colorprofile.ANSI
	}
	return colorprofile.ASCII
}

// quiet is the environment for bubbletea. Behind ssh it asks for less.
func quiet(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		return strings.HasPrefix(v, "TERM_PROGRAM=") || strings.HasPrefix(v, "WT_SESSION=")
	})
	return append(env, "SSH_TTY=/dev/tty")
}
