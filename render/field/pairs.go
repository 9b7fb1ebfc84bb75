package field

import (
	"bytes"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// Pairs are facts that stand together as "name:value", under the names that
// they have as columns and in filters. A flag that is on is its name alone.
type Pairs struct {
	groups []fact.Group // of the pairs
	pairs  []pair
}

type pair struct {
	label  string // "name:", or "name" of a flag
	kind   fact.Kind
	zero   bool // whether a zero is worth showing
	number func(*socket.Socket) (int64, bool)
	text   func(*socket.Socket) (string, bool)
}

// pairsOf puts facts together. Zero tells whether zeros are worth showing; a
// flag that is off is never shown.
func pairsOf(facts []fact.Fact, zero bool) Pairs {
	p := Pairs{pairs: make([]pair, len(facts))}
	for i, f := range facts {
		if !slices.Contains(p.groups, f.Group) {
			p.groups = append(p.groups, f.Group)
		}
		label := f.Name
		if f.Kind != fact.Flag {
			label += ":"
		}
		p.pairs[i] = pair{
			label: label, kind: f.Kind, zero: zero && f.Kind != fact.Flag,
			number: f.Number, text: f.Text,
		}
	}
	return p
}

// Append appends what s has of the facts, with separator between them.
func (p Pairs) Append(dst []byte, s *socket.Socket, separator byte) []byte {
	if !slices.ContainsFunc(p.groups, func(g fact.Group) bool { return Known(s, g) }) {
		return dst
	}
	start := len(dst)
	for i := range p.pairs {
		x := &p.pairs[i]
		if x.kind == fact.Text {
			value, ok := x.text(s)
			if !ok {
				continue
			}
			dst = x.open(dst, start, separator)
			dst = text.AppendQuoted(dst, value)
			continue
		}
		n, ok := x.number(s)
		if !ok || n == 0 && !x.zero {
			continue
		}
		dst = x.open(dst, start, separator)
		if x.kind != fact.Flag {
			dst = appendFact(dst, x.kind, n)
		}
	}
	return dst
}

// open appends what goes before the value, in a text that began at start.
func (x *pair) open(dst []byte, start int, separator byte) []byte {
	if len(dst) > start {
		dst = append(dst, separator)
	}
	return append(dst, x.label...)
}

// flags tells whether any of its flags is known of s, be it on or off.
func (p Pairs) flags(s *socket.Socket) bool {
	return slices.ContainsFunc(p.pairs, func(x pair) bool {
		if x.kind != fact.Flag {
			return false
		}
		_, ok := x.number(s)
		return ok
	})
}

// column makes one column of the pairs. It shows "none" where there is nothing
// to show and flags are known to be off.
func (p Pairs) column(f Field) Field {
	f.Header = strings.ToUpper(f.Name)
	f.Shrink, f.Min, f.Shorten = 2, 10, shortenList
	f.Value = func(dst []byte, s *socket.Socket) []byte {
		start := len(dst)
		dst = p.Append(dst, s, ',')
		if len(dst) == start && p.flags(s) {
			dst = append(dst, "none"...)
		}
		return dst
	}
	f.Has = func(s *socket.Socket) bool { return len(f.Value(nil, s)) > 0 }
	f.Compare = func(a, b *socket.Socket) int {
		x, y := f.Value(nil, a), f.Value(nil, b)
		return compareKnown(len(x) > 0, len(y) > 0, bytes.Compare(x, y))
	}
	return f
}

// Known tells whether anything of the group is known of s, which is quicker
// than to ask fact by fact.
func Known(s *socket.Socket, g fact.Group) bool {
	d := s.Details
	if d == nil {
		return false
	}
	switch g {
	case fact.Extended:
		return d.Extended != nil
	case fact.Timer:
		return d.Timer != nil
	case fact.Memory:
		return d.Memory != nil
	case fact.TCP:
		return d.TCP != nil
	case fact.MPTCP:
		return d.MPTCP != nil
	case fact.SCTP:
		return d.SCTP != nil
	case fact.IP:
		return d.IP != nil
	case fact.Reuse:
		return d.Reuse != nil
	}
	return false
}
