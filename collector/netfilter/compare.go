package netfilter

import "bytes"

// comparison is enum nft_cmp_ops.
type comparison uint32

const (
	equal comparison = iota
	unequal
	less
	lessEqual
	greater
	greaterEqual
)

// field is the part of the condition that a byte is about, with its size.
func (c *condition) field(from source, w way) (s *spans, size int) {
	switch from {
	case fromTo:
		return &c.to, w.addressLen()
	case fromPort:
		return &c.ports, 2
	case fromProto:
		return &c.protos, 1
	}
	return nil, 0
}

// compare narrows a condition to where a key compares so with data. It reports
// whether that is possible.
func (p *pass) compare(c *condition, key []label, op comparison, data []byte) bool {
	if len(key) == 0 || len(key) != len(data) {
		c.doubt()
		return true
	}
	if known, ok := constants(key); ok {
		return holds(bytes.Compare(known, data), op)
	}
	parts := runs(key)
	if op == equal {
		for _, r := range parts {
			if !p.compareRun(c, key[r.start:r.end], r, equal, data[r.start:r.end]) {
				return false
			}
		}
		return true
	}
	if len(parts) > 1 {
		c.doubt()
		return true
	}
	return p.compareRun(c, key, parts[0], op, data)
}

func holds(order int, op comparison) bool {
	switch op {
	case equal:
		return order == 0
	case unequal:
		return order != 0
	case less:
		return order < 0
	case lessEqual:
		return order <= 0
	case greater:
		return order > 0
	case greaterEqual:
		return order >= 0
	}
	return true
}

// compareRun is compare for bytes of one field.
func (p *pass) compareRun(c *condition, key []label, r run, op comparison, data []byte) bool {
	switch r.source {
	case fromConstant:
		known, _ := constants(key)
		return holds(bytes.Compare(known, data), op)
	case fromChance:
		c.lot(p.at())
		return true
	case fromArrival:
		return p.compareName(c, r, op, data)
	case fromArrivalIndex:
		return p.compareIndex(c, r, op, data)
	case fromAddrType:
		return p.compareType(c, r, op, data)
	}
	field, size := c.field(r.source, p.way)
	if field == nil || r.leading < 0 || len(key) > size {
		c.doubt()
		return true
	}
	if op != equal && op != unequal && (r.masked || len(key) < size) {
		c.doubt()
		return true
	}
	return c.narrow(field, values(key, op, data, size))
}

// values are those of a field of which the key is the beginning.
func values(key []label, op comparison, data []byte, size int) spans {
	first, last := make([]byte, size), make([]byte, size)
	for i := range size {
		last[i] = 0xff
		if i < len(key) {
			if data[i]&^key[i].mask != 0 { // no value has these bits
				if op == unequal {
					return nil
				}
				return none
			}
			first[i], last[i] = data[i], data[i]|^key[i].mask
		}
	}
	lo, hi := keyOf(first), keyOf(last)
	zero, end := number{}, largest(size)
	switch op {
	case equal:
		return oneSpan(lo, hi)
	case unequal:
		return oneSpan(lo, hi).not(end)
	case less:
		if lo == zero {
			return none
		}
		return oneSpan(zero, lo.before())
	case lessEqual:
		return oneSpan(zero, lo)
	case greater:
		if lo == end {
			return none
		}
		return oneSpan(lo.next(), end)
	case greaterEqual:
		return oneSpan(lo, end)
	}
	return nil
}

// compareName is about the interface; a name without its end is the beginning
// of many.
func (p *pass) compareName(c *condition, r run, op comparison, data []byte) bool {
	name, whole := trimmed(data)
	if r.masked || r.leading < 0 || name == "" {
		c.doubt()
		return true
	}
	if !whole {
		name = pattern(name)
	}
	return p.arrival(c, op, name)
}

func (p *pass) arrival(c *condition, op comparison, name string) bool {
	switch {
	// Nothing that other machines send arrives on lo.
	case op == equal && name == loopback:
		return false
	case op == equal:
		return c.on(name)
	case op == unequal:
		return c.notOn(name)
	}
	c.doubt()
	return true
}

func (p *pass) compareIndex(c *condition, r run, op comparison, data []byte) bool {
	if r.masked || r.leading != 32 || len(data) != 4 {
		c.doubt()
		return true
	}
	index := native.Uint32(data)
	if name, ok := p.links(index); ok {
		return p.arrival(c, op, name)
	}
	c.doubt()
	return true
}

// typeLocal is RTN_LOCAL (include/uapi/linux/rtnetlink.h). Only connections to
// this machine are looked at, so that no other type is met.
const typeLocal = 2

func (p *pass) compareType(c *condition, r run, op comparison, data []byte) bool {
	if r.masked || r.leading != 32 || len(data) != 4 || op != equal && op != unequal {
		c.doubt()
		return true
	}
	if (native.Uint32(data) == typeLocal) != (op == equal) {
		return false
	}
	c.onlyLocal()
	return true
}
