package netfilter

import "encoding/binary"

// order is the byte order of the machine: the structures of the old tables are
// those of the program that made them.
type order = binary.ByteOrder

// addMatch decodes a match of the old tables by its name, revision and structure
// (include/uapi/linux/netfilter/xt_*.h); those of another size are not
// understood.
func (r *rule) addMatch(name string, revision uint32, info []byte) {
	r.addMatchIn(native, name, revision, info)
}

func (r *rule) addMatchIn(o order, name string, revision uint32, info []byte) {
	ok := false
	switch name {
	case "comment":
		r.comment, ok = attr(info).text(), true
	case "tcp":
		ok = r.addTCP(o, info)
	case "udp", "udplite":
		ok = r.addUDP(o, info)
	case "sctp":
		ok = r.addSCTP(o, info)
	case "multiport":
		ok = r.addMultiport(o, revision, info)
	case "addrtype":
		ok = r.addAddrType(o, revision, info)
	case "conntrack":
		ok = r.addConntrack(o, revision, info)
	case "state":
		if ok = len(info) >= 4; ok {
			r.addStates(o.Uint32(info), false)
		}
	case "iprange":
		ok = r.addRange(o, info)
	case "statistic", "recent":
		// The lot decides, or who has had which target before.
		r.op(lotOp{})
		ok = true
	}
	if !ok {
		r.op(unknownOp{})
	}
}

// narrowOp asks for values of a field.
type narrowOp struct {
	field source
	in    spans
}

func (n *narrowOp) step(p *pass, s *state) bool {
	field, _ := s.field(n.field, p.way)
	return s.narrow(field, n.in)
}

// lotOp is met by some connections and not by others.
type lotOp struct{}

func (lotOp) step(p *pass, s *state) bool {
	s.lot(p.at())
	return true
}

// neverOp is what no connection meets.
type neverOp struct{}

func (neverOp) step(*pass, *state) bool { return false }

// localOp asks for an address of this machine, or for what is none.
type localOp struct{ inverse bool }

func (o *localOp) step(_ *pass, s *state) bool {
	if !o.inverse {
		s.onlyLocal()
	}
	return !o.inverse
}

// addAddrType decodes struct xt_addrtype_info and xt_addrtype_info_v1.
func (r *rule) addAddrType(o order, revision uint32, b []byte) bool {
	const inverseSource, inverseDest, limitIn, limitOut = 1, 2, 4, 8
	var source, dest uint16
	var notDest, limited bool
	switch {
	case revision == 0 && len(b) >= 12:
		source, dest, notDest = o.Uint16(b), o.Uint16(b[2:]), o.Uint32(b[8:]) != 0
	case revision == 1 && len(b) >= 8:
		source, dest = o.Uint16(b), o.Uint16(b[2:])
		notDest, limited = o.Uint32(b[4:])&inverseDest != 0, o.Uint32(b[4:])&(limitIn|limitOut) != 0
	default:
		return false
	}
	r.doubtUnless(source == 0 && !limited)
	if dest != 0 && !limited {
		isLocal := dest&(1<<typeLocal) != 0
		r.op(&localOp{inverse: isLocal == notDest})
	}
	return true
}

// addConntrack decodes struct xt_conntrack_mtinfo1 to 3.
func (r *rule) addConntrack(o order, revision uint32, b []byte) bool {
	const (
		flagsAt, inverseAt, statesAt = 146, 148, 150
		wantState                    = 1
		// stateAlias is set for what was written as "state".
		stateAlias = 1 << 13
	)
	if revision < 1 || revision > 3 || len(b) < statesAt+2 {
		return false
	}
	flags, inverse := o.Uint16(b[flagsAt:]), o.Uint16(b[inverseAt:])
	r.doubtUnless(flags&^(wantState|stateAlias) == 0)
	if flags&wantState != 0 {
		states := uint32(b[statesAt])
		if revision > 1 {
			states = uint32(o.Uint16(b[statesAt:]))
		}
		r.addStates(states, inverse&wantState != 0)
	}
	return true
}

// addStates asks for states of a connection. Rules for destinations are asked
// when it is new, and before it has been changed.
func (r *rule) addStates(states uint32, inverse bool) {
	r.op(&statesOp{met: (states&ctStateNew != 0) != inverse})
}

// statesOp is met by the first packet of a connection, or is not.
type statesOp struct{ met bool }

func (o *statesOp) step(p *pass, s *state) bool {
	if p.way.filter {
		s.doubt()
		return true
	}
	return o.met
}

// addRange decodes struct xt_iprange_mtinfo, whose addresses are big-endian.
func (r *rule) addRange(_ order, b []byte) bool {
	const (
		size, destAt, flagsAt = 65, 32, 64
		dest, inverseDest     = 2, 0x20
		source                = 1
	)
	if len(b) < size {
		return false
	}
	flags := b[flagsAt]
	r.doubtUnless(flags&source == 0)
	if flags&dest != 0 {
		r.op(&xtRangeOp{from: [16]byte(b[destAt:]), to: [16]byte(b[destAt+16:]), inverse: flags&inverseDest != 0})
	}
	return true
}

// xtRangeOp is a range of addresses, those of IPv4 in the first bytes.
type xtRangeOp struct {
	from, to [16]byte
	inverse  bool
}

func (o *xtRangeOp) step(p *pass, s *state) bool {
	size := p.way.addressLen()
	in := oneSpan(keyOf(o.from[:size]), keyOf(o.to[:size]))
	if o.inverse {
		in = in.not(largest(size))
	}
	return s.narrow(&s.to, in)
}
