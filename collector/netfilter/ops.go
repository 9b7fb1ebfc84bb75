package netfilter

// metaOp loads a fact about the packet.
type metaOp struct{ dreg, key uint32 }

func (o *metaOp) step(p *pass, s *state) bool {
	name, index, known := p.way.arrival()
	switch o.key {
	case metaProtocol:
		s.regs.setConstant(o.dreg, p.way.etherType())
	case metaNfproto:
		s.regs.setConstant(o.dreg, []byte{p.way.nfproto()})
	case metaL4Proto:
		s.regs.set(o.dreg, fromProto, 1)
	case metaIif:
		if s.regs.set(o.dreg, fromArrivalIndex, 4); known {
			s.regs.setConstant(o.dreg, native.AppendUint32(nil, index))
		}
	case metaIifName:
		if s.regs.set(o.dreg, fromArrival, nameLen); known {
			s.regs.setConstant(o.dreg, padded(name))
		}
	case metaOif:
		_, index = p.way.departure()
		s.regs.setConstant(o.dreg, native.AppendUint32(nil, index))
	case metaOifName:
		name, _ = p.way.departure()
		s.regs.setConstant(o.dreg, padded(name))
	case metaRandom:
		s.regs.set(o.dreg, fromChance, 4)
		s.modulus = 0
	default:
		s.regs.set(o.dreg, fromUnknown, 4)
	}
	return true
}

const nameLen = 16 // IFNAMSIZ

func padded(name string) []byte { return append([]byte(name), make([]byte, nameLen-len(name))...) }

// payloadOp loads a part of the packet.
type payloadOp struct{ dreg, base, offset, size uint32 }

func (o *payloadOp) step(p *pass, s *state) bool {
	at, ok := register(o.dreg, int(o.size))
	if !ok {
		s.regs.forget()
		return true
	}
	for i := range int(o.size) {
		s.regs[at+i] = o.label(p.way, int(o.offset)+i)
	}
	s.regs.pad(at + int(o.size))
	return true
}

// label is that of one byte of a header. The first packet of a connection, the
// only one that rules for destinations are asked for, has SYN of the flags of TCP.
func (o *payloadOp) label(w way, offset int) label {
	if o.base == payloadTransport && offset == offsetTCPFlags && !w.filter {
		return constant(tcpSYN)
	}
	in := func(from source, start, size int) (label, bool) {
		return label{source: from, index: uint8(offset - start), mask: 0xff}, offset >= start && offset < start+size
	}
	fields := []struct {
		from        source
		base        uint32
		start, size int
	}{
		{fromProto, payloadNetwork, offsetProto4, 1},
		{fromTo, payloadNetwork, offsetTo4, 4},
		{fromPort, payloadTransport, offsetPort, 2},
	}
	if w.addressLen() == 16 {
		fields[0].start = offsetProto6
		fields[1].start, fields[1].size = offsetTo6, 16
	}
	for _, f := range fields {
		if f.base != o.base {
			continue
		}
		if l, ok := in(f.from, f.start, f.size); ok {
			return l
		}
	}
	return label{}
}

// fibOp looks an address up in the routes.
type fibOp struct{ dreg, result, flags uint32 }

func (o *fibOp) step(_ *pass, s *state) bool {
	if o.result != fibResultType || o.flags&fibToFlag == 0 || o.flags&(fibArrival|fibDeparture) != 0 {
		s.regs.set(o.dreg, fromUnknown, 4)
		return true
	}
	s.regs.set(o.dreg, fromAddrType, 4)
	return true
}

// ctOp loads a fact about the connection.
type ctOp struct{ dreg, key uint32 }

func (o *ctOp) step(p *pass, s *state) bool {
	if o.key == ctState && !p.way.filter {
		s.regs.setConstant(o.dreg, native.AppendUint32(nil, ctStateNew))
	} else {
		s.regs.set(o.dreg, fromUnknown, 16)
	}
	return true
}

// constantOp loads a value.
type constantOp struct {
	dreg  uint32
	value []byte
}

func (o *constantOp) step(_ *pass, s *state) bool {
	s.regs.setConstant(o.dreg, o.value)
	return true
}

// chanceOp loads a number that differs from one connection to the next.
type chanceOp struct{ dreg, modulus uint32 }

func (o *chanceOp) step(_ *pass, s *state) bool {
	s.regs.set(o.dreg, fromChance, 4)
	s.modulus = o.modulus
	return true
}

// bitwiseOp keeps some bits of a register and turns others round.
type bitwiseOp struct {
	sreg, dreg uint32
	mask, xor  []byte
}

func (o *bitwiseOp) step(_ *pass, s *state) bool {
	key := s.regs.get(o.sreg, len(o.mask))
	at, ok := register(o.dreg, len(o.mask))
	if key == nil || !ok || len(o.mask) != len(o.xor) {
		s.regs.forget()
		return true
	}
	for i, l := range append([]label(nil), key...) {
		switch {
		case l.source == fromConstant:
			l.value = l.value&o.mask[i] ^ o.xor[i]
		case l.source == fromChance:
		case o.xor[i] != 0:
			l = label{}
		default:
			l.mask &= o.mask[i]
		}
		s.regs[at+i] = l
	}
	return true
}

// compareOp ends the rule where a register does not compare so.
type compareOp struct {
	sreg uint32
	op   comparison
	data []byte
}

func (o *compareOp) step(p *pass, s *state) bool {
	return p.compare(&s.condition, s.regs.get(o.sreg, len(o.data)), o.op, o.data)
}

// rangeOp ends the rule where a register is not in a range, or where it is.
type rangeOp struct {
	sreg     uint32
	from, to []byte
	inverse  bool
}

func (o *rangeOp) step(p *pass, s *state) bool {
	return p.between(&s.condition, s.regs.get(o.sreg, len(o.from)), o.from, o.to, o.inverse)
}

// verdictOp ends the rule.
type verdictOp struct{ verdict }

func (o *verdictOp) step(_ *pass, s *state) bool {
	s.verdict = o.verdict
	return true
}

// stopOp takes the packet away, or may do so.
type stopOp struct{ perhaps bool }

func (o *stopOp) step(_ *pass, s *state) bool {
	if o.perhaps {
		s.doubt()
	}
	s.verdict = verdict{code: verdictDrop}
	return true
}

// unknownOp is a condition that was not understood, and what may have changed
// any register.
type unknownOp struct{}

func (unknownOp) step(_ *pass, s *state) bool {
	s.regs.forget()
	s.doubt()
	return true
}

// loadOp loads something that was not understood into some register.
type loadOp struct{}

func (loadOp) step(_ *pass, s *state) bool {
	s.regs.forget()
	return true
}
