package btf

import "encoding/binary"

// builder makes type information. Types are numbered from 1 in the order in which
// they are added.
type builder struct {
	types, strings []byte
}

func newBuilder() *builder { return &builder{strings: []byte{0}} }

func (b *builder) string(s string) uint32 {
	if s == "" {
		return 0
	}
	at := len(b.strings)
	b.strings = append(append(b.strings, s...), 0)
	return uint32(at)
}

func (b *builder) words(words ...uint32) {
	for _, w := range words {
		b.types = binary.NativeEndian.AppendUint32(b.types, w)
	}
}

// add begins a type. The last is a size or the number of another type.
func (b *builder) add(kind uint32, name string, elements int, bitfields bool, last uint32) {
	info := kind<<24 | uint32(elements)
	if bitfields {
		info |= 1 << 31
	}
	b.words(b.string(name), info, last)
}

// place is a member and where it is, in bits.
type place struct {
	name string
	id   uint32
	at   uint32
}

func (b *builder) structure(kind uint32, name string, size uint32, bitfields bool, members ...place) {
	b.add(kind, name, len(members), bitfields, size)
	for _, m := range members {
		b.words(b.string(m.name), m.id, m.at)
	}
}

// every adds one type of each kind, as the kernel lays them out.
func (b *builder) every() {
	b.add(kindInt, "int", 0, false, 4)
	b.words(32)
	b.add(kindPtr, "", 0, false, 1)
	b.add(kindArray, "", 0, false, 0)
	b.words(1, 1, 16)
	b.add(kindEnum, "colour", 2, false, 4)
	b.words(b.string("red"), 0, b.string("green"), 1)
	b.add(kindFwd, "later", 0, false, 0)
	b.add(kindTypedef, "pid_t", 0, false, 1)
	b.add(kindVolatile, "", 0, false, 1)
	b.add(kindConst, "", 0, false, 1)
	b.add(kindRestrict, "", 0, false, 2)
	b.add(kindFuncProto, "", 1, false, 0)
	b.words(b.string("argument"), 1)
	b.add(kindFunc, "other", 0, false, 10)
	b.add(kindVar, "variable", 0, false, 1)
	b.words(0)
	b.add(kindDatasec, ".data", 1, false, 4)
	b.words(12, 0, 4)
	b.add(kindFloat, "double", 0, false, 8)
	b.add(kindDeclTag, "tag", 0, false, 1)
	b.words(0)
	b.add(kindTypeTag, "rcu", 0, false, 1)
	b.add(kindEnum64, "wide", 1, false, 8)
	b.words(b.string("value"), 0, 0)
}

// kindsOfEvery is how many types every adds.
const kindsOfEvery = 17

// bytes is a whole file.
func (b *builder) bytes() []byte {
	order := binary.NativeEndian
	out := order.AppendUint16(nil, magic)
	out = append(out, version, 0)
	for _, word := range []int{headerSize, 0, len(b.types), len(b.types), len(b.strings)} {
		out = order.AppendUint32(out, uint32(word))
	}
	return append(append(out, b.types...), b.strings...)
}
