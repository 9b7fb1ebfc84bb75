package netfilter

// portEnd is the last port.
const portEnd = 0xffff

func (r *rule) addPorts(first, last uint16, inverse bool) {
	if in := oneSpan(small(uint64(first)), small(uint64(last))); inverse {
		r.op(&narrowOp{fromPort, in.not(small(portEnd))})
	} else if first != 0 || last != portEnd {
		r.op(&narrowOp{fromPort, in})
	}
}

// doubtUnless adds a condition that is not understood where one there is.
func (r *rule) doubtUnless(nothing bool) {
	if !nothing {
		r.op(unknownOp{})
	}
}

// addTCP decodes struct xt_tcp. The first packet of a connection has SYN of all
// flags.
func (r *rule) addTCP(o order, b []byte) bool {
	const (
		inverseSource, inverseDest, inverseFlags, inverseOption = 1, 2, 4, 8
		allFlags                                                = 0x3f
	)
	if len(b) < 12 {
		return false
	}
	option, mask, want, inverse := b[8], b[9], b[10], b[11]
	r.addPorts(o.Uint16(b[4:]), o.Uint16(b[6:]), inverse&inverseDest != 0)
	r.doubtUnless(o.Uint16(b) == 0 && o.Uint16(b[2:]) == portEnd && inverse&inverseSource == 0)
	r.doubtUnless(option == 0 && inverse&inverseOption == 0)
	if (tcpSYN&mask&allFlags == want) == (inverse&inverseFlags != 0) {
		r.op(neverOp{})
	}
	return true
}

// addUDP decodes struct xt_udp.
func (r *rule) addUDP(o order, b []byte) bool {
	const inverseSource, inverseDest = 1, 2
	if len(b) < 9 {
		return false
	}
	r.addPorts(o.Uint16(b[4:]), o.Uint16(b[6:]), b[8]&inverseDest != 0)
	r.doubtUnless(o.Uint16(b) == 0 && o.Uint16(b[2:]) == portEnd && b[8]&inverseSource == 0)
	return true
}

// addSCTP decodes struct xt_sctp_info, where the destination comes first.
func (r *rule) addSCTP(o order, b []byte) bool {
	const (
		size, flagsAt, inverseAt = 292, 284, 288
		sourcePorts, destPorts   = 1, 2
	)
	if len(b) < size {
		return false
	}
	flags, inverse := o.Uint32(b[flagsAt:]), o.Uint32(b[inverseAt:])
	if flags&destPorts != 0 {
		r.addPorts(o.Uint16(b), o.Uint16(b[2:]), inverse&destPorts != 0)
	}
	r.doubtUnless(flags&^destPorts == 0)
	return true
}

// addMultiport decodes struct xt_multiport and xt_multiport_v1.
func (r *rule) addMultiport(o order, revision uint32, b []byte) bool {
	const (
		most                = 15
		portsAt             = 2
		rangesAt, inverseAt = portsAt + 2*most, portsAt + 3*most
		source              = 0
		destination         = 1
	)
	if len(b) < rangesAt || revision > 1 || revision == 1 && len(b) <= inverseAt {
		return false
	}
	which, count := b[0], int(b[1])
	if which != destination || count > most {
		return false
	}
	var list []span
	for i := 0; i < count; i++ {
		first := o.Uint16(b[portsAt+2*i:])
		last := first
		if revision == 1 && b[rangesAt+i] != 0 {
			if i++; i == count {
				return false
			}
			last = o.Uint16(b[portsAt+2*i:])
		}
		list = append(list, span{small(uint64(first)), small(uint64(last))})
	}
	in := newSpans(list)
	if revision == 1 && b[inverseAt] != 0 {
		in = in.not(small(portEnd))
	}
	r.op(&narrowOp{fromPort, in})
	return true
}
