package tui

import (
	"cmp"
	"slices"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// group is sockets that belong together.
type group struct {
	key    string // escaped already
	count  int    // of those that are not closed
	rate   rate   // of all of them together
	folded bool
	rows   int // those on the screen
	at     int // where the next of them goes
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
		return s.Remote.Addr.Unmap().AppendTo(dst)
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

// kin is the group that a row was found to belong to, so that this is found out
// once for each time that it changes.
type kin struct {
	by  grouping
	of  *socket.Socket
	key string
	in  *group // while lines are put together
}

// inGroups puts the rows together. Unless the order says otherwise, the group with
// most of them comes first: that is what one asks for.
func (m *model) inGroups(lines []line) []line {
	var groups []*group
	index := make(map[string]*group)
	var key []byte
	for _, e := range m.passed {
		k := &e.kin
		if k.by != m.grouping || k.of != e.now {
			key = m.grouping.key(key[:0], e.now)
			if string(key) != k.key {
				k.key = string(key)
			}
			k.by, k.of = m.grouping, e.now
		}
		g := index[k.key]
		if g == nil {
			g = &group{key: k.key, folded: m.foldAll != m.folded[k.key]}
			index[k.key] = g
			groups = append(groups, g)
		}
		if k.in = g; !g.folded {
			g.rows++
		}
		if e.closed.IsZero() {
			g.count++
			g.rate.add(&e.rate)
		}
	}
	slices.SortStableFunc(groups, m.order.compareGroups)
	total := 0
	m.mostRows = 0
	for _, g := range groups {
		g.at = total + 1
		total += 1 + g.rows
		m.mostRows = max(m.mostRows, g.count)
	}
	lines = slices.Grow(lines, total)[:total]
	for _, g := range groups {
		lines[g.at-1] = line{group: g}
	}
	for _, e := range m.passed {
		g := e.kin.in
		if e.kin.in = nil; !g.folded {
			lines[g.at] = line{entry: e}
			g.at++
		}
	}
	return lines
}

// compareGroups orders groups by their sums, or leaves them in the order of their
// first rows.
func (o *order) compareGroups(a, b *group) int {
	c := 0
	switch {
	case o.by.rate != nil:
		c = cmp.Compare(o.by.rate(&a.rate), o.by.rate(&b.rate))
	case o.by.Name == "":
		c = cmp.Compare(b.count, a.count)
	}
	if o.reverse {
		return -c
	}
	return c
}

// leastName is how much room the name of a group has at least.
const leastName = 20

// drawGroup draws the head of a group: how many there are, what they have in
// common, and their sums beneath the heads of the columns.
func (m *model) drawGroup(p *pen, g *group, sums [][]byte, under bool) {
	l, padding := strong, plain
	if under {
		l, padding = chosen, chosen
	}
	sign := m.sign("▾ ", "v ")
	if g.folded {
		sign = m.sign("▸ ", "> ")
	}
	count := appendCount(nil, g.count)
	p.sayLike(sign, l)
	p.pad(len(appendCount(nil, m.mostRows))-len(count), padding)
	p.put(count, text.Plain, l)
	p.pad(2, padding)
	end := p.width
	from := slices.IndexFunc(sums, func(sum []byte) bool { return len(sum) > 0 })
	if from >= 0 && m.widths.place(from) >= p.used+leastName {
		end = m.widths.place(from) - gap
	} else {
		from = len(sums)
	}
	p.put(text.Truncate(nil, []byte(g.key), max(1, end-p.used)), text.Plain, l)
	for j := from; j < len(sums); j++ {
		if m.widths.given[j] == 0 {
			continue
		}
		p.pad(m.widths.place(j)-p.used, padding)
		look := plain
		if under {
			look = chosen
		}
		m.drawCell(p, &m.columns[j], sums[j], m.widths.given[j], m.columns[j].sumRole(&g.rate), look)
	}
	if under {
		p.fill(chosen)
	} else {
		p.end()
	}
}
