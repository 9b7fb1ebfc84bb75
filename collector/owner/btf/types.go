package btf

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Types are a kernel's types, of which only the sections have been looked at.
type Types struct {
	types, strings []byte
}

const (
	magic      = 0xeb9f // btf_header.magic, in the order of bytes of the kernel
	version    = 1
	headerSize = 24
)

// errCut says that something reaches beyond the end of what it is in.
var errCut = errors.New("cut short")

// Parse finds the sections of b, which it keeps.
func Parse(b []byte) (Types, error) {
	if len(b) < headerSize {
		return Types{}, fmt.Errorf("read btf header: %w", errCut)
	}
	order := binary.NativeEndian
	if got := order.Uint16(b); got != magic {
		return Types{}, fmt.Errorf("read btf header: magic %#x, not %#x", got, magic)
	}
	if b[2] != version {
		return Types{}, fmt.Errorf("read btf header: version %d, not %d", b[2], version)
	}
	length := uint64(order.Uint32(b[4:]))
	if length < headerSize || length > uint64(len(b)) {
		return Types{}, fmt.Errorf("read btf header of %d bytes: %w", length, errCut)
	}
	section := func(at int) ([]byte, error) {
		from := length + uint64(order.Uint32(b[at:]))
		to := from + uint64(order.Uint32(b[at+4:]))
		if to > uint64(len(b)) {
			return nil, fmt.Errorf("read btf section at %d: %w", from, errCut)
		}
		return b[from:to:to], nil
	}
	types, err := section(8)
	if err != nil {
		return Types{}, err
	}
	strings, err := section(16)
	if err != nil {
		return Types{}, err
	}
	return Types{types: types, strings: strings}, nil
}

// named reports whether the string at this place is name.
func (t Types) named(at uint32, name string) bool {
	end := uint64(at) + uint64(len(name))
	return end < uint64(len(t.strings)) && t.strings[end] == 0 && string(t.strings[at:end]) == name
}

// The kinds of btf_type.info.
const (
	kindInt       = 1
	kindPtr       = 2
	kindArray     = 3
	kindStruct    = 4
	kindUnion     = 5
	kindEnum      = 6
	kindFwd       = 7
	kindTypedef   = 8
	kindVolatile  = 9
	kindConst     = 10
	kindRestrict  = 11
	kindFunc      = 12
	kindFuncProto = 13
	kindVar       = 14
	kindDatasec   = 15
	kindFloat     = 16
	kindDeclTag   = 17
	kindTypeTag   = 18
	kindEnum64    = 19
)

const (
	typeSize   = 12 // struct btf_type
	memberSize = 12 // struct btf_member
)

// bodies are how many bytes follow a type of each kind, once and for each of its
// elements. The kind has five bits.
var bodies = [32]struct {
	known      bool
	once, each int
}{
	kindInt: {true, 4, 0}, kindPtr: {known: true}, kindArray: {true, 12, 0},
	kindStruct: {true, 0, memberSize}, kindUnion: {true, 0, memberSize},
	kindEnum: {true, 0, 8}, kindFwd: {known: true}, kindTypedef: {known: true},
	kindVolatile: {known: true}, kindConst: {known: true}, kindRestrict: {known: true},
	kindFunc: {known: true}, kindFuncProto: {true, 0, 8}, kindVar: {true, 4, 0},
	kindDatasec: {true, 0, 12}, kindFloat: {known: true}, kindDeclTag: {true, 4, 0},
	kindTypeTag: {known: true}, kindEnum64: {true, 0, 12},
}

// entry is one type.
type entry struct {
	id, name, kind uint32
	bitfields      bool   // members tell a width beside their place
	size           uint32 // of a structure; of what refers to another type, its number
	members        []byte
}

// each calls visit with every type of the kinds in the set, in order, until it
// returns false.
func (t Types) each(kinds uint32, visit func(entry) bool) error {
	order := binary.NativeEndian
	rest := t.types
	for id := uint32(1); len(rest) > 0; id++ {
		if len(rest) < typeSize {
			return fmt.Errorf("read type %d: %w", id, errCut)
		}
		info := order.Uint32(rest[4:])
		kind := info >> 24 & 0x1f
		body := &bodies[kind]
		length := typeSize + body.once + body.each*int(info&0xffff)
		if !body.known {
			return fmt.Errorf("read type %d: unknown kind %d", id, kind)
		}
		if len(rest) < length {
			return fmt.Errorf("read type %d: %w", id, errCut)
		}
		if kinds>>kind&1 != 0 {
			e := entry{
				id: id, name: order.Uint32(rest), kind: kind, bitfields: info>>31 != 0,
				size: order.Uint32(rest[8:]), members: rest[typeSize:length],
			}
			if !visit(e) {
				return nil
			}
		}
		rest = rest[length:]
	}
	return nil
}
