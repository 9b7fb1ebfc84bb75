package tui

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/render/text"
)

// picker is a list of columns to choose from.
type picker struct {
	all, list []column // list are those that match what was typed
	typed     string
	at, top   int
}

// pickSort opens the list of columns to sort by: those of the table first.
func (m *model) pickSort() {
	m.mode = inSort
	all := slices.Clone(m.columns)
	for _, c := range allColumns() {
		if c.Compare != nil && m.column(c.Name) < 0 || c.rate != nil && m.column(c.Name) < 0 {
			all = append(all, c)
		}
	}
	all = slices.Insert(all, 0, column{})
	all[0].Help = "the default order: protocol, local port, address"
	m.picker = picker{all: all, list: all}
	m.picker.at = max(0, slices.IndexFunc(all, func(c column) bool { return c.Name == m.order.by.Name }))
}

// pickColumns opens the list of columns to show.
func (m *model) pickColumns() {
	m.mode = inColumns
	all := slices.Clone(m.columns)
	for _, c := range allColumns() {
		if m.column(c.Name) < 0 {
			all = append(all, c)
		}
	}
	m.picker = picker{all: all, list: all}
}

// column is the place of a column in the table, -1 where it is not shown.
func (m *model) column(name string) int {
	return slices.IndexFunc(m.columns, func(c column) bool { return c.Name == name })
}

// pickerKey is for a key while the list is open. Letters search.
func (m *model) pickerKey(k tea.KeyPressMsg) tea.Cmd {
	l, page := &m.picker, max(1, m.height-3)
	switch name := k.String(); name {
	case "esc":
		m.mode = inTable
		m.arrange()
		return m.renew()
	case "up":
		l.move(-1)
	case "down", "tab":
		l.move(1)
	case "pgup":
		l.move(-page)
	case "pgdown":
		l.move(page)
	case "home":
		l.move(-len(l.list))
	case "end":
		l.move(len(l.list))
	case "backspace":
		if r := []rune(l.typed); len(r) > 0 {
			l.search(string(r[:len(r)-1]))
		}
	case "enter", "space":
		return m.picked(name == "enter")
	default:
		if k.Text != "" && !strings.ContainsFunc(k.Text, unicode.IsControl) {
			l.search(l.typed + k.Text)
		}
	}
	return nil
}

// picked is for the choice. To sort by what is sorted by already reverses it;
// columns come and go with a blank, and enter is done with them.
func (m *model) picked(done bool) tea.Cmd {
	c := m.picker.current()
	if m.mode == inSort {
		if m.mode = inTable; c != nil {
			m.sortBy(*c)
		}
		return m.renew()
	}
	if done {
		m.mode = inTable
		m.arrange()
		return m.renew()
	}
	if c != nil {
		m.flip(*c)
		m.picker.move(1)
	}
	return nil
}

// sortBy sorts by a column. Numbers begin with the largest.
func (m *model) sortBy(c column) {
	if c.Name == m.order.by.Name {
		m.order.reverse = !m.order.reverse
	} else {
		m.order = order{by: c, reverse: c.Right}
	}
	m.arrange()
}

// flip shows or hides a column. The last one stays.
func (m *model) flip(c column) {
	i := m.column(c.Name)
	switch {
	case i < 0:
		m.columns = append(m.columns, c)
	case len(m.columns) > 1:
		m.columns = slices.Delete(slices.Clone(m.columns), i, i+1)
	}
	m.left = min(m.left, len(m.columns)-1)
	m.widths.reset()
}

func (l *picker) current() *column {
	if l.at < 0 || l.at >= len(l.list) {
		return nil
	}
	return &l.list[l.at]
}

func (l *picker) move(lines int) { l.at = max(0, min(l.at+lines, len(l.list)-1)) }

// search narrows the list to names and helps with the text in them; names that
// begin with it come first.
func (l *picker) search(typed string) {
	l.typed, l.at, l.top = typed, 0, 0
	if typed == "" {
		l.list = l.all
		return
	}
	var first, name, help []column
	for _, c := range l.all {
		switch {
		case strings.HasPrefix(c.Name, typed):
			first = append(first, c)
		case strings.Contains(c.Name, typed):
			name = append(name, c)
		case strings.Contains(c.Help, typed):
			help = append(help, c)
		}
	}
	l.list = slices.Concat(first, name, help)
}

// drawPicker draws the list with its heading and its keys.
func (m *model) drawPicker(p *pen) {
	l := &m.picker
	title := "sort by"
	hints := []hint{{"enter", "sort"}, {"esc", "back"}, {"letters", "search"}}
	if m.mode == inColumns {
		title = "columns"
		hints = []hint{{"space", "show or hide"}, {"enter", "done"}, {"letters", "search"}}
	}
	p.sayLike(title, strong)
	if l.typed != "" {
		p.say("  ")
		p.sayName(l.typed, text.Established)
	}
	p.end()
	room := max(1, m.height-2)
	l.top = max(0, min(l.top, len(l.list)-room))
	l.top = max(min(l.top, l.at), l.at-room+1)
	for i := l.top; i < min(l.top+room, len(l.list)); i++ {
		m.drawChoice(p, &l.list[i], i == l.at)
	}
	for range room - min(room, len(l.list)) {
		p.end()
	}
	m.drawKeys(p, hints)
}

func (m *model) drawChoice(p *pen, c *column, under bool) {
	l := plain
	if under {
		l = chosen
	}
	mark, name := "    ", c.Name
	switch {
	case m.mode == inColumns && m.column(c.Name) >= 0:
		mark = "[x] "
	case m.mode == inColumns:
		mark = "[ ] "
	case c.Name == m.order.by.Name && m.order.reverse:
		mark = m.sign(" ↓  ", " v  ")
	case c.Name == m.order.by.Name:
		mark = m.sign(" ↑  ", " ^  ")
	}
	if name == "" {
		name = "default"
	}
	p.sayLike(mark+name, l)
	p.pad(22-p.used, l)
	p.pad(1, l)
	if under {
		p.sayLike(c.Help, l)
		p.fill(l)
		return
	}
	p.sayIn(c.Help, text.Dim)
	p.end()
}
