package netfilter

import "slices"

// fields are the attributes of an expression by their numbers.
type fields [12]attr

func fieldsOf(b []byte) (f fields) {
	for kind, a := range attrs(b) {
		if int(kind) < len(f) {
			f[kind] = a
		}
	}
	return f
}

func (f *fields) num(i int) uint32 { return f[i].u32() }

// value copies the data of an attribute: the buffer is used again.
func (f *fields) value(i int) []byte {
	b, _, _ := decodeData(f[i])
	return slices.Clone(b)
}

// add decodes one expression and appends what it does. Attributes are named in
// comments as nf_tables.h does, without NFTA_ and the name of the expression.
func (r *rule) add(b []byte) {
	head := fieldsOf(b)
	name, f := head[attrExprName].text(), fieldsOf(head[attrExprData])
	switch name {
	case "counter", "log", "last", "notrack":
	case "match":
		r.addMatch(f[1].text(), f.num(2), f[3]) // NAME, REV, INFO
	case "target":
		r.addTarget(f[1].text(), f.num(2), f[3])
	case "meta": // DREG, KEY; with SREG it writes
		if f[3] == nil {
			r.op(&metaOp{f.num(1), f.num(2)})
		}
	case "ct": // DREG, KEY, DIRECTION; SREG
		if f[4] == nil {
			r.op(&ctOp{f.num(1), f.num(2)})
		}
	case "payload": // DREG, BASE, OFFSET, LEN; SREG
		if f[5] != nil {
			r.op(unknownOp{}) // the packet is another from here on
		} else {
			r.op(&payloadOp{f.num(1), f.num(2), f.num(3) & 0xffff, f.num(4) & 0xff})
		}
	case "fib": // DREG, RESULT, FLAGS
		r.op(&fibOp{f.num(1), f.num(2), f.num(3)})
	case "immediate": // DREG, DATA
		if value, v, isVerdict := decodeData(f[2]); isVerdict {
			r.op(&verdictOp{v})
		} else {
			r.op(&constantOp{f.num(1), slices.Clone(value)})
		}
	case "cmp": // SREG, OP, DATA
		r.op(&compareOp{f.num(1), comparison(f.num(2)), f.value(3)})
	case "range": // SREG, OP, FROM_DATA, TO_DATA
		r.op(&rangeOp{f.num(1), f.value(3), f.value(4), f.num(2) != 0})
	case "bitwise": // SREG, DREG, LEN, MASK, XOR, OP
		if f.num(6) == 0 {
			r.op(&bitwiseOp{f.num(1), f.num(2), f.value(4), f.value(5)})
		} else {
			r.op(loadOp{})
		}
	case "lookup": // SET, SREG, DREG, SET_ID, FLAGS
		r.op(&lookupOp{
			name: f[1].text(), sreg: f.num(2), dreg: f.num(3), mapped: f[3] != nil,
			inverse: f.num(5)&lookupInverse != 0,
		})
	case "numgen": // DREG, MODULUS
		r.op(&chanceOp{f.num(1), f.num(2)})
	case "hash": // DREG is 2, MODULUS 4
		r.op(&chanceOp{f.num(2), f.num(4)})
	default:
		r.addEnd(name, &f)
	}
}

// addEnd decodes the expressions that end a rule.
func (r *rule) addEnd(name string, f *fields) {
	switch name {
	case "nat": // TYPE, FAMILY, REG_ADDR_MIN, ADDR_MAX, PROTO_MIN, PROTO_MAX, FLAGS
		if f.num(1) != natDest {
			r.op(&stopOp{})
			return
		}
		r.op(&dnatOp{
			family: uint8(f.num(2)), vague: f.num(7)&natNetmap != 0,
			addrs: [2]uint32{f.num(3), f.num(4)}, ports: [2]uint32{f.num(5), f.num(6)},
		})
	case "redir": // PROTO_MIN, PROTO_MAX
		r.op(&dnatOp{ports: [2]uint32{f.num(1), f.num(2)}})
	case "tproxy": // FAMILY, REG_ADDR, REG_PORT
		r.op(&tproxyOp{family: uint8(f.num(1)), addr: f.num(2), port: f.num(3)})
	case "reject", "masq":
		r.op(&stopOp{})
	case "queue", "fwd", "synproxy":
		r.op(&stopOp{perhaps: true})
	case "rt", "socket", "xfrm", "tunnel", "osf", "exthdr", "byteorder":
		r.op(loadOp{})
	default:
		// "limit", "quota", "connlimit" and what is not known can end the rule,
		// and what it loads is unknown.
		r.op(unknownOp{})
	}
}

// It is called in so many places that to inline it takes 12 KB.
//
//go:noinline
func (r *rule) op(o op) { r.ops = append(r.ops, o) }
