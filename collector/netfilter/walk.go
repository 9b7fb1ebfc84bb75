package netfilter

import (
	"cmp"

	"github.com/sockls/sockls/collector/sorting"
)

// Rules and elements that are looked at in one reading, and forwards that are
// found. A machine with ten thousand services needs some hundred thousand steps.
const (
	stepLimit  = 1 << 20
	foundLimit = 1 << 16
)

// walker goes through rules in all the ways that connections can take.
type walker struct {
	links func(index uint32) (string, bool)
	found []*found
	steps int
	over  bool
}

// pass is one walk.
type pass struct {
	*walker
	way    way
	rules  *ruleset
	chain  *chain
	rule   *rule
	remark string
	passed *passed
}

// walk goes through several rulesets, which the kernel asks in the order of the
// priorities of their base chains.
func (w *walker) walk(sets ...*ruleset) {
	for _, way := range ways() {
		p := &pass{walker: w, way: way}
		type entry struct {
			rules *ruleset
			base  *base
		}
		var entries []entry
		for _, set := range sets {
			for _, b := range set.bases {
				if b.hook == way.hook() && b.filter == way.filter && way.sees(b.family) && b.reaches(0).forwards {
					entries = append(entries, entry{set, b})
				}
			}
		}
		sorting.Stable(entries, func(a, b entry) int { return cmp.Compare(a.base.priority, b.base.priority) })
		for _, e := range entries {
			p.rules = e.rules
			before := p.passed
			p.enter(e.base.chain, condition{}, 0)
			p.leave(before, accepts)
			if e.base.drops {
				p.push(&condition{}, stops)
			}
		}
	}
}

// at is the place of the rule that is looked at.
func (p *pass) at() string { return p.chain.where }

// spend counts a step. It reports whether there are any left.
func (w *walker) spend() bool {
	if w.steps++; w.steps > stepLimit {
		w.over = true
	}
	return !w.over
}

// enter walks through a chain. It returns how the way ends for all that meets
// the condition, goesOn where not all of it does.
func (p *pass) enter(c *chain, cond condition, depth int) ending {
	if depth > depthLimit {
		p.over = true
		return goesOn
	}
	caller, calling, remark, before := p.chain, p.rule, p.remark, p.passed
	defer func() {
		p.leave(before, returns)
		p.chain, p.rule, p.remark = caller, calling, remark
	}()
	p.chain = c
	cond.narrowed = false
	for _, r := range c.rules {
		if !p.spend() {
			return goesOn
		}
		p.rule, p.remark = r, remark
		if r.comment != "" {
			p.remark = r.comment
		}
		all := goesOn
		s := state{condition: cond, verdict: verdict{code: verdictContinue}}
		p.run(r.ops, &s, func(s *state) {
			if how := p.end(s, depth); how != goesOn && !s.narrowed {
				all = how
			}
		})
		if all != goesOn {
			return p.least(before, all)
		}
	}
	return goesOn
}

// run executes what is left of a rule, and calls end where it comes to its end.
func (p *pass) run(ops []op, s *state, end func(*state)) {
	for i, o := range ops {
		if b, ok := o.(brancher); ok {
			if b.branches(p, s, func(next *state) {
				if next.verdict.code != verdictContinue {
					end(next)
				} else {
					p.run(ops[i+1:], next, end)
				}
			}) {
				return
			}
		}
		if !o.step(p, s) || !s.possible() {
			return
		}
		if s.verdict.code != verdictContinue {
			break
		}
	}
	end(s)
}

// end does what the verdict of a rule says.
func (p *pass) end(s *state, depth int) ending {
	var how ending
	switch s.verdict.code {
	case verdictContinue, verdictBreak:
		return goesOn
	case verdictJump, verdictGoto:
		next := p.chain.peers[s.verdict.chain]
		if next != nil && next.reaches(0) != (reach{}) {
			narrowed := s.narrowed
			how = p.enter(next, s.condition, depth+1)
			s.narrowed = narrowed
		}
		if s.verdict.code == verdictJump && how == returns {
			return goesOn
		}
		if s.verdict.code == verdictGoto && how == goesOn {
			how = returns
		}
		if s.verdict.code == verdictGoto && how == returns {
			p.push(&s.condition, returns)
		}
		return how
	case verdictReturn:
		how = returns
	case verdictAccept:
		how = accepts
	default:
		how = stops
	}
	p.push(&s.condition, how)
	return how
}
