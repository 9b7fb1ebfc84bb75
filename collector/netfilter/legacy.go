package netfilter

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// layout is where things are in the entries of the old tables
// (include/uapi/linux/netfilter_ipv4/ip_tables.h and
// include/uapi/linux/netfilter_ipv6/ip6_tables.h).
type layout struct {
	family  uint8
	address int // size
	// proto, flags and inverse flags are at the end of what is asked of the IP header,
	// offsets after it; matches begin where the entry itself ends.
	proto, flags, inverse, offsets, matches int
	gotoFlag                                byte
	destination                             payloadOp
}

func layout4() layout {
	return layout{
		family: familyIPv4, address: 4, proto: 80, flags: 82, inverse: 83, offsets: 88, matches: 112, gotoFlag: 2,
		destination: payloadOp{1, payloadNetwork, offsetTo4, 4},
	}
}

// layout6 needs to know how 64-bit counters are aligned: to 4 bytes on 32-bit
// x86, to 8 elsewhere.
func layout6(counterAlign int) layout {
	return layout{
		family: familyIPv6, address: 16, proto: 128, flags: 131, inverse: 132, offsets: 140,
		matches:  (148+counterAlign-1)&^(counterAlign-1) + 16,
		gotoFlag: 4, destination: payloadOp{1, payloadNetwork, offsetTo6, 16},
	}
}

// Inverse conditions (IPT_INV_*); those of IPv6 are the same.
const (
	inverseArrival   = 0x01
	inverseDeparture = 0x02
	inverseSource    = 0x08
	inverseDest      = 0x10
	inverseProto     = 0x40
)

// Matches and targets begin with their size, name and revision (struct
// xt_entry_match). Standard verdicts follow the target; they are one less than
// the negative ones of netfilter, and offsets where they are positive.
const (
	extensionLen = 32
	nameOffset   = 2
	revOffset    = 31

	errorTarget    = "ERROR"
	standardAccept = -2
	standardDrop   = -1
	standardReturn = -5
)

// hooks are the offsets of the chains that the kernel calls (struct ipt_getinfo).
type hooks struct {
	valid   uint32
	entries [5]uint32
}

func (h *hooks) begins(hook, offset int) bool {
	return h.valid&(1<<hook) != 0 && int(h.entries[hook]) == offset
}

func hookName(hook int) string {
	return [...]string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}[hook]
}

var errEntry = errors.New("entry does not fit")

// decodeTableBlob reads the rules of one old table, priority being that of its
// chains.
func decodeTableBlob(o order, l layout, table string, h hooks, blob []byte) ([]*base, error) {
	d := blobDecoder{order: o, layout: l, table: table, peers: make(map[string]*chain)}
	filter, priority := table != "nat", int32(-100) // NF_IP_PRI_NAT_DST
	if filter {
		priority = -150 // NF_IP_PRI_MANGLE
	}
	var bases []*base
	var c *chain
	for at := 0; at < len(blob); {
		e := blob[at:]
		if len(e) < l.matches+extensionLen {
			return nil, fmt.Errorf("decode %s table at %d: %w", table, at, errEntry)
		}
		target, next := int(o.Uint16(e[l.offsets:])), int(o.Uint16(e[l.offsets+2:]))
		if target < l.matches || target+extensionLen > next || next > len(e) {
			return nil, fmt.Errorf("decode %s table at %d: %w", table, at, errEntry)
		}
		e = e[:next]
		for hook := range h.entries {
			if h.begins(hook, at) {
				c = d.chain(hookName(hook), at)
				if hook == hookPrerouting || hook == hookOutput && !filter {
					bases = append(bases, &base{chain: c, hook: uint32(hook), priority: priority, filter: filter})
				}
			}
		}
		if name := attr(e[target+nameOffset : target+revOffset]).text(); name == errorTarget {
			// The head of a chain, or the end of the table.
			c = d.chain(attr(e[target+extensionLen:]).text(), at+next)
		} else if c != nil {
			c.rules = append(c.rules, d.rule(e, target, at+next))
		}
		at += next
	}
	return bases, nil
}

