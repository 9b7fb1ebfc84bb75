package filter

import (
	"math"
	"path"
	"strings"

	"github.com/sockls/sockls/collector/fact"
)

// devicePredicate reads an interface, which the kernel can look for, or a
// pattern for names, which is a comparison of the fact.
func (p *parser) devicePredicate() (Expr, error) {
	m, negated, operand, err := p.match("dev")
	if err != nil {
		return nil, err
	}
	if f, ok := fact.Lookup("device"); ok && m.Kind != Exact {
		p.ssKnows = false
		return negateIf(Text{f, m}, negated), nil
	}
	name := m.Pattern
	if index, ok := number(nil, name); ok && operand.kind == tokenWord {
		if p.o.Interface == nil {
			return nil, p.errorAt(operand, "interface indexes are not looked up here; write the name of the interface")
		}
		if name, err = p.o.Interface(index); err != nil {
			return nil, p.errorAt(operand, "cannot look up interface %s: %s", shorten(operand.text), oneLine(err))
		}
	}
	return negateIf(Device{name}, negated), nil
}

// markPredicate reads a mark and, after a slash, which of its bits count.
func (p *parser) markPredicate() (Expr, error) {
	negated, err := p.equality("fwmark")
	if err != nil {
		return nil, err
	}
	const what = "a mark such as 0x1 or 0x1/0xff"
	t, err := p.operandWord(what, nil)
	if err != nil {
		return nil, err
	}
	value, mask, masked := strings.Cut(t.text, "/")
	m := Mark{Mask: math.MaxUint32}
	for _, x := range []struct {
		text string
		to   *uint32
		ok   bool
	}{{value, &m.Value, true}, {mask, &m.Mask, masked}} {
		if !x.ok {
			continue
		}
		n, ok := number(nil, x.text)
		if !ok {
			return nil, p.expected(t, what, nil)
		}
		*x.to = n
	}
	return negateIf(m, negated), nil
}

// cgroupPredicate reads the path of one cgroup, which the kernel can look for,
// or a pattern for paths, which is a comparison of the fact.
func (p *parser) cgroupPredicate() (Expr, error) {
	m, negated, operand, err := p.match("cgroup")
	if err != nil {
		return nil, err
	}
	if f, ok := fact.Lookup("cgroup"); ok && m.Kind != Exact {
		p.ssKnows = false
		return negateIf(Text{f, m}, negated), nil
	}
	if m.Pattern == "" || m.Kind != Exact {
		return nil, p.errorAt(operand, "expected the path of a cgroup")
	}
	return negateIf(Cgroup{Path: cgroupPath(m.Pattern)}, negated), nil
}

// cgroupPath is the path below the place where cgroups are mounted, as the
// kernel has it, of one that may be written with that place.
func cgroupPath(text string) string {
	const mount = "/sys/fs/cgroup"
	below := path.Clean("/" + text)
	if rest, ok := strings.CutPrefix(below, mount); ok && (rest == "" || rest[0] == '/') {
		below = path.Clean("/" + rest)
	}
	return below
}

func (p *parser) autoboundPredicate() (Expr, error) {
	value, negated, err := p.flag("autobound")
	return negateIf(Autobound{}, negated != (value == 0)), err
}
