package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// key is for one key. ^C ends the screen wherever one is.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "ctrl+l":
		return tea.ClearScreen
	}
	switch m.mode {
	case inFilter, inExport:
		return m.inputKey(k)
	case inSort, inColumns:
		return m.pickerKey(k)
	case inDetail:
		return m.detailKey(k)
	case inPages:
		return m.pagerKey(k)
	}
	if m.moveKey(k.String()) {
		return nil
	}
	return m.tableKey(k.String())
}

// moveKey moves the cursor.
func (m *model) moveKey(k string) bool {
	page := max(1, m.room()-1)
	switch k {
	case "up", "k":
		m.move(m.cursor.at - 1)
	case "down", "j":
		m.move(m.cursor.at + 1)
	case "pgup", "ctrl+b":
		m.top -= page
		m.move(m.cursor.at - page)
	case "pgdown", "ctrl+f":
		m.top += page
		m.move(m.cursor.at + page)
	case "home", "g":
		m.move(0)
	case "end", "G":
		m.move(len(m.lines) - 1)
	case "left":
		m.left = max(0, m.left-1)
	case "right":
		if m.widths.more {
			m.left++
		}
	default:
		return false
	}
	return true
}

// tableKey is for keys that do something.
func (m *model) tableKey(k string) tea.Cmd {
	switch k {
	case "q":
		return tea.Quit
	case "?":
		m.showHelp()
	case "n":
		m.showNotices()
	case "esc":
		if m.filter.text == "" {
			return nil
		}
		m.setFilter("")
		m.arrange()
		return m.renew()
	case "/":
		return m.startFilter()
	case "s":
		m.pickSort()
	case "S":
		m.order.reverse = !m.order.reverse
		m.arrange()
	case "c":
		m.pickColumns()
	case "p":
		m.grouping = (m.grouping + 1) % groupings
		clear(m.folded)
		m.group()
		return m.renew()
	case "f":
		m.foldAll = !m.foldAll
		clear(m.folded)
		m.group()
	case "enter":
		return m.enter()
	case "l", "a", "t", "u", "x":
		m.toggle(k)
		return m.renew()
	case "space":
		m.pause()
	case "+", "=":
		return m.pace(1)
	case "-":
		return m.pace(-1)
	case "K":
		return m.kill()
	case "y":
		return m.copyRow()
	case "e":
		m.startExport()
	case "m":
		m.mouse = !m.mouse
	}
	return nil
}

// toggle is for the flags of the listing.
func (m *model) toggle(k string) {
	s := &m.selection
	switch k {
	case "l":
		s.Listening, s.All = !s.Listening, false
	case "a":
		s.All, s.Listening = !s.All, false
	case "t":
		s.TCP = !s.TCP
	case "u":
		s.UDP = !s.UDP
	case "x":
		s.Unix = !s.Unix
	}
}

// pause stops the screen, not the watch.
func (m *model) pause() {
	if !m.paused {
		m.pausedAt, m.missed, m.there = m.opts.Now(), 0, m.total()
		m.frozen, m.frozenHave = m.store.frozen(), m.have
	} else {
		m.frozen = nil
		m.store.fade(m.opts.Now())
	}
	m.paused = !m.paused
	m.arrange()
}

// paces are the intervals that there are to choose from.
var paces = [...]time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second,
	5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

// pace makes the interval longer or shorter.
func (m *model) pace(direction int) tea.Cmd {
	next := m.interval
	if direction > 0 {
		for i := len(paces) - 1; i >= 0 && paces[i] > m.interval; i-- {
			next = paces[i]
		}
	} else {
		for i := 0; i < len(paces) && paces[i] < m.interval; i++ {
			next = paces[i]
		}
	}
	m.interval = next
	return m.renew()
}

// enter opens a socket, and opens and closes a group.
func (m *model) enter() tea.Cmd {
	l := m.current()
	switch {
	case l == nil:
		return nil
	case l.group != nil:
		if key := l.group.key; m.folded[key] {
			delete(m.folded, key)
		} else {
			m.folded[key] = true
		}
		m.group()
		return nil
	}
	return m.openDetail(l.entry)
}

// wheelLines is how far the wheel moves.
const wheelLines = 3

func (m *model) wheel(at tea.Mouse) {
	lines := wheelLines
	if at.Button == tea.MouseWheelUp {
		lines = -lines
	} else if at.Button != tea.MouseWheelDown {
		return
	}
	switch m.mode {
	case inTable, inFilter, inExport:
		m.top += lines
		m.move(m.cursor.at + lines)
	case inSort, inColumns:
		m.picker.move(lines)
	case inDetail:
		m.detail.top += lines
	case inPages:
		m.pager.top += lines
	}
}

// click chooses a row, and opens the one that is chosen already; on the head of
// a column it sorts.
func (m *model) click(at tea.Mouse) tea.Cmd {
	if m.mode != inTable || at.Button != tea.MouseLeft {
		return nil
	}
	y := at.Y - m.headHeight()
	if y == -1 {
		if i := m.widths.at(at.X); i >= 0 && i < len(m.columns) {
			m.sortBy(m.columns[i])
			return m.renew()
		}
		return nil
	}
	if y < 0 || y >= m.room() || m.top+y >= len(m.lines) {
		return nil
	}
	if m.cursor.held && m.cursor.at == m.top+y {
		return m.enter()
	}
	m.move(m.top + y)
	m.cursor.held = true
	return nil
}
