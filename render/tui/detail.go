package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// detail is one socket, with all that is known of it.
type detail struct {
	entry *entry
	known *Inspection // nil until it has been found out
	err   error
	top   int
}

// inspectedMsg is what was found out about a socket.
type inspectedMsg struct {
	id    identity
	known Inspection
	err   error
}

// openDetail shows what is known of a socket, and finds out the rest.
func (m *model) openDetail(e *entry) tea.Cmd {
	m.mode = inDetail
	m.detail = detail{entry: e}
	return m.inspect()
}

// inspect finds out all about the socket, unless that is being done already or
// the socket is gone.
func (m *model) inspect() tea.Cmd {
	d := &m.detail
	if m.opts.Inspect == nil || m.inspecting || d.entry == nil || !d.entry.closed.IsZero() || m.paused && d.known != nil {
		return nil
	}
	m.inspecting = true
	ctx, s, id, inspect := m.ctx, d.entry.now, d.entry.id, m.opts.Inspect
	return func() tea.Msg {
		known, err := inspect(ctx, s)
		return inspectedMsg{id: id, known: known, err: err}
	}
}

// inspected takes in what was found out. Where another socket is shown by now,
// that is next.
func (m *model) inspected(msg inspectedMsg) tea.Cmd {
	d := &m.detail
	m.inspecting = false
	if d.entry == nil {
		return nil
	}
	if d.entry.id != msg.id {
		return m.inspect()
	}
	if d.err = msg.err; msg.err == nil {
		d.known = &msg.known
	}
	return nil
}

// detailKey is for a key while one socket is shown. What is done with a row can
// be done here as well.
func (m *model) detailKey(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if scroll(&m.detail.top, name, m.height-2) {
		return nil
	}
	switch name {
	case "K":
		return m.kill()
	case "y":
		return m.copyRow()
	case "q", "esc", "enter", "backspace", "left":
		m.mode, m.detail = inTable, detail{}
	}
	return nil
}

// drawDetail draws all columns that have a value, one a line, and then the other
// ends and what could not be seen.
func (m *model) drawDetail(p *pen) {
	d := &m.detail
	s, e := d.entry.now, d.entry
	if d.known != nil && d.known.Socket != nil && e.closed.IsZero() {
		s = d.known.Socket
	}
	var lines []labelled
	if !e.closed.IsZero() {
		lines = append(lines, labelled{"closed", age(m.clock().Sub(e.closed)) + " ago; these are its last values"})
	}
	switch {
	case e.opened.IsZero(): // it was there before the screen
	case e.closed.IsZero():
		lines = append(lines, labelled{"open for", age(m.clock().Sub(e.opened))})
	default:
		lines = append(lines, labelled{"lived", age(e.closed.Sub(e.opened))})
	}
	if e.rate.known {
		lines = append(lines, labelled{"rates", "in " + string(appendBytes(nil, e.rate.in)) + "/s, out " +
			string(appendBytes(nil, e.rate.out)) + "/s, sent again " + string(appendThree(nil, e.rate.retransmits)) + "/s"})
	}
	if d.known != nil {
		for _, peer := range d.known.Peers {
			lines = append(lines, labelled{"peer", peerLine(peer)})
		}
		for _, n := range d.known.Notices {
			lines = append(lines, labelled{"notice", string(text.AppendEscaped(nil, n.Message))})
		}
	}
	if d.err != nil {
		lines = append(lines, labelled{"failed", string(text.AppendEscaped(nil, d.err.Error()))})
	}
	lines = appendFacts(lines, s)
	hints := []hint{{"esc", "back"}, {"up down", "scroll"}, {"y", "copy"}}
	if m.opts.Kill != nil {
		hints = append(hints, hint{"K", "kill"})
	}
	if m.remark != "" {
		hints = []hint{{"esc", "back"}, {"", string(text.AppendEscaped(nil, m.remark))}}
	}
	m.drawPages(p, peerLine(e.now), lines, &d.top, hints)
}

// appendFacts appends all that is known of a socket: what stands for itself a
// line each, and the many counters of a set together.
func appendFacts(lines []labelled, s *socket.Socket) []labelled {
	fields := field.Basic()
	sets := field.Sets()
	for i := range sets {
		if sets[i].Beneath() == nil {
			fields = field.Add(fields, sets[i].Columns()...)
		}
	}
	for i := range fields {
		if value := fields[i].Value(nil, s); len(value) > 0 {
			lines = append(lines, labelled{fields[i].Name, string(value)})
		}
	}
	for i := range sets {
		for _, pairs := range sets[i].Beneath() {
			if value := pairs.Append(nil, s, ' '); len(value) > 0 {
				lines = append(lines, labelled{sets[i].Flag, string(value)})
			}
		}
	}
	return lines
}

// peerLine is a socket in one line.
func peerLine(s *socket.Socket) string {
	var line []byte
	for _, name := range [...]string{"proto", "state", "local", "remote", "process"} {
		if f, ok := field.Lookup(name); ok {
			if len(line) > 0 {
				line = append(line, ' ')
			}
			line = f.Append(line, s)
		}
	}
	return string(line)
}