type blobDecoder struct {
	order  order
	layout layout
	table  string
	peers  map[string]*chain
}

func (d *blobDecoder) chain(name string, offset int) *chain {
	c := &chain{family: d.layout.family, table: d.table, name: name, where: d.table + " " + name, peers: d.peers}
	d.peers[strconv.Itoa(offset)] = c
	return c
}

// rule decodes an entry, next being the offset of the one after it.
func (d *blobDecoder) rule(e []byte, target, next int) *rule {
	r := &rule{}
	d.header(r, e)
	for at := d.layout.matches; at < target; {
		m := e[at:target]
		if len(m) < extensionLen {
			r.op(unknownOp{})
			break
		}
		size := int(d.order.Uint16(m))
		if size < extensionLen || size > len(m) {
			r.op(unknownOp{})
			break
		}
		name := attr(m[nameOffset:revOffset]).text()
		r.addMatchIn(d.order, name, uint32(m[revOffset]), m[extensionLen:size])
		at += size
	}
	t := e[target:]
	if name := attr(t[nameOffset:revOffset]).text(); name != "" {
		size := min(max(int(d.order.Uint16(t)), extensionLen), len(t))
		r.addTargetIn(d.order, name, uint32(t[revOffset]), t[extensionLen:size])
		return r
	}
	if len(t) < extensionLen+4 {
		r.op(&stopOp{perhaps: true})
		return r
	}
	d.standard(r, int32(d.order.Uint32(t[extensionLen:])), next, e[d.layout.flags]&d.layout.gotoFlag != 0)
	return r
}

func (d *blobDecoder) standard(r *rule, code int32, next int, isGoto bool) {
	v := verdict{code: verdictJump, chain: strconv.Itoa(int(code))}
	switch {
	case int(code) == next: // an empty target: on to the next rule
		return
	case code == standardAccept:
		v = verdict{code: verdictAccept}
	case code == standardDrop:
		v = verdict{code: verdictDrop}
	case code == standardReturn:
		v = verdict{code: verdictReturn}
	case code < 0:
		r.op(&stopOp{perhaps: true})
		return
	case isGoto:
		v.code = verdictGoto
	}
	r.op(&verdictOp{v})
}

// header decodes what is asked of the IP header and of the interfaces, into the
// same operations that nftables would have.
func (d *blobDecoder) header(r *rule, e []byte) {
	l, inverse := d.layout, e[d.layout.inverse]
	if is(e[2*l.address:3*l.address]) || inverse&inverseSource != 0 {
		r.op(unknownOp{})
	}
	compare := func(bit byte) comparison {
		if inverse&bit != 0 {
			return unequal
		}
		return equal
	}
	if mask := e[3*l.address : 4*l.address]; is(mask) || inverse&inverseDest != 0 {
		to := l.destination
		r.op(&to)
		r.op(&bitwiseOp{1, 1, slices.Clone(mask), make([]byte, l.address)})
		r.op(&compareOp{1, compare(inverseDest), slices.Clone(e[l.address : 2*l.address])})
	}
	arrival := e[4*l.address:]
	for i, key := range [...]uint32{metaIifName, metaOifName} {
		name, mask := arrival[i*nameLen:(i+1)*nameLen], arrival[(i+2)*nameLen:(i+3)*nameLen]
		n := bytes.IndexByte(append(slices.Clone(mask), 0), 0)
		if n == 0 {
			continue
		}
		r.op(&metaOp{1, key})
		r.op(&compareOp{1, compare([...]byte{inverseArrival, inverseDeparture}[i]), slices.Clone(name[:n])})
	}
	if proto := d.order.Uint16(e[l.proto:]); proto != 0 {
		r.op(&metaOp{1, metaL4Proto})
		r.op(&compareOp{1, compare(inverseProto), []byte{byte(proto)}})
	}
}

// is tells whether any byte is not 0.
func is(b []byte) bool { return slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) }
