package sockdiag

import (
	"cmp"
	"slices"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// compile makes a program of a condition that lift has left. It tells which
// operations the program needs; there is none where everything passes. One that
// would be too long is weakened until it fits: what it lets through too much is
// judged again by whoever asked.
func compile(e filter.Expr, ops opset) (program []byte, used opset) {
	if !ops.has(opProgram) {
		return nil, 0
	}
	c := compiler{ops: ops, used: opProgram}
	c.expr(e, accept, reject)
	if c.front > maxProgram {
		e = shorten(e, ops)
		c = compiler{ops: ops, used: opProgram}
		c.expr(e, accept, reject)
	}
	if filter.Constant(e) == socket.Yes {
		return nil, 0
	}
	return c.bytes(), c.used
}

// shorten drops the conditions that take the most room until the rest fits.
// Only what is joined by and can go.
func shorten(e filter.Expr, ops opset) filter.Expr {
	parts, ok := e.(filter.And)
	if !ok {
		return filter.And{}
	}
	type sized struct{ at, size int }
	all, total := make([]sized, len(parts)), 0
	for i, part := range parts {
		c := compiler{ops: ops}
		c.expr(part, accept, reject)
		all[i] = sized{at: i, size: c.front}
		total += c.front
	}
	sorting.Stable(all, func(a, b sized) int { return cmp.Compare(b.size, a.size) })
	dropped := map[int]bool{}
	for _, s := range all {
		if total <= maxProgram {
			break
		}
		total -= s.size
		dropped[s.at] = true
	}
	var rest filter.And
	for i, part := range parts {
		if !dropped[i] {
			rest = append(rest, part)
		}
	}
	return rest
}

// compiler writes programs. Each of its methods puts code in front of what is
// there, which goes to one place when the condition is true and to another
// when it is not.
type compiler struct {
	assembler
	ops, used opset
}

func (c *compiler) expr(e filter.Expr, yes, no int) {
	switch x := e.(type) {
	case filter.And:
		for i, part := range slices.Backward(x) {
			if i == len(x)-1 {
				c.expr(part, yes, no)
			} else {
				c.expr(part, c.front, no)
			}
		}
		if len(x) == 0 {
			c.jump(yes)
		}
	case filter.Or:
		for i, part := range slices.Backward(x) {
			if i == len(x)-1 {
				c.expr(part, yes, no)
			} else {
				c.expr(part, yes, c.front)
			}
		}
		if len(x) == 0 {
			c.jump(no)
		}
	case filter.Not:
		c.expr(x.X, no, yes)
	default:
		c.leaf(e, yes, no)
	}
}

// leaf writes the predicates that lift leaves.
func (c *compiler) leaf(leaf filter.Expr, yes, no int) {
	switch l := leaf.(type) {
	case filter.Port:
		p := ports{compiler: c, end: l.End, yes: yes, no: no}
		p.among(l.Ranges)
	case filter.Addr:
		code := uint8(bcLocalHost)
		if l.End == filter.Remote {
			code = bcRemoteHost
		}
		family := uint8(afInet6)
		if l.Prefix.Addr().Is4() {
			family = afInet
		}
		c.test(code, hostOperand(family, l.Prefix.Bits(), l.Prefix.Addr().AsSlice()), yes, no)
	case filter.Family: // IPv6, for an IPv4 prefix matches mapped addresses too
		c.test(bcLocalHost, hostOperand(afInet6, 0, make([]byte, 16)), yes, no)
	case device:
		c.used |= opDevice
		c.test(bcDevice, native.AppendUint32(nil, l.index), yes, no)
	case filter.Mark:
		c.used |= opMark
		c.test(bcMark, native.AppendUint32(native.AppendUint32(nil, l.Value&l.Mask), l.Mask), yes, no)
	case filter.Cgroup:
		c.used |= opCgroup
		c.test(bcCgroup, native.AppendUint64(nil, l.ID), yes, no)
	case filter.Autobound:
		c.test(bcAuto, nil, yes, no)
	}
}

// ports writes a comparison of a port with a list of ranges.
type ports struct {
	*compiler
	end     filter.End
	yes, no int
}

// fewRanges is up to how many are compared one after the other.
const fewRanges = 4

// among halves a long list first: a thousand ports take a dozen comparisons.
func (p ports) among(ranges filter.Ranges) {
	if len(ranges) <= fewRanges {
		for i, r := range slices.Backward(ranges) {
			no := p.no
			if i < len(ranges)-1 {
				no = p.front
			}
			p.within(uint16(r.First), uint16(r.Last), no)
		}
		return
	}
	half := len(ranges) / 2
	p.among(ranges[:half])
	lower := p.front
	p.among(ranges[half:])
	p.compare(bcLocalPortGE, bcRemotePortGE, uint16(ranges[half].First), p.front, lower)
}

// within compares with one range; what is outside goes to no.
func (p ports) within(first, last uint16, no int) {
	switch {
	case first == last && p.ops.has(opPortEqual):
		p.used |= opPortEqual
		p.compare(bcLocalPortEqual, bcRemotePortEq, first, p.yes, no)
	case first == 0:
		p.compare(bcLocalPortLE, bcRemotePortLE, last, p.yes, no)
	case last == lastPort:
		p.compare(bcLocalPortGE, bcRemotePortGE, first, p.yes, no)
	default:
		p.compare(bcLocalPortLE, bcRemotePortLE, last, p.yes, no)
		p.compare(bcLocalPortGE, bcRemotePortGE, first, p.front, no)
	}
}

func (p ports) compare(local, remote uint8, port uint16, yes, no int) {
	if p.end == filter.Remote {
		local = remote
	}
	p.test(local, portOperand(port), yes, no)
}
