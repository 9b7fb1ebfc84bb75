package netfilter

import (
	"bytes"
	"slices"
)

// between narrows a condition to where a key is in a range, or outside of it.
func (p *pass) between(c *condition, key []label, from, to []byte, inverse bool) bool {
	if len(key) == 0 || len(from) != len(key) || len(to) != len(key) {
		c.doubt()
		return true
	}
	if known, ok := constants(key); ok {
		return (bytes.Compare(known, from) >= 0 && bytes.Compare(known, to) <= 0) != inverse
	}
	parts := runs(key)
	field, size := c.field(parts[0].source, p.way)
	if len(parts) == 1 && parts[0].source == fromChance {
		c.lot(p.at())
		return true
	}
	if len(parts) > 1 || field == nil || parts[0].masked || parts[0].leading != 8*size {
		c.doubt()
		return true
	}
	in := oneSpan(keyOf(from), keyOf(to))
	if inverse {
		in = in.not(largest(size))
	}
	return c.narrow(field, in)
}

// union narrows a condition to where a key is one of several, or none of them.
func (p *pass) union(c *condition, key []label, elements []element, inverse bool) bool {
	if known, ok := constants(key); ok {
		return slices.ContainsFunc(elements, func(e element) bool { return e.holds(known) }) != inverse
	}
	parts := runs(key)
	if len(parts) != 1 {
		c.doubt()
		return true
	}
	r := parts[0]
	if field, size := c.field(r.source, p.way); field != nil && !r.masked && r.leading == 8*size {
		list := make([]span, 0, len(elements))
		for _, e := range elements {
			if e.catchall {
				return !inverse
			}
			list = append(list, span{keyOf(e.first), keyOf(e.last)})
		}
		in := newSpans(list)
		if inverse {
			in = in.not(largest(size))
		}
		return c.narrow(field, in)
	}
	return p.oneOf(c, key, r, elements, inverse)
}

// oneOf is union for fields whose values are no numbers.
func (p *pass) oneOf(c *condition, key []label, r run, elements []element, inverse bool) bool {
	op := equal
	if inverse {
		op = unequal
	}
	switch {
	case r.source == fromAddrType && r.leading == 32 && !r.masked:
		want := native.AppendUint32(nil, typeLocal)
		if slices.ContainsFunc(elements, func(e element) bool { return e.holds(want) }) == inverse {
			return false
		}
		c.onlyLocal()
		return true
	case len(elements) == 0:
		return inverse
	case len(elements) == 1 || inverse:
		// None of them is each of them not.
		for _, e := range elements {
			if e.catchall || !slices.Equal(e.first, e.last) {
				c.doubt()
			} else if !p.compareRun(c, key, r, op, e.first) {
				return false
			}
		}
		return true
	}
	c.doubt()
	return true
}
