package netfilter

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// dnatOp sends the connection elsewhere, or to this machine itself.
type dnatOp struct {
	// family is that of the address, 0 for any.
	family uint8
	// addrs and ports are the registers with the ends of ranges, 0 for none.
	addrs, ports [2]uint32
	// fixed is where it goes where that is not taken from registers.
	fixed *target
	// vague is set where the new address is computed from the old one.
	vague bool
}

// target is a range of addresses and ports; what is not there is not changed.
type target struct {
	from, to          netip.Addr
	fromPort, toPort  uint16
	elsewhere, unsure bool
}

func (o *dnatOp) step(p *pass, s *state) bool {
	if o.family != 0 && o.family != familyInet && o.family != p.way.nfproto() {
		return false
	}
	if !p.way.filter {
		p.emit(s, o.resolve(p.way, s))
	}
	s.verdict = verdict{code: verdictDone}
	return true
}

func (o *dnatOp) resolve(w way, s *state) target {
	if o.fixed != nil {
		return o.fixed.in(w)
	}
	return fromRegisters(w, s, o.addrs, o.ports, o.vague)
}

func fromRegisters(w way, s *state, addrs, ports [2]uint32, vague bool) target {
	t := target{elsewhere: vague}
	read := func(reg uint32, size int) ([]byte, bool) {
		return constants(s.regs.get(reg, size))
	}
	ends := [2]*netip.Addr{&t.from, &t.to}
	for i, reg := range addrs {
		if reg == 0 {
			continue
		}
		if b, ok := read(reg, w.addressLen()); ok {
			*ends[i], _ = netip.AddrFromSlice(b)
		} else {
			t.elsewhere = true
		}
	}
	portEnds := [2]*uint16{&t.fromPort, &t.toPort}
	for i, reg := range ports {
		if reg == 0 {
			continue
		}
		if b, ok := read(reg, 2); ok {
			*portEnds[i] = big.Uint16(b)
		} else {
			t.unsure = true
		}
	}
	return t
}

// tproxyOp hands packets to a socket of this machine that takes those of others
// (IP_TRANSPARENT). Where there is none it is as if the rule were not there, so
// that it never is sure.
type tproxyOp struct {
	family     uint8
	addr, port uint32
	fixed      *target
	ends       bool // the old target drops what it cannot hand over
}

func (o *tproxyOp) step(p *pass, s *state) bool {
	if o.family != 0 && o.family != familyInet && o.family != p.way.nfproto() {
		return false
	}
	var t target
	if o.fixed != nil {
		t = o.fixed.in(p.way)
	} else {
		t = fromRegisters(p.way, s, [2]uint32{o.addr}, [2]uint32{o.port}, false)
	}
	if t.from.IsValid() && t.from.IsUnspecified() {
		t.from = netip.Addr{}
	}
	s.doubt()
	p.emit(s, t)
	if o.ends {
		s.verdict = verdict{code: verdictDrop}
	}
	return true
}

// targetLimit is how many targets of a range are told one by one, and
// choiceLimit how many of a rule that chooses.
const (
	targetLimit = 16
	choiceLimit = 64
)

// list are the targets; the ends of the range where they are many.
func (t target) list() []netip.AddrPort {
	lastAddr, lastPort := t.from, t.fromPort
	if t.to.IsValid() && t.from.IsValid() && t.from.Less(t.to) {
		lastAddr = t.to
	}
	if t.toPort > t.fromPort {
		lastPort = t.toPort
	}
	first, last := netip.AddrPortFrom(t.from, t.fromPort), netip.AddrPortFrom(lastAddr, lastPort)
	var out []netip.AddrPort
	for a := t.from; ; a = a.Next() {
		for port := int(t.fromPort); port <= int(lastPort); port++ {
			if len(out) == targetLimit {
				return []netip.AddrPort{first, last}
			}
			out = append(out, netip.AddrPortFrom(a, uint16(port)))
		}
		if a == lastAddr || !a.IsValid() {
			return out
		}
	}
}

// of tells whether an address is of the family of a way; what has none is.
func (w way) of(a netip.Addr) bool {
	return !a.IsValid() || a.Is4() == (w.family == socket.IPv4)
}
