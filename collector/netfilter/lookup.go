package netfilter

// setKey names a set.
type setKey struct {
	family      uint8
	table, name string
}

// set is a set or a map. It is nil where it could not be read.
type set struct {
	keyLen   int
	isMap    bool
	verdicts bool // the values of the map
	elements []element
	// part is set where there are more elements, or some that were not understood.
	part bool
}

// element is a range of keys; of a key of several fields, a range of each.
type element struct {
	first, last []byte
	catchall    bool
	data        []byte
	verdict     verdict
}

func (e *element) holds(key []byte) bool {
	return e.catchall || len(key) == len(e.first) && string(key) >= string(e.first) && string(key) <= string(e.last)
}

// lookupOp looks a register up in a set. Of a map, dreg gets the value; register
// 0 is the verdict.
type lookupOp struct {
	name       string
	sreg, dreg uint32
	mapped     bool
	inverse    bool
}

func (o *lookupOp) verdicts() bool { return o.mapped && o.dreg == 0 }

func (o *lookupOp) find(p *pass) *set {
	c := p.chain
	return p.rules.elements(setKey{family: c.family, table: c.table, name: o.name})
}

func (o *lookupOp) step(p *pass, s *state) bool {
	found := o.find(p)
	switch {
	case found == nil || found.part || found.isMap != o.mapped || o.mapped:
		// What is in the set decides, and it is not known.
		s.doubt()
		if o.verdicts() {
			s.verdict = verdict{code: verdictDrop}
		} else if o.mapped {
			s.regs.set(o.dreg, fromUnknown, 16)
		}
		return true
	}
	return p.union(&s.condition, s.regs.get(o.sreg, found.keyLen), found.elements, o.inverse)
}

// branches goes on once for each element, where what follows depends on it, or
// where the key is made of several fields.
func (o *lookupOp) branches(p *pass, s *state, each func(*state)) bool {
	found := o.find(p)
	if found == nil || found.part || found.isMap != o.mapped || o.inverse {
		return false
	}
	key := s.regs.get(o.sreg, found.keyLen)
	parts := runs(key)
	if len(key) == 0 || !o.mapped && len(parts) == 1 {
		return false
	}
	blind := o.mapped && !o.verdicts()
	for _, r := range parts {
		blind = blind && r.source == fromUnknown
	}
	lots := 0
	for i := range found.elements {
		e := &found.elements[i]
		if !p.spend() {
			return true
		}
		next := *s
		next.narrowed = true
		if !p.is(&next.condition, key, parts, e) {
			continue
		}
		if blind { // any of them
			next.lot(p.at())
		}
		if lots++; next.chance && !s.chance && !blind && uint32(lots) == s.modulus {
			next.chance = false // the last of all that can be
		}
		switch {
		case o.verdicts():
			next.verdict = e.verdict
		case o.mapped:
			next.regs.setConstant(o.dreg, e.data)
		}
		each(&next)
	}
	return true
}

// is narrows a condition to where the key is in one element.
func (p *pass) is(c *condition, key []label, parts []run, e *element) bool {
	if e.catchall { // whatever the others leave
		c.doubt()
		return true
	}
	for _, r := range parts {
		first, last := e.first[r.start:r.end], e.last[r.start:r.end]
		k := key[r.start:r.end]
		if string(first) == string(last) {
			if !p.compareRun(c, k, r, equal, first) {
				return false
			}
		} else if !p.between(c, k, first, last, false) {
			return false
		}
	}
	return true
}
