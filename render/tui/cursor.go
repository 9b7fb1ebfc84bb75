package tui

// cursor is the line that keys are about.
type cursor struct {
	at    int
	id    identity // of its socket, or
	group string   // of its group
	// held is set when the user has chosen the line. Until then the cursor stays
	// at the top, and whatever comes first there is under it.
	held bool
}

// settle puts the cursor on its socket again after lines have moved, and moves
// the window along, so that the cursor stays where it is on the screen.
func (m *model) settle() {
	c := &m.cursor
	height := c.at - m.top // where it is on the screen
	if c.held {
		if i := m.find(); i >= 0 {
			c.at = i
			m.top = i - height
		}
	} else {
		c.at, m.top = 0, 0
	}
	m.clamp()
	if !c.held || m.find() != c.at {
		m.mark()
	}
}

// find is the line that the cursor is about, -1 when that is gone.
func (m *model) find() int {
	c := &m.cursor
	is := func(l *line) bool {
		if l.group != nil {
			return l.group.key == c.group
		}
		return c.group == "" && l.entry.id == c.id
	}
	// It is mostly where it was.
	if c.at >= 0 && c.at < len(m.lines) && is(&m.lines[c.at]) {
		return c.at
	}
	for i := range m.lines {
		if is(&m.lines[i]) {
			return i
		}
	}
	return -1
}

// mark makes the cursor be about the line that it is on.
func (m *model) mark() {
	c := &m.cursor
	c.id, c.group = identity{}, ""
	if l := m.current(); l != nil && l.group != nil {
		c.group = l.group.key
	} else if l != nil {
		c.id = l.entry.id
	}
}

// current is the line under the cursor, nil where there is none.
func (m *model) current() *line {
	if m.cursor.at < 0 || m.cursor.at >= len(m.lines) {
		return nil
	}
	return &m.lines[m.cursor.at]
}

// selected is the socket under the cursor, nil where there is none.
func (m *model) selected() *entry {
	if l := m.current(); l != nil {
		return l.entry
	}
	return nil
}

// move puts the cursor on another line.
func (m *model) move(to int) {
	m.cursor.at = to
	m.clamp()
	// At the top, it is the top that is wanted.
	m.cursor.held = m.cursor.at > 0
	m.mark()
}

// clamp keeps the cursor on a line and the window around it.
func (m *model) clamp() {
	c, room := &m.cursor, m.room()
	c.at = max(0, min(c.at, len(m.lines)-1))
	m.top = max(0, min(m.top, len(m.lines)-room))
	m.top = max(min(m.top, c.at), c.at-room+1)
}
