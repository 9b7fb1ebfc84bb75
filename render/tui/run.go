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
	"sync/atomic"

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
	p := tea.NewProgram(m,
		tea.WithContext(ctx), tea.WithInput(t.In), tea.WithOutput(muted(t.Out)), tea.WithEnvironment(quiet(t.Env)),
		tea.WithoutSignalHandler(), tea.WithColorProfile(profile(o.Palette)), tea.WithFPS(fps),
		tea.WithFilter(s.filter))
	f.send = p.Send
	stop := s.start(p)
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
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	return nil, nil
}

// fps is how often at most the screen is drawn. Over ssh more is a waste.
const fps = 30

// mute is the terminal without the question of how its keyboard speaks, which
// bubbletea asks when the screen opens. What understands all answers needs none;
// and one that comes late, over a slow line, would stand in the next prompt.
type mute struct{ *os.File }

const keyboardQuery = "\x1b[?u"

func (m mute) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(keyboardQuery)) {
		_, err := m.File.Write(bytes.ReplaceAll(b, []byte(keyboardQuery), nil))
		return len(b), err
	}
	return m.File.Write(b)
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

// quiet is the environment for bubbletea. On a terminal that is not behind ssh it
// asks for modes; the answer of a slow one would stand in the next prompt.
func quiet(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		return strings.HasPrefix(v, "TERM_PROGRAM=") || strings.HasPrefix(v, "WT_SESSION=") ||
			strings.HasPrefix(v, "TEA_")
	})
	return append(env, "SSH_TTY=/dev/tty")
}

// signals are those that end, stop and continue the program.
type signals struct {
	got   atomic.Pointer[os.Signal]
	sleep func() // stops the program, soon
}

// filter sees each message before the model does. To stop the program is not
// left to bubbletea, whose signal would be caught.
func (s *signals) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	if _, ok := msg.(tea.SuspendMsg); ok {
		s.sleep()
		return nil
	}
	return msg
}
