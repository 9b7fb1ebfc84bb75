package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
)

// TestDetail: all that is known, with peers; and what was a socket's last word.
func TestDetail(t *testing.T) {
	s := newStage(t, 100, 40, nil)
	s.keys("/40001 and sport 5432<enter><enter>")
	s.has("cookie", "rtt", "1.53ms", "postgres --serve", "peer", "127.0.0.1:40001", "データベース[300]")
	s.keys("<esc>")
	s.has("every 1s")
	s.keys("<esc>/dport 50022<enter><enter>")
	s.happen("close")
	s.has("closed", "bytes-received:10")
	s.keys("K")
	s.has("it is closed already")
}

// TestColumns: come, go, and are asked for.
func TestColumns(t *testing.T) {
	s := newStage(t, 140, 20, nil)
	s.keys("crtt <enter>")
	s.has("RTT", "1.53ms")
	s.keys("cstate <enter>")
	s.hasNot("TIME_WAIT  192", "STATE")
	if w := s.asked[len(s.asked)-1]; !w.Details.Has(socket.DetailTCPInfo) {
		t.Error("details of a new column were not asked for")
	}
	s.keys("c<end><home> ") // the first
	s.keys("<enter>")
	s.hasNot("PROTO")
}

// TestMouse: chooses, opens, scrolls and sorts.
func TestMouse(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	click := func(x, y int) { s.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	click(10, 7)
	s.wantUnder("198.51.100.8:50100")
	click(10, 7)
	if s.m.mode != inDetail {
		t.Error("a second click does not open the row")
	}
	s.keys("<esc>")
	names := strings.Split(s.plain(), "\n")[4]
	click(strings.Index(names, "REMOTE"), 4)
	if s.m.order.by.Name != "remote" {
		t.Errorf("sorted by %q, want remote", s.m.order.by.Name)
	}
	click(0, 19)
	click(500, 500)
	s.happen("many")
	s.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	if s.m.top == 0 {
		t.Error("the wheel does not scroll")
	}
	s.keys("m")
	if v := s.m.View(); v.MouseMode != tea.MouseModeNone {
		t.Error("the mouse is kept")
	}
}

// TestActions: copy, export and what is not offered.
func TestActions(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.keys("/sport 443<enter>y<esc>")
	if !strings.Contains(s.clip, `2001:db8::10`) || strings.ContainsAny(s.clip, "\x1b\u202e") {
		t.Errorf("copied %q", s.clip)
	}
	path := filepath.Join(t.TempDir(), "out")
	s.keys("e<ctrl+u>")
	s.send(tea.PasteMsg{Content: path})
	s.keys("<enter>")
	s.has("7 sockets written to")
	if got, err := os.ReadFile(path); err != nil || string(got) != "7 rows, 5 columns\n" {
		t.Errorf("%q %v", got, err)
	}
	s.keys("e<ctrl+u>/nowhere/x<enter>")
	s.has("no such file")
	s.keys("q")
	if !s.quit {
		t.Error("q does not quit")
	}
	s = newStage(t, 120, 20, func(o *Options) { o.Kill, o.Export, o.Inspect, o.Parse = nil, nil, nil, nil })
	before := s.plain()
	s.keys("Ke/")
	if got := s.plain(); got != before {
		t.Errorf("keys do something that is not offered:\n%s", got)
	}
	s.keys("<enter>")
	s.has("inode")
}

// TestFold: all groups at once, and one against all others; the largest comes
// first.
func TestFold(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.happen("many")
	s.keys("pf")
	s.has("▸ 500  nginx", "▸   2  sshd")
	s.keys("<enter>")
	if g := s.m.lines[0].group; g == nil || g.folded || s.m.lines[1].entry == nil {
		t.Error("enter does not unfold one of the folded groups")
	}
	s.keys("Kf")
	s.has("▾")
	s.hasNot("▸")
}

// TestShown: what is exported is there; rows that are closed are not.
func TestShown(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.happen("open", "close")
	if got, want := len(s.m.shown()), 7; got != want || len(s.m.lines) != want+1 {
		t.Errorf("%d sockets are exported of %d lines, want %d", got, len(s.m.lines), want)
	}
}

// TestShrink: the cursor is on the screen, whatever becomes of that.
func TestShrink(t *testing.T) {
	s := newStage(t, 120, 40, nil)
	s.happen("many")
	s.keys("jjjjjjjjjjjjjjjjjjjj")
	s.send(tea.WindowSizeMsg{Width: 100, Height: 8})
	if s.under() == "" {
		t.Errorf("the cursor is not on the screen:\n%s", s.plain())
	}
}
