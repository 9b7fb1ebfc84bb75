package tui

import (
	"slices"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// line is one line of the table: a socket or the head of a group.
type line struct {
	entry *entry
	group *group
}

// arrange works out the lines anew: in which order, which rows, in which groups,
// and where the cursor is now. Whoever knows that less has changed begins later.
func (m *model) arrange() {
	m.sort()
	m.sift()
	m.group()
}

// rows are those that there are: while the screen is paused, copies.
func (m *model) rows() []*entry {
	if m.paused {
		return m.frozen
	}
	return m.store.order
}

// sort puts the rows in order.
func (m *model) sort() {
	m.spare = mend(m.rows(), m.spare, m.order.compare)
	if cap(m.spare) > spareLimit {
		m.spare = nil
	}
}

// spareLimit is how much room for sorting is kept.
const spareLimit = 4096

// sift finds the rows that the filter wants, and counts them.
func (m *model) sift() {
	before := m.passed
	m.passed, m.alive, m.counts, m.sum = m.passed[:0], 0, [stateLimit]int{}, rate{}
	for _, e := range m.rows() {
		if !m.passes(e) {
			continue
		}
		m.passed = append(m.passed, e)
		if e.closed.IsZero() {
			m.alive++
			m.counts[e.now.State%stateLimit]++
			m.sum.add(&e.rate)
		}
	}
	clear(rest(before, m.passed)) // or it would keep what is gone
}

// drop leaves out rows that are gone, which counts have left out before.
func (m *model) drop() {
	m.passed = slices.DeleteFunc(m.passed, (*entry).isDropped)
	m.group()
}

// group puts the rows on lines.
func (m *model) group() {
	before := m.lines
	if m.lines = m.lines[:0]; m.grouping == byNothing {
		for _, e := range m.passed {
			m.lines = append(m.lines, line{entry: e})
		}
	} else {
		m.lines = m.inGroups(m.lines)
	}
	clear(rest(before, m.lines))
	m.settle()
}

// rest is what was in a slice beyond what has taken its place.
func rest[T any](before, now []T) []T { return before[min(len(now), len(before)):] }

// stateLimit is more than there are states.
const stateLimit = 32

// passes reports whether the filter wants a row.
func (m *model) passes(e *entry) bool {
	f := m.filter.parsed
	return f == nil || filter.Eval(f.Expr, e.now, m.has()) == socket.Yes
}

// has are the details that the rows have.
func (m *model) has() socket.Detail {
	if m.paused {
		return m.frozenHave
	}
	return m.have
}

// shown are the sockets in the order of the screen, without those that are
// closed.
func (m *model) shown() []*socket.Socket {
	rows := make([]*socket.Socket, 0, len(m.lines))
	for _, l := range m.lines {
		if l.entry != nil && l.entry.closed.IsZero() {
			rows = append(rows, l.entry.now)
		}
	}
	return rows
}
