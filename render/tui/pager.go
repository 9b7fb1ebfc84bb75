package tui

import (
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/render/text"
)

// pager is a text that is read and left again.
type pager struct {
	title string
	lines []labelled
	top   int
}

// labelled is a text that may take several lines, and what stands before it.
// Both are escaped.
type labelled struct {
	label, text string
}

// showHelp opens the list of all keys.
func (m *model) showHelp() {
	m.mode = inPages
	lines := []labelled{
		{"arrows j k", "move; left and right go through the columns"},
		{"pgup pgdn", "move by a page; home, g and end, G to the first and the last row"},
		{"/", "filter, in the language of the listing; enter keeps it, esc takes it back, up and down go through earlier ones"},
		{"esc", "no filter"},
		{"s S", "sort by a column; the other way round"},
		{"c", "choose columns"},
		{"p", "group by process, by remote, by state, not at all"},
		{"enter", "all about one socket; fold a group"},
		{"f", "fold all groups, and unfold them"},
		{"l a", "listening sockets, sockets in all states"},
		{"t u x", "TCP, UDP, unix sockets"},
		{"space", "pause and go on"},
		{"+ -", "look less often, more often"},
	}
	if m.opts.Kill != nil {
		lines = append(lines, labelled{"K", "end the process that holds the socket, as sockls kill does"})
	}
	lines = append(lines,
		labelled{"y", "copy the row"},
		labelled{"e", "write what is shown into a file"},
		labelled{"n", "what could not be seen"},
		labelled{"m", "leave the mouse to the terminal, and take it back"},
		labelled{"mouse", "choose and open a row, sort by the head of a column"},
		labelled{"^L", "draw the screen anew"},
		labelled{"q ^C", "quit"},
		labelled{"", ""},
		labelled{"+ row", "has just been opened"},
		labelled{"~ row", "has just changed"},
		labelled{"- row", "has just been closed"},
	)
	m.pager = pager{title: "keys", lines: lines}
}

// showNotices opens what could not be seen.
func (m *model) showNotices() {
	m.mode = inPages
	var lines []labelled
	for _, n := range m.notices {
		lines = append(lines, labelled{n.Code, string(text.AppendEscaped(nil, n.Message))})
		if n.Hint != "" {
			lines = append(lines, labelled{"", string(text.AppendEscaped(nil, n.Hint))})
		}
	}
	if m.store.lost > 0 {
		lines = append(lines, labelled{"lost", string(appendCount(nil, m.store.lost)) + " events may be missing"})
	}
	if len(lines) == 0 {
		lines = []labelled{{"", "nothing was hidden"}}
	}
	m.pager = pager{title: "notices", lines: lines}
}

// pagerKey is for a key while a text is read.
func (m *model) pagerKey(k tea.KeyPressMsg) tea.Cmd {
	if !scroll(&m.pager.top, k.String(), m.height-2) {
		m.mode = inTable
	}
	return nil
}

// scroll is for keys that move through a text.
func scroll(top *int, k string, page int) bool {
	switch k {
	case "up", "k":
		*top--
	case "down", "j":
		*top++
	case "pgup", "ctrl+b":
		*top -= max(1, page)
	case "pgdown", "ctrl+f", "space":
		*top += max(1, page)
	case "home", "g":
		*top = 0
	case "end", "G":
		*top = 1 << 30
	default:
		return false
	}
	return true
}

func (m *model) drawPager(p *pen) {
	m.drawPages(p, m.pager.title, m.pager.lines, &m.pager.top, []hint{{"esc", "back"}, {"up down", "scroll"}})
}

// drawPages draws labelled texts, wrapped at the width of the screen.
func (m *model) drawPages(p *pen, title string, lines []labelled, top *int, hints []hint) {
	p.put([]byte(title), text.Header, strong)
	p.end()
	widest := 0
	for _, l := range lines {
		widest = max(widest, text.Width([]byte(l.label)))
	}
	indent := min(widest, 18, max(0, m.width/2)) + 2
	var all []labelled
	for _, l := range lines {
		all = append(all, wrap(l, m.width-indent)...)
	}
	room := max(1, m.height-2)
	if m.height >= airy && room > len(all) {
		p.end()
		room--
	}
	*top = max(0, min(*top, len(all)-room))
	for i := range room {
		if i+*top < len(all) {
			l := all[i+*top]
			p.put([]byte(l.label), text.Dim, plain)
			p.pad(max(indent-p.used, min(1, len(l.label))), plain)
			p.say(l.text)
		}
		p.end()
	}
	m.drawKeys(p, hints)
}

// airy is the height from which on there is a blank line beneath a heading, where
// nothing else needs it.
const airy = 14

// wrap breaks a text into lines of a width, between words where that is
// possible. The label stands before the first. An argument vector may have
// megabytes, so no line looks at more of it than it may take.
func wrap(l labelled, width int) []labelled {
	width = max(1, width)
	rest := []byte(l.text)
	var lines []labelled
	for {
		window := rest
		if most := 16 * (width + 1); len(rest) > most {
			window = rest[:most]
			for len(window) > 1 && !utf8.RuneStart(rest[len(window)]) {
				window = window[:len(window)-1]
			}
		} else if text.Width(rest) <= width {
			return append(lines, labelled{l.label, string(rest)})
		}
		n := cutAt(window, width)
		lines = append(lines, labelled{l.label, string(rest[:n])})
		l.label, rest = "", rest[n:]
		if len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
	}
}

// cutAt is how many bytes go into a line: up to the last blank that fits, or as
// much as fits, and at least one character.
func cutAt(b []byte, width int) int {
	if text.Width(b) <= width {
		return len(b) // marks without a width of their own
	}
	fits := text.Truncate(nil, b, width+1)
	// What Truncate leaves ends in an ellipsis one column wide, where it has cut.
	n := max(0, len(fits)-len(text.Ellipsis))
	if string(fits) == string(b) {
		for n = len(b); n > 0 && text.Width(b[:n]) > width; {
			_, size := utf8.DecodeLastRune(b[:n])
			n -= size
		}
	}
	for i := n; i > 0; i-- {
		if i < len(b) && b[i] == ' ' {
			return i
		}
	}
	if n > 0 {
		return n
	}
	_, n = utf8.DecodeRune(b)
	return n
}
