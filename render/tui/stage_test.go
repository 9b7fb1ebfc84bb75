package tui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// stage drives a model without a terminal: what it asks for is answered at once.
type stage struct {
	t     *testing.T
	scene *scene
	m     *model
	asked []Want
	quit  bool
	clip  string
}

func newStage(t *testing.T, width, height int, alter func(o *Options)) *stage {
	t.Helper()
	s := &stage{t: t, scene: newScene()}
	o := s.scene.options()
	if alter != nil {
		alter(&o)
	}
	s.m = newModel(o, nil)
	s.m.ask = func(generation int, w Want) {
		s.asked = append(s.asked, w)
		s.scene.mu.Lock()
		b := s.scene.fresh(w)
		s.scene.mu.Unlock()
		s.send(batchMsg{generation, b})
	}
	s.send(tea.WindowSizeMsg{Width: width, Height: height})
	s.run(s.m.Init())
	return s
}

// send hands over a message, and runs what comes of it.
func (s *stage) send(msg tea.Msg) {
	s.t.Helper()
	if _, ok := msg.(tickMsg); !ok {
		s.m.ticking = true // the tests let time pass themselves
	}
	_, cmd := s.m.Update(msg)
	s.m.View()
	s.run(cmd)
}

func (s *stage) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			s.run(c)
		}
	case tea.QuitMsg:
		s.quit = true
	case inspectedMsg:
		s.send(msg)
	default:
		if v := fmt.Sprintf("%T", msg); strings.Contains(v, "lipboard") {
			s.clip = fmt.Sprint(msg)
		}
	}
}

// keys types; names of keys stand in angle brackets.
func (s *stage) keys(keys string) {
	s.t.Helper()
	for _, k := range regexp.MustCompile(`<[a-z+]+>|.`).FindAllString(keys, -1) {
		s.send(keyOf(k))
	}
}

var special = map[string]rune{
	"<enter>": tea.KeyEnter, "<esc>": tea.KeyEscape, "<up>": tea.KeyUp, "<down>": tea.KeyDown, "<left>": tea.KeyLeft,
	"<right>": tea.KeyRight, "<home>": tea.KeyHome, "<end>": tea.KeyEnd, "<pgup>": tea.KeyPgUp, "<pgdown>": tea.KeyPgDown,
	"<backspace>": tea.KeyBackspace, "<tab>": tea.KeyTab,
}

func keyOf(k string) tea.KeyPressMsg {
	if code, ok := special[k]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if rest, ok := strings.CutPrefix(k, "<ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	r := []rune(k)[0]
	return tea.KeyPressMsg{Code: r, Text: k}
}

// later lets time pass.
func (s *stage) later(d time.Duration) {
	s.scene.mu.Lock()
	s.scene.clock = s.scene.clock.Add(d)
	s.scene.mu.Unlock()
	_, _ = s.m.Update(tickMsg{})
}

// happen lets a second pass and something happen.
func (s *stage) happen(steps ...string) {
	for _, step := range steps {
		s.scene.mu.Lock()
		s.scene.clock = s.scene.clock.Add(time.Second)
		b := s.scene.happen(step)
		s.scene.mu.Unlock()
		s.send(batchMsg{s.m.generation, b})
	}
}

func (s *stage) screen() string { return string(s.m.draw()) }

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// plain is the screen without what colours and attributes add.
func (s *stage) plain() string {
	lines := strings.Split(sgr.ReplaceAllString(s.screen(), ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// under is the line under the cursor: the one that is in reverse.
func (s *stage) under() string {
	for _, l := range strings.Split(s.screen(), "\n")[s.m.headHeight():] {
		if strings.HasPrefix(l, "\x1b[7") {
			return sgr.ReplaceAllString(l, "")
		}
	}
	return ""
}

func (s *stage) wantUnder(want string) {
	s.t.Helper()
	if got := s.under(); !strings.Contains(got, want) {
		s.t.Errorf("under the cursor is %q, want %q:\n%s", got, want, s.plain())
	}
}

func (s *stage) has(want ...string) {
	s.t.Helper()
	for _, w := range want {
		if got := s.plain(); !strings.Contains(got, w) {
			s.t.Errorf("no %q on the screen:\n%s", w, got)
		}
	}
}

func (s *stage) hasNot(want ...string) {
	s.t.Helper()
	for _, w := range want {
		if got := s.plain(); strings.Contains(got, w) {
			s.t.Errorf("%q is on the screen:\n%s", w, got)
		}
	}
}
