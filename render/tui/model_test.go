package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
)

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
	s.has("▾ 1  \"e\\x1b[2Jvil\\u202e,x[1]\"", "3.06MB   400B      2\n")
	if got := s.m.lines[0].group; got == nil || !strings.Contains(got.key, "vil") {
		t.Errorf("the busiest group is %+v", got)
	}
}

func TestAppendBytes(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0", 1: "1B", 0.5: "0.5B", 12.34: "12.3B", 999.4: "999B", 999.6: "1kB", 1530: "1.53kB", 98_400_000: "98.4MB", 5e15: "5000TB",
	} {
		if got := string(appendBytes(nil, n)); got != want {
			t.Errorf("%v is %s, want %s", n, got, want)
		}
	}
}
