package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

// TestGolden draws the screen in many states and sizes.
func TestGolden(t *testing.T) {
	colours := func(o *Options) { o.Palette = text.Basic() }
	for _, tt := range []struct {
		name          string
		width, height int
		steps         string
		keys          string
		alter         func(o *Options)
		raw           bool
	}{
		{name: "first", width: 120, height: 20},
		{name: "wide", width: 300, height: 100, steps: "open change close brief traffic"},
		{name: "narrow", width: 40, height: 10, steps: "open change close"},
		{name: "narrow-right", width: 40, height: 10, keys: "<right><right>"},
		{name: "events", width: 120, height: 20, steps: "open change close brief"},
		{name: "events-colour", width: 120, height: 20, steps: "open change close brief", alter: colours, raw: true},
		{name: "events-mono", width: 120, height: 20, steps: "open change close brief", raw: true},
		{name: "traffic", width: 120, height: 20, steps: "traffic traffic"},
		{name: "ascii", width: 120, height: 20, steps: "open close", keys: "p", alter: func(o *Options) { o.ASCII = true }},
		{name: "lost", width: 100, height: 12, steps: "lost notice"},
		{name: "fail", width: 100, height: 12, steps: "fail"},
		{name: "filter-writing", width: 100, height: 12, keys: "/sport = 22 and stat"},
		{name: "filter", width: 100, height: 12, keys: "/sport = 22<enter>"},
		{name: "by-process", width: 100, height: 20, steps: "traffic", keys: "p<enter>"},
		{name: "by-remote", width: 100, height: 20, keys: "pp"},
		{name: "by-state", width: 100, height: 20, keys: "ppp"},
		{name: "sort", width: 90, height: 14, keys: "s<down><down>"},
		{name: "columns", width: 90, height: 14, keys: "crtt"},
		{name: "detail", width: 100, height: 34, steps: "traffic", keys: "<end><up><enter>"},
		{name: "detail-narrow", width: 40, height: 10, keys: "<end><up><enter>"},
		{name: "help", width: 90, height: 34, keys: "?"},
		{name: "notices", width: 90, height: 10, steps: "notice lost notice", keys: "n"},
		{name: "paused", width: 100, height: 14, steps: "open", keys: " ", alter: nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, tt.width, tt.height, tt.alter)
			s.happen(strings.Fields(tt.steps)...)
			s.keys(tt.keys)
			if tt.name == "paused" {
				s.happen("change", "close")
			}
			got := s.plain()
			if tt.raw {
				got = strings.ReplaceAll(s.screen(), "\x1b", "␛") + "\n"
			}
			rendertest.Golden(t, "tui-"+tt.name+".txt", []byte(got))
		})
	}
}

// TestEverySize: each line fits the screen, and there are as many as it has, in
// every mode.
func TestEverySize(t *testing.T) {
	for _, keys := range []string{"", "/sport", "s", "c", "?", "n", "p", "<down><enter>", "e"} {
		s := newStage(t, 80, 24, nil)
		s.happen("open", "change", "close", "notice")
		s.keys(keys)
		for width := 0; width <= 130; width += 1 + width/40 {
			for _, height := range []int{0, 1, 2, 3, 5, 6, 9, 10, 14, 40} {
				s.send(tea.WindowSizeMsg{Width: width, Height: height})
				screen := s.screen()
				if s.m.View(); width == 0 || height == 0 {
					if screen != "" {
						t.Fatalf("%q at %d×%d: %q", keys, width, height, screen)
					}
					continue
				}
				lines := strings.Split(screen, "\n")
				if len(lines) > height {
					t.Fatalf("%q at %d×%d: %d lines", keys, width, height, len(lines))
				}
				for _, l := range lines {
					l = sgr.ReplaceAllString(l, "")
					if n := text.Width([]byte(l)); n > width {
						t.Fatalf("%q at %d×%d: %d columns: %q", keys, width, height, n, l)
					}
					if i := strings.IndexFunc(l, func(r rune) bool { return !text.Visible(r) }); i >= 0 {
						t.Fatalf("%q at %d×%d: hidden text in %q", keys, width, height, l)
					}
				}
			}
		}
	}
}
