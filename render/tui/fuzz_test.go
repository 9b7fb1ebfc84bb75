package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// FuzzDraw puts hostile text wherever text comes from: into names, notices,
// filters and remarks. No line is wider than the screen, shows what is hidden,
// or is one too many.
func FuzzDraw(f *testing.F) {
	f.Add("nginx", "sport 22", uint8(80), uint8(24), "p")
	f.Add("\x1b[2J\u202e", "\"\x1b]0;x\a", uint8(40), uint8(10), "/")
	f.Add("データ\xff", "데이터 🇩🇪 e\u0301", uint8(7), uint8(3), "<enter>")
	f.Add("a\nb\r\tc", "\u0301", uint8(1), uint8(1), "n")
	f.Fuzz(func(t *testing.T, name, typed string, width, height uint8, keys string) {
		s := newStage(t, int(width), int(height), nil)
		b := Batch{Time: s.scene.clock, Looked: true, Notices: []socket.Notice{{Code: "x", Message: name, Hint: typed}}}
		b.Rows = append(b.Rows, s.scene.inet(77, socket.Established, "192.0.2.1:1", "192.0.2.2:2", name+"x", 7))
		s.send(batchMsg{s.m.generation, b})
		s.keys("/")
		s.send(tea.PasteMsg{Content: typed})
		s.keys("<enter>")
		if !strings.ContainsAny(keys, "eK") { // nothing is written
			s.keys(keys)
		}
		screen := sgr.ReplaceAllString(s.screen(), "")
		lines := strings.Split(screen, "\n")
		if len(lines) > max(1, int(height)) {
			t.Fatalf("%d lines of %d:\n%s", len(lines), height, screen)
		}
		for _, l := range lines {
			if n := text.Width([]byte(l)); n > int(width) {
				t.Fatalf("%d columns of %d: %q", n, width, l)
			}
			if i := strings.IndexFunc(l, func(r rune) bool { return !text.Visible(r) }); i >= 0 {
				t.Fatalf("hidden text in %q", l)
			}
		}
	})
}
