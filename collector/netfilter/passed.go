package netfilter

import (
	"slices"

	"github.com/sockls/sockls/collector/machine"
)

// passed is what takes connections away before the rules that follow.
type passed struct {
	kind    ending
	before  *passed
	earlier *machine.Earlier
}

// ending is how far a verdict goes.
type ending uint8

const (
	goesOn  ending = iota
	returns        // to the chain that called
	accepts        // ends the base chain
	stops          // ends it all
)

// least is how the way ends for all that came into a chain, when it ended so for
// what was left of it: some may have returned before.
func (p *pass) least(before *passed, how ending) ending {
	for e := p.passed; e != before; e = e.before {
		how = min(how, e.kind)
	}
	return how
}

// push notes that some connections go no further.
func (p *pass) push(c *condition, how ending) {
	for _, m := range c.matches(p.way) {
		p.add(how, &machine.Earlier{Match: m})
	}
}

// leave forgets the endings that go no further than what is left, which began
// after before. Those that stay have not got what these took.
func (p *pass) leave(before *passed, kind ending) {
	var since []*passed
	forgets := false
	for e := p.passed; e != before; e = e.before {
		since = append(since, e)
		forgets = forgets || e.kind <= kind
	}
	if !forgets {
		return
	}
	p.passed = before
	var gone *machine.Earlier
	for _, e := range slices.Backward(since) {
		if e.kind <= kind {
			gone = &machine.Earlier{Match: e.earlier.Match, Unless: e.earlier.Unless, Next: gone}
			continue
		}
		kept := &machine.Earlier{Match: e.earlier.Match, Unless: e.earlier.Unless}
		if gone != nil {
			kept.Unless = append(slices.Clip(kept.Unless), gone)
		}
		p.add(e.kind, kept)
	}
}

// add puts an ending before what follows.
func (p *pass) add(kind ending, e *machine.Earlier) {
	if p.passed != nil {
		e.Next = p.passed.earlier
	}
	p.passed = &passed{kind: kind, before: p.passed, earlier: e}
}
