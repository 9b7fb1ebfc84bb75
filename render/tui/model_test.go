package tui

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
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

// TestCursorStays: on its socket, and on the same line of the screen, whatever
// comes before it; and at the top until it is moved.
func TestCursorStays(t *testing.T) {
	s := newStage(t, 120, 12, nil)
	s.wantUnder("0.0.0.0:22")
	s.happen("first")
	s.wantUnder("127.0.0.1:21")
	s.keys("jj")
	s.wantUnder("192.0.2.10:22")
	at := s.m.cursor.at - s.m.top
	s.happen("many", "open", "close")
	s.wantUnder("198.51.100.7:50022")
	s.keys("slocal-port<enter>")
	if s.m.order.by.Name != "local-port" {
		t.Fatalf("sorted by %q", s.m.order.by.Name)
	}
	s.wantUnder("198.51.100.7:50022")
	if got := s.m.cursor.at - s.m.top; got != at || s.m.top == 0 {
		t.Errorf("the cursor has moved on the screen from %d to %d", at, got)
	}
	s.later(goneTime)
	s.hasNot("198.51.100.7:50022") // it is closed, and gone
	s.keys("<home>")
	s.happen("traffic")
	if s.m.cursor.at != 0 {
		t.Errorf("cursor at %d, want the top", s.m.cursor.at)
	}
	s.keys("<end><pgup><pgdown><pgdown>")
	if s.m.cursor.at != len(s.m.lines)-1 {
		t.Errorf("cursor at %d, want the last line", s.m.cursor.at)
	}
}

// TestFades: rows are lit, then glow, then are like others; closed ones go.
func TestFades(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.happen("open", "close")
	find := func(part string) *entry {
		for _, e := range s.m.store.order {
			if strings.Contains(peerLine(e.now), part) {
				return e
			}
		}
		return nil
	}
	if _, l := s.m.mood(find("40404")); l != lit {
		t.Errorf("look %v of a new row", l)
	}
	if mark, l := s.m.mood(find("50022")); mark != '-' || l != struck {
		t.Errorf("look %v %c of a closed row", l, mark)
	}
	s.later(time.Second)
	if mark, l := s.m.mood(find("40404")); mark != '+' || l != glowing {
		t.Errorf("look %v %c of a row that came a moment ago", l, mark)
	}
	s.later(goneTime - time.Second)
	if find("50022") != nil {
		t.Error("a closed row stays")
	}
	s.later(fadeTime)
	if mark, l := s.m.mood(find("40404")); mark != ' ' || l != plain {
		t.Errorf("look %v %c of an old row", l, mark)
	}
	s.m.ticking = false
	if s.m.tick() != nil {
		t.Error("nothing fades, and time is asked for")
	}
}

// TestFilter: what is written is in force at once, esc takes it back, and one
// that cannot be read changes nothing.
func TestFilter(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.keys("/state listening")
	s.has("2 of 7 sockets", "postgres")
	s.hasNot("TIME_WAIT")
	s.keys(" (")
	s.has("2 of 7 sockets")
	s.keys("<enter>")
	if s.m.mode != inFilter {
		t.Error("a filter that cannot be read was accepted")
	}
	s.keys("<esc>")
	s.has("7 sockets", "TIME_WAIT")
	s.keys("/rtt > 1ms<enter>")
	s.has("4 sockets", "/rtt > 1ms")
	if w := s.asked[len(s.asked)-1]; w.Filter == nil || !w.Details.Has(socket.DetailTCPInfo) {
		t.Errorf("the source was asked for %+v", w)
	}
	s.keys("/<ctrl+u>")
	s.has("7 sockets") // all are fetched again
	s.keys("<up>")
	s.has("4 of 7 sockets")
	s.keys("<enter><esc>")
	s.has("7 sockets")
	s.send(tea.PasteMsg{Content: "/"}) // pasted into the table: nothing
	s.keys("/")
	s.send(tea.PasteMsg{Content: "sport\n22\x1b[2J\n"})
	s.has("sport 22 [2J")
}

// TestSelect: the flags of the listing, and what they ask for.
func TestSelect(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.keys("l")
	s.has("2 sockets  listening")
	s.keys("a")
	s.has("7 sockets  all")
	s.keys("tux")
	want := Selection{TCP: true, UDP: true, Unix: true, All: true}
	if got := s.asked[len(s.asked)-1].Selection; got != want {
		t.Errorf("asked for %+v, want %+v", got, want)
	}
	n := len(s.asked)
	s.keys("+")
	if got := s.asked[len(s.asked)-1].Interval; len(s.asked) != n+1 || got != 2*time.Second {
		t.Errorf("interval %v", got)
	}
	s.keys("------------")
	s.has("every 100ms")
	s.send(batchMsg{1, Batch{Time: time.Now(), Fresh: true, Looked: true}})
	s.has("7 sockets") // the answer to an old question is not taken
}

