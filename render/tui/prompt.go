package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// startFilter begins to write a filter. What is written is in force at once; esc
// takes it back.
func (m *model) startFilter() tea.Cmd {
	if m.opts.Parse == nil {
		return nil
	}
	m.mode = inFilter
	m.input = newInput("/", m.filter.text)
	m.input.draft = m.filter.text
	m.before = m.filter
	return m.renew()
}

// startExport begins to write the name of a file.
func (m *model) startExport() {
	if m.opts.Export == nil {
		return
	}
	m.mode = inExport
	m.input = newInput("write to: ", "sockls-"+m.clock().Format("20060102-150405")+".csv")
}

// inputKey is for a key while a line is written.
func (m *model) inputKey(k tea.KeyPressMsg) tea.Cmd {
	switch name := k.String(); name {
	case "esc":
		if m.mode == inFilter {
			m.filter = m.before
		}
		m.mode = inTable
		m.refilter()
		return m.renew()
	case "enter":
		return m.accept()
	case "up":
		if m.mode == inFilter {
			m.input.walk(m.history, 1)
		}
	case "down":
		if m.mode == inFilter {
			m.input.walk(m.history, -1)
		}
	default:
		if !m.input.edit(name) && k.Text != "" {
			m.input.insert(k.Text)
		}
	}
	return m.typed()
}

// typed puts what is written now into force. Where it is about details that the
// rows do not have, they are asked for.
func (m *model) typed() tea.Cmd {
	if m.mode != inFilter {
		return nil
	}
	m.setFilter(m.input.String())
	m.refilter()
	return m.renew()
}

// refilter works out the lines anew after the filter has changed.
func (m *model) refilter() {
	m.sift()
	m.group()
}

// accept ends the line. A filter that cannot be read is not accepted.
func (m *model) accept() tea.Cmd {
	line := strings.TrimSpace(m.input.String())
	if m.mode == inExport {
		m.mode = inTable
		m.export(line)
		return nil
	}
	if m.filter.err != nil {
		return nil
	}
	m.mode = inTable
	m.setFilter(line)
	if line != "" {
		m.history = append(slices.DeleteFunc(m.history, func(h string) bool { return h == line }), line)
	}
	m.refilter()
	return m.renew()
}

// export writes what is shown into a file.
func (m *model) export(path string) {
	if path == "" {
		return
	}
	var fields []field.Field
	for i := range m.columns {
		if m.columns[i].rate == nil {
			fields = append(fields, m.columns[i].Field)
		}
	}
	rows := m.shown()
	if err := m.opts.Export(path, rows, fields); err != nil {
		m.say(err.Error())
		return
	}
	m.say(string(appendCount(nil, len(rows))) + " sockets written to " + path + ", without rates")
}

// say shows a remark until the next key.
func (m *model) say(s string) { m.remark = s }

// drawFoot draws the last line: what is being written, what the last key has
// done, or the keys.
func (m *model) drawFoot(p *pen) {
	if m.footHeight() == 0 {
		return
	}
	switch {
	case m.mode == inFilter || m.mode == inExport:
		m.input.draw(p)
		// Where there is room for it, it stands in the head.
		if err := m.filter.err; m.mode == inFilter && err != nil && m.headHeight() < 3 {
			p.say("  ")
			p.sayName(err.Error(), text.Warn)
		}
	case m.remark != "":
		p.sayName(m.remark, text.Warn)
	case m.err != nil:
		p.sayName(m.err.Error(), text.Warn)
	default:
		m.drawKeys(p, m.keys())
	}
}

// hint is a key and what it does.
type hint struct{ key, does string }

// keys are the most wanted first: what does not fit is left out.
func (m *model) keys() []hint {
	pause := "pause"
	if m.paused {
		pause = "go on"
	}
	hints := []hint{{"q", "quit"}, {"?", "help"}, {"/", "filter"}, {"s", "sort"}, {"space", pause}}
	hints = append(hints, hint{"enter", "detail"}, hint{"c", "columns"}, hint{"p", "group"})
	if m.opts.Kill != nil {
		hints = append(hints, hint{"K", "kill"})
	}
	return append(hints, hint{"latux", "select"}, hint{"+-", "interval"}, hint{"y", "copy"}, hint{"e", "export"})
}

func (m *model) drawKeys(p *pen, hints []hint) {
	for i, h := range hints {
		word := h.key + " " + h.does
		if i > 0 {
			word = "  " + word
		}
		if !p.fits(word) {
			return
		}
		if i > 0 {
			p.say("  ")
		}
		p.sayLike(h.key, strong)
		p.sayIn(" "+h.does, text.Dim)
	}
}
