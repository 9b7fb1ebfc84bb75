package filter

import "github.com/sockls/sockls/collector/fact"

// keyword is a word that begins a predicate, and what reads the rest of it.
type keyword struct {
	name string
	// ss tells that ss has it within expressions.
	ss   bool
	read func(p *parser) (Expr, error)
}

// lookupKeyword returns the keyword of that name. The list is made when it is
// asked for: its readers refer to it.
func lookupKeyword(name string) (keyword, bool) {
	for _, k := range keywords() {
		if k.name == name {
			return k, true
		}
	}
	return keyword{}, false
}

func keywords() []keyword {
	list := []keyword{
		{"src", true, func(p *parser) (Expr, error) { return p.hostPredicate(Local) }},
		{"dst", true, func(p *parser) (Expr, error) { return p.hostPredicate(Remote) }},
		{"addr", false, func(p *parser) (Expr, error) { return p.hostPredicate(Either) }},
		{"host", false, func(p *parser) (Expr, error) { return p.hostPredicate(Either) }},
		{"sport", true, func(p *parser) (Expr, error) { return p.portPredicate(Local) }},
		{"dport", true, func(p *parser) (Expr, error) { return p.portPredicate(Remote) }},
		{"port", false, func(p *parser) (Expr, error) { return p.portPredicate(Either) }},
		{"local", false, func(p *parser) (Expr, error) { return p.scopePredicate(Local) }},
		{"remote", false, func(p *parser) (Expr, error) { return p.scopePredicate(Remote) }},
		{"scope", false, func(p *parser) (Expr, error) { return p.scopePredicate(Either) }},
		{"range", false, (*parser).rangePredicate},
		{"proto", false, (*parser).protoPredicate},
		{"family", false, (*parser).familyPredicate},
		{"dev", true, (*parser).devicePredicate},
		{"fwmark", true, (*parser).markPredicate},
		{"cgroup", true, (*parser).cgroupPredicate},
		{"autobound", true, (*parser).autoboundPredicate},
		{"pid", false, (*parser).pidPredicate},
		{"process", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessName) }},
		{"command", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessCommand) }},
		{"exe", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessExe) }},
		{"process-user", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessUser) }},
		{"context", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessContext) }},
		{"cwd", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessDir) }},
		{"unit", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessUnit) }},
		{"container", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessContainer) }},
		// The columns that have another name here.
		{"local-port", false, func(p *parser) (Expr, error) { return p.portPredicate(Local) }},
		{"remote-port", false, func(p *parser) (Expr, error) { return p.portPredicate(Remote) }},
		{"local-address", false, func(p *parser) (Expr, error) { return p.hostPredicate(Local) }},
		{"remote-address", false, func(p *parser) (Expr, error) { return p.hostPredicate(Remote) }},
		{"name", false, func(p *parser) (Expr, error) { return p.processPredicate(ProcessName) }},
		{"any", false, func(*parser) (Expr, error) { return And{}, nil }},
		{"none", false, func(*parser) (Expr, error) { return Or{}, nil }},
	}
	for _, name := range refusedColumns {
		list = append(list, keyword{name, false, (*parser).onlyColumn})
	}
	return list
}

// refusedColumns are those that filters do not know.
var refusedColumns = [...]string{"fd", "tid", "started", "parents", "inner-pid"}

// onlyColumn refuses one of refusedColumns, which would else be the name of a
// process.
func (p *parser) onlyColumn() (Expr, error) {
	return nil, p.errorAt(p.tok, "the word before is a column that filters cannot ask for; for a process of that name write: process NAME")
}

// predicate reads one predicate: a keyword or a fact with its operand, or a
// word that stands for itself.
func (p *parser) predicate() (Expr, error) {
	t := p.tok
	switch t.kind {
	case tokenWord, tokenQuoted:
	case tokenEnd:
		return nil, p.errorAt(t, "expected a predicate, but the filter ends")
	default:
		return nil, p.errorAt(t, "expected a predicate, not %s", t.quote(p.text))
	}
	if t.kind == tokenWord && isStateWord(t.text) {
		p.ssKnows = false // within an expression
		set, err := p.states()
		if lower(t.text) != "state" {
			return Not{States{set}}, err
		}
		return States{set}, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if t.kind == tokenWord {
		if k, ok := lookupKeyword(lower(t.text)); ok {
			p.ssKnows = p.ssKnows && k.ss
			return k.read(p)
		}
		p.ssKnows = false
		if f, ok := fact.Lookup(lower(t.text)); ok {
			return p.factPredicate(f, t)
		}
		if p.tok.kind == tokenCompare {
			return nil, p.expected(t, "something that can be compared before "+p.tok.quote(p.text), predicateWords())
		}
	}
	p.ssKnows = false
	return p.bare(t)
}
