package netfilter

import (
	"slices"

	"github.com/sockls/sockls/collector/machine"
)

// found is a rule that forwards, reached in one way.
type found struct {
	way     way
	rules   *ruleset
	chain   *chain
	rule    *rule
	comment string
	condition
	target  target
	others  []target
	earlier *machine.Earlier
	// latest is what comes before the last of the choices.
	latest *machine.Earlier
}

// emit notes a rule that forwards.
func (p *pass) emit(s *state, t target) {
	if len(p.found) >= foundLimit {
		p.over = true
		return
	}
	f := &found{
		way: p.way, rules: p.rules, chain: p.chain, rule: p.rule, comment: p.remark,
		condition: s.condition, target: t,
	}
	if p.passed != nil {
		f.earlier = p.passed.earlier
		f.latest = f.earlier
	}
	if n := len(p.found); n > 0 && p.found[n-1].takes(f) {
		return
	}
	p.found = append(p.found, f)
}

// takes joins the next choice of a lot with those before. It reports whether it
// is one.
func (f *found) takes(next *found) bool {
	if !f.chance || f.way != next.way || f.partial != next.partial || f.rules != next.rules || !f.same(&next.condition) {
		return false
	}
	// Nothing but the last choice itself may have come between.
	between := next.earlier
	protos, all := f.protocols()
	for range protos {
		if between == nil {
			return false
		}
		if between = between.Next; all {
			break
		}
	}
	if between != f.latest {
		return false
	}
	f.latest = next.earlier
	if len(f.others) < choiceLimit {
		f.others = append(f.others, next.target)
	}
	f.chance = next.chance
	return true
}

// same tells whether two conditions ask for the same destinations.
func (c *condition) same(o *condition) bool {
	return slices.Equal(c.protos, o.protos) && slices.Equal(c.to, o.to) && slices.Equal(c.ports, o.ports) &&
		c.arrives == o.arrives && slices.Equal(c.not, o.not) && c.local == o.local
}