// TestPause: nothing moves on the screen, and nothing is missed.
func TestPause(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.keys(" ")
	before := s.plain()
	s.happen("open", "close", "change")
	s.later(time.Minute)
	s.has("PAUSED 3 events since")
	if got := strings.Split(s.plain(), "\n")[5:18]; !strings.Contains(before, strings.Join(got, "\n")) {
		t.Errorf("rows have changed:\n%s", strings.Join(got, "\n"))
	}
	s.keys("/sport 5432<enter>")
	s.has("2 of 7")
	s.keys("<esc> ")
	s.has("7 sockets", "40404", "CLOSE_WAIT")
	s.hasNot("PAUSED", "50022")
}

// TestRates: bytes a second between two looks.
func TestRates(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	s.happen("traffic")
	s.has("1.53MB", "3.06MB", "400B")
	s.keys("s<down>")
	s.keys("<esc>sin<enter>")
	s.has("in↓")
	if got := s.m.lines[0].entry.now.Cookie; got != 7 {
		t.Errorf("the busiest is socket %d", got)
	}
	s.happen("nothing")
	s.hasNot("1.53MB") // what does not move is at rest
	s.keys("p")
	s.happen("traffic")
	s.has("in 3.06MB/s  out 400B/s")
}

func TestAppendBytes(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0B", 1: "1B", 0.5: "0.5B", 12.34: "12.3B", 999.4: "999B", 999.6: "1kB", 1530: "1.53kB", 98_400_000: "98.4MB", 5e15: "5000TB",
	} {
		if got := string(appendBytes(nil, n)); got != want {
			t.Errorf("%v is %s, want %s", n, got, want)
		}
	}
}

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

// TestWrap: nothing is lost, no line is too wide, and megabytes take no time.
func TestWrap(t *testing.T) {
	long := strings.Repeat("argument データ e\u0301e\u0301 ", 5_000)
	zalgo := "a" + strings.Repeat("\u0301", 10_000) + " b"
	for _, all := range []string{"", "a", "two words", "データベース", "12345678 9", "e\u0301e\u0301e\u0301", long, zalgo} {
		for _, width := range []int{1, 2, 3, 8, 40} {
			start := time.Now()
			var joined strings.Builder
			lines := wrap(labelled{"label", all}, width)
			for i, l := range lines {
				if n := text.Width([]byte(l.text)); n > max(2, width) || n > width && utf8.RuneCountInString(l.text) > 2 {
					t.Fatalf("width %d: %q has %d columns", width, l.text, n)
				}
				if (l.label != "") != (i == 0) {
					t.Fatalf("width %d: label %q before line %d", width, l.label, i)
				}
				joined.WriteString(l.text)
			}
			if strings.ReplaceAll(joined.String(), " ", "") != strings.ReplaceAll(all, " ", "") {
				t.Fatalf("width %d: %.40q is not what it was", width, all)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("width %d: %v", width, took)
			}
		}
	}
}

// TestChurn: of thousands of closed rows a few are shown, and none stays.
func TestChurn(t *testing.T) {
	s := newStage(t, 120, 20, nil)
	var b Batch
	for i := range 20000 {
		sock := s.scene.inet(uint64(i+5000), socket.Close, "192.0.2.10:443", "203.0.113.9:999", "", 0)
		b.Events = append(b.Events, watch.Event{Kind: watch.Open, Socket: sock}, watch.Event{Kind: watch.Close, Socket: sock})
	}
	s.send(batchMsg{s.m.generation, b})
	if n := len(s.m.store.entries); n > mostGone+10 {
		t.Errorf("%d rows are kept", n)
	}
	s.later(goneTime)
	s.has("7 sockets")
	s.happen("nothing")
	s.has("5714/s")
}

// BenchmarkBatch is a look at a hundred thousand sockets, none of which moves.
func BenchmarkBatch(b *testing.B) {
	c := newScene()
	m := newModel(c.options(), func(int, Want) {})
	first := Batch{Time: c.clock, Fresh: true, Looked: true}
	for i := range 100_000 {
		s := c.inet(uint64(i+1), socket.Established, "192.0.2.10:443", fmt.Sprintf("203.0.%d.9:%d", i%200, i%60000), "nginx", 1)
		first.Events = append(first.Events, watch.Event{Kind: watch.Initial, Socket: s})
	}
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	m.Update(batchMsg{1, first})
	var out bytes.Buffer
	for b.Loop() {
		c.clock = c.clock.Add(time.Second)
		m.Update(batchMsg{1, Batch{Time: c.clock, Looked: true}})
		out.Reset()
		out.Write(m.draw())
	}
}
