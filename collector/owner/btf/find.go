package btf

import (
	"encoding/binary"
	"fmt"
)

// Member is a member of a structure that somebody means to read.
type Member struct {
	Struct, Name string
	Size         uint32 // the bytes that are to be read of it
}

// Query is what to look for. No name in it is empty.
type Query struct {
	Function string
	Members  []Member
}

// Layout is the answer to a Query.
type Layout struct {
	Function uint32   // the number of the function's type
	Offsets  []uint32 // one for each member, in bytes
}

// Find looks for everything in q. It is an error when something is not there, is
// no whole bytes, or is there twice and not alike: a kernel's types may hold two
// structures of one name.
func (t Types) Find(q Query) (Layout, error) {
	s := search{types: t, query: q, layout: Layout{Offsets: make([]uint32, len(q.Members))}, found: make([]bool, len(q.Members))}
	for _, m := range q.Members {
		s.initials[m.Struct[0]] = true
	}
	s.initials[q.Function[0]] = true
	if err := t.each(1<<kindStruct|1<<kindFunc, s.visit); err != nil {
		return Layout{}, err
	}
	for range deepest {
		if s.err != nil || len(s.nested) == 0 || s.whole() {
			break
		}
		if err := s.descend(); err != nil {
			return Layout{}, err
		}
	}
	switch {
	case s.err != nil:
		return Layout{}, s.err
	case s.layout.Function == 0:
		return Layout{}, fmt.Errorf("find function %s: not there", q.Function)
	}
	for i, m := range q.Members {
		if !s.found[i] {
			return Layout{}, fmt.Errorf("find %s.%s: not there", m.Struct, m.Name)
		}
	}
	return s.layout, nil
}

// deepest is how far nameless structures within each other are followed, and
// mostNested how many of them on one level: one could be in itself, and more than
// once.
const (
	deepest    = 6
	mostNested = 4096
)

// search is one Find.
type search struct {
	types    Types
	query    Query
	initials [256]bool // of the names that are looked for
	layout   Layout
	found    []bool
	nested   []nested
	err      error
}

// nested is a nameless structure within a structure that is looked for: its
// members are as good as the outer one's. (A kernel that shuffles its structures
// has most of them in there.)
type nested struct {
	id    uint32
	base  uint64 // where it begins in the outer one, in bits
	outer string
	size  uint64 // of the outer one, in bits
}

func (s *search) whole() bool {
	for _, found := range s.found {
		if !found {
			return false
		}
	}
	return true
}

// visit looks at one type. It returns false when nothing more has to be looked at.
func (s *search) visit(e entry) bool {
	at := uint64(e.name)
	if at >= uint64(len(s.types.strings)) || !s.initials[s.types.strings[at]] {
		return true
	}
	switch e.kind {
	case kindStruct:
		for i, m := range s.query.Members {
			if s.namedBefore(i) || !s.types.named(e.name, m.Struct) {
				continue
			}
			s.members(e, nested{outer: m.Struct, size: uint64(e.size) * 8})
		}
	case kindFunc:
		if s.types.named(e.name, s.query.Function) {
			if s.layout.Function != 0 {
				s.err = fmt.Errorf("find function %s: there are two", s.query.Function)
			}
			s.layout.Function = e.id
		}
	}
	return s.err == nil
}

// namedBefore reports whether the structure of member i is that of one before.
func (s *search) namedBefore(i int) bool {
	for _, m := range s.query.Members[:i] {
		if m.Struct == s.query.Members[i].Struct {
			return true
		}
	}
	return false
}

// members looks for what is wanted among the members of a structure.
func (s *search) members(e entry, in nested) {
	order := binary.NativeEndian
	for rest := e.members; len(rest) >= memberSize && s.err == nil; rest = rest[memberSize:] {
		name, id, place := order.Uint32(rest), order.Uint32(rest[4:]), order.Uint32(rest[8:])
		width := uint32(0)
		if e.bitfields {
			width, place = place>>24, place&0xffffff
		}
		at := in.base + uint64(place)
		if name == 0 {
			if len(s.nested) == mostNested {
				s.err = fmt.Errorf("find members of %s: more than %d nameless structures", in.outer, mostNested)
				return
			}
			s.nested = append(s.nested, nested{id: id, base: at, outer: in.outer, size: in.size})
			continue
		}
		for i, m := range s.query.Members {
			if m.Struct == in.outer && s.types.named(name, m.Name) {
				s.take(i, at, width, in.size)
			}
		}
	}
}

// take keeps where member i is.
func (s *search) take(i int, at uint64, width uint32, size uint64) {
	m := s.query.Members[i]
	switch {
	case width != 0 || at%8 != 0:
		s.err = fmt.Errorf("find %s.%s: a bit field", m.Struct, m.Name)
	case at+uint64(m.Size)*8 > size:
		s.err = fmt.Errorf("find %s.%s: %d bytes at %d: %w", m.Struct, m.Name, m.Size, at/8, errCut)
	case s.found[i] && uint64(s.layout.Offsets[i]) != at/8:
		s.err = fmt.Errorf("find %s.%s: at %d and at %d", m.Struct, m.Name, s.layout.Offsets[i], at/8)
	default:
		s.layout.Offsets[i], s.found[i] = uint32(at/8), true
	}
}

// descend looks into the nameless structures that were met.
func (s *search) descend() error {
	inside := map[uint32][]nested{}
	for _, n := range s.nested {
		inside[n.id] = append(inside[n.id], n)
	}
	s.nested = nil
	const kinds = 1<<kindStruct | 1<<kindUnion | 1<<kindTypedef | 1<<kindVolatile | 1<<kindConst | 1<<kindTypeTag
	return s.types.each(kinds, func(e entry) bool {
		for _, n := range inside[e.id] {
			switch e.kind {
			case kindStruct, kindUnion:
				s.members(e, n)
			default: // a qualifier: the structure itself is the next
				n.id = e.size
				s.nested = append(s.nested, n)
			}
		}
		return s.err == nil
	})
}
