package tui

import (
	"slices"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// line is one line of the table: a socket or the head of a group.
type line struct {
	entry *entry
	group *group
}

// group is sockets that belong together.
type group struct {
	key     string // escaped already
	count   int
	rate    rate // of all of them together
	folded  bool
	members []*entry
}

// grouping is what sockets are put together by.
type grouping uint8

const (
	byNothing grouping = iota
	byProcess
	byRemote
	byState
	groupings
)

func (g grouping) String() string {
	return [...]string{"", "process", "remote", "state"}[g]
}

func (g grouping) details() socket.Detail {
	if g == byProcess {
		return socket.DetailOwners
	}
	return 0
}

// key is the name of the group of a socket, escaped.
func (g grouping) key(dst []byte, s *socket.Socket) []byte {
	switch {
	case g == byState:
		return append(dst, s.State.String()...)
	case g == byRemote && s.Remote.IsZero():
		return append(dst, "no remote"...)
	case g == byRemote && s.Remote.Addr.IsValid():
		return append(dst, s.Remote.Addr.Unmap().String()...)
	case g == byRemote:
		f, _ := field.Lookup("remote")
		return f.Append(dst, s)
	case len(s.Processes) > 0:
		return text.AppendQuoted(dst, s.Processes[0].Process.Name)
	case s.NoProcess != socket.ReasonNone:
		return append(append(append(dst, '('), s.NoProcess.Text()...), ')')
	}
	return append(dst, "no process"...)
}

// arrange works out the lines anew: which rows, in which order and groups, and
// where the cursor is now.
func (m *model) arrange() {
	entries := m.store.order
	if m.paused {
		entries = m.frozen
	}
	// From one look to the next little changes, and what is nearly in order is
	// sorted quickly.
	slices.SortFunc(entries, m.order.compare)

	m.passed, m.alive, m.counts = m.passed[:0], 0, [stateLimit]int{}
	for _, e := range entries {
		if !m.passes(e) {
			continue
		}
		m.passed = append(m.passed, e)
		if e.closed.IsZero() {
			m.alive++
			m.counts[e.now.State%stateLimit]++
		}
	}
	m.lines = m.lines[:0]
	if m.grouping == byNothing {
		for _, e := range m.passed {
			m.lines = append(m.lines, line{entry: e})
		}
	} else {
		for _, g := range m.groups(m.passed) {
			m.lines = append(m.lines, line{group: g})
			for _, e := range g.members {
				m.lines = append(m.lines, line{entry: e})
			}
		}
	}
	m.settle()
}

// stateLimit is more than there are states.
const stateLimit = 32

// passes reports whether the filter wants a row.
func (m *model) passes(e *entry) bool {
	f := m.filter.parsed
	return f == nil || filter.Eval(f.Expr, e.now, m.have) == socket.Yes
}

// groups puts the rows together; the groups are in the order of their first
// rows. Of a folded group the members are left out.
func (m *model) groups(entries []*entry) []*group {
	var groups []*group
	index := make(map[string]*group)
	var key []byte
	for _, e := range entries {
		key = m.grouping.key(key[:0], e.now)
		g := index[string(key)]
		if g == nil {
			g = &group{key: string(key), folded: m.folded[string(key)]}
			index[g.key] = g
			groups = append(groups, g)
		}
		if e.closed.IsZero() {
			g.count++
			g.rate.add(&e.rate)
		}
		if !g.folded {
			g.members = append(g.members, e)
		}
	}
	return groups
}

func (r *rate) add(o *rate) {
	if o.known {
		r.known = true
		r.in += o.in
		r.out += o.out
		r.retransmits += o.retransmits
	}
}

// shown are the sockets in the order of the screen.
func (m *model) shown() []*socket.Socket {
	rows := make([]*socket.Socket, 0, len(m.lines))
	for _, l := range m.lines {
		if l.entry != nil {
			rows = append(rows, l.entry.now)
		}
	}
	return rows
}
