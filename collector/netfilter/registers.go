package netfilter

import "slices"

// source says what a byte of a register was taken from.
type source uint8

const (
	fromUnknown      source = iota
	fromConstant            // value is the byte
	fromChance              // numgen, a hash: decides between targets
	fromTo                  // destination address
	fromPort                // destination port
	fromProto               // protocol above IP
	fromArrival             // name of the interface it arrives on
	fromArrivalIndex        // its number
	fromAddrType            // what fib says about the destination address
)

// label is one byte of a register: byte index of a field, of which mask is kept.
type label struct {
	source source
	index  uint8
	mask   uint8
	value  uint8
}

// registers are the 16 registers of 4 bytes (NFT_REG32_00 and on), which are
// the 4 of 16 bytes as well.
type registers [64]label

// register finds the place of a register and checks that n bytes fit in.
func register(number uint32, n int) (at int, ok bool) {
	switch {
	case number >= 1 && number <= 4:
		at = int(number-1) * 16
	case number >= 8 && number <= 23:
		at = int(number-8) * 4
	default:
		return 0, false
	}
	return at, n >= 0 && at+n <= len(registers{})
}

func (r *registers) forget() { *r = registers{} }

// set labels n bytes of a register as those of a field.
func (r *registers) set(reg uint32, from source, n int) {
	at, ok := register(reg, n)
	if !ok {
		r.forget()
		return
	}
	for i := range n {
		r[at+i] = label{source: from, index: uint8(i), mask: 0xff}
	}
	r.pad(at + n)
}

func (r *registers) setConstant(reg uint32, value []byte) {
	at, ok := register(reg, len(value))
	if !ok {
		r.forget()
		return
	}
	for i, v := range value {
		r[at+i] = constant(v)
	}
	r.pad(at + len(value))
}

// pad zeroes the rest of a word, as the kernel does where it writes less.
func (r *registers) pad(at int) {
	for ; at%4 != 0; at++ {
		r[at] = constant(0)
	}
}

func constant(v byte) label { return label{source: fromConstant, value: v, mask: 0xff} }

// get returns n bytes of a register, nil where there is no such.
func (r *registers) get(reg uint32, n int) []label {
	at, ok := register(reg, n)
	if !ok {
		return nil
	}
	return r[at : at+n]
}

// constants reads bytes that are known.
func constants(l []label) ([]byte, bool) {
	out := make([]byte, len(l))
	for i := range l {
		if l[i].source != fromConstant {
			return nil, false
		}
		out[i] = l[i].value
	}
	return out, len(l) > 0
}

// run is a part of a key that comes from one field, or is constant.
type run struct {
	source     source
	start, end int
	// leading is how many bits of the field, from its beginning, are looked at,
	// -1 where they are others than those.
	leading int
	masked  bool
}

// runs cuts a key into its fields.
func runs(l []label) []run {
	var out []run
	for i := 0; i < len(l); {
		r := run{source: l[i].source, start: i}
		for i++; i < len(l) && l[i].source == r.source && follows(l[i-1], l[i]); i++ {
			continue
		}
		r.end = i
		r.measure(l[r.start:r.end])
		out = append(out, r)
	}
	return out
}

func follows(a, b label) bool {
	switch a.source {
	case fromConstant, fromUnknown, fromChance:
		return true
	}
	return b.index == a.index+1
}

func (r *run) measure(l []label) {
	ended := false
	for i, b := range l {
		if int(b.index) != i || ended && b.mask != 0 {
			r.leading = -1
			return
		}
		for bit := uint8(0x80); bit != 0; bit >>= 1 {
			switch {
			case b.mask&bit == 0:
				ended, r.masked = true, true
			case ended:
				r.leading = -1
				return
			default:
				r.leading++
			}
		}
	}
}

// trimmed cuts a name at its first NUL; whole is set where there is one.
func trimmed(b []byte) (name string, whole bool) {
	if i := slices.Index(b, 0); i >= 0 {
		return string(b[:i]), true
	}
	return string(b), len(b) >= 16
}
