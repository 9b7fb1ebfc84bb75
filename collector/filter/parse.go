package filter

import (
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// Filter is what Parse makes of a text.
type Filter struct {
	Expr Expr
	// NamesStates tells that the text says which states it is about, so that
	// no other choice of states is called for.
	NamesStates bool
	// BeyondSS tells that it has a predicate that ss has not: of either end, of
	// processes, of facts. Who asks so does not expect the states that ss shows
	// by default, of which the listeners are none.
	BeyondSS bool
	// SSReading is the way in which ss reads the text, in parentheses, where
	// that has another meaning; "" where it has not, and where the text has
	// something that ss does not know.
	SSReading string
}

// Options are what a text alone does not tell.
type Options struct {
	// Names looks up host and service names. Without it they are errors.
	Names Names
	// Family is what addresses and ports without a family are of, as ss has it
	// of its -f. FamilyUnspec are the internet protocols.
	Family socket.Family
	// Interface names the interface of an index ("dev 2"). Without it, indexes
	// are errors.
	Interface func(index uint32) (string, error)
}

// Names looks up what stands for numbers.
type Names interface {
	// Addresses returns the addresses of a host.
	Addresses(host string) ([]netip.Addr, error)
	// Ports returns the ports of a service: one, or more where protocols differ.
	Ports(service string) ([]uint16, error)
}

const (
	maxText  = 64 << 10
	maxDepth = 200
)

// Parse reads a filter. An empty text is one that everything passes. The error
// is a *SyntaxError.
func Parse(text string, o Options) (*Filter, error) {
	if len(text) > maxText {
		return nil, &SyntaxError{Text: text[:0], Message: "the filter is longer than 64 KiB"}
	}
	p := parser{lexer: lexer{text: text}, o: o, ssKnows: true}
	expr, err := p.parse()
	if err != nil {
		return nil, err
	}
	f := &Filter{Expr: expr.ours, NamesStates: p.namesStates, BeyondSS: beyondSS(expr.ours)}
	if p.ssKnows && differ(expr.ours, expr.ss) {
		f.SSReading = spellReading(expr.ss)
	}
	return f, nil
}

// beyondSS reports whether e has a predicate that ss has not.
func beyondSS(e Expr) bool {
	beyond := false
	Walk(e, func(leaf Expr) {
		switch l := leaf.(type) {
		case States, Family, Node, Device, Mark, Cgroup, Autobound:
		case Port:
			beyond = beyond || l.End == Either
		case Addr:
			beyond = beyond || l.End == Either
		case Name:
			beyond = beyond || l.End == Either
		default:
			beyond = true
		}
	})
	return beyond
}

type parser struct {
	lexer
	o Options
	// tok is the token at hand, which is not used up yet; used is the end of
	// the last one that is.
	tok token

	depth       int
	namesStates bool
	ssKnows     bool
}

// reading is one expression as we read it and as ss does.
type reading struct{ ours, ss Expr }

func both(e Expr) reading { return reading{e, e} }

// parse reads all of the text.
func (p *parser) parse() (reading, error) {
	if err := p.advance(); err != nil {
		return reading{}, err
	}
	lead, leads, err := p.leadingStates()
	if err != nil {
		return reading{}, err
	}
	if p.tok.kind == tokenEnd {
		if !leads {
			return both(And{}), nil
		}
		return both(lead), nil
	}
	var list []item
	if leads && (p.connective() == tokenAnd || p.connective() == tokenOr) {
		// The states are the first operand of an ordinary expression.
		list = append(list, item{reading: both(lead)})
		p.ssKnows = false
		leads = false
	}
	rest, err := p.list(list)
	if err != nil {
		return reading{}, err
	}
	if p.tok.kind == tokenClose {
		return reading{}, p.errorAt(p.tok, `")" closes nothing`)
	}
	if leads {
		rest = reading{conjunction(lead, rest.ours), conjunction(lead, rest.ss)}
	}
	return rest, nil
}

// conjunction is a and b, in one list with the members of b.
func conjunction(a, b Expr) Expr {
	if members, ok := b.(And); ok && len(members) > 0 {
		return append(And{a}, members...)
	}
	return And{a, b}
}

// item is an operand and what connects it with the one before.
type item struct {
	reading
	by tokenKind // tokenAnd or tokenOr
}

// list reads operands up to a ")" or the end, some of which are read already.
func (p *parser) list(items []item) (reading, error) {
	for p.tok.kind != tokenEnd && p.tok.kind != tokenClose {
		by := tokenAnd
		if connective := p.connective(); connective == tokenAnd || connective == tokenOr {
			if len(items) == 0 {
				return reading{}, p.errorAt(p.tok, "expected a predicate before %s", p.tok.quote(p.text))
			}
			by = connective
			if err := p.advance(); err != nil {
				return reading{}, err
			}
		}
		operand, err := p.operand()
		if err != nil {
			return reading{}, err
		}
		items = append(items, item{operand, by})
	}
	if len(items) == 0 {
		return reading{}, p.errorAt(p.tok, "expected a predicate")
	}
	return reading{precedence(items), leftToRight(items)}, nil
}

// operand reads a predicate, an expression in parentheses, or the negation of
// one of them.
func (p *parser) operand() (reading, error) {
	if p.depth++; p.depth > maxDepth {
		return reading{}, p.errorAt(p.tok, "more than %d levels of parentheses and negations", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.connective() == tokenNot {
		if err := p.advance(); err != nil {
			return reading{}, err
		}
		x, err := p.operand()
		return reading{Not{x.ours}, Not{x.ss}}, err
	}
	if p.tok.kind != tokenOpen {
		e, err := p.predicate()
		return both(e), err
	}
	open := p.tok
	if err := p.advance(); err != nil {
		return reading{}, err
	}
	inner, err := p.list(nil)
	if err != nil {
		return reading{}, err
	}
	if p.tok.kind != tokenClose {
		return reading{}, p.errorAt(open, `expected a ")" for this "("`)
	}
	return inner, p.advance()
}

// connective is the kind of the token at hand, words that stand for marks taken
// as such.
func (p *parser) connective() tokenKind {
	if p.tok.kind == tokenWord {
		switch lower(p.tok.text) {
		case "and":
			return tokenAnd
		case "or":
			return tokenOr
		case "not":
			return tokenNot
		}
	}
	return p.tok.kind
}

// precedence makes a tree in which "and" binds stronger than "or".
func precedence(items []item) Expr {
	var all Or
	var group And
	for _, x := range items {
		if x.by == tokenOr && len(group) > 0 {
			all = append(all, unlist(group))
			group = nil
		}
		group = append(group, x.ours)
	}
	all = append(all, unlist(group))
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func unlist(group And) Expr {
	if len(group) == 1 {
		return group[0]
	}
	return group
}

// leftToRight makes the tree of ss, for which both bind the same.
func leftToRight(items []item) Expr {
	tree := items[0].ss
	joined := false // the tree is of this list and not an operand of it
	for _, x := range items[1:] {
		and, isAnd := tree.(And)
		or, isOr := tree.(Or)
		switch {
		case joined && isAnd && x.by == tokenAnd:
			tree = append(slices.Clip(and), x.ss)
		case joined && isOr && x.by == tokenOr:
			tree = append(slices.Clip(or), x.ss)
		case x.by == tokenAnd:
			tree = And{tree, x.ss}
		default:
			tree = Or{tree, x.ss}
		}
		joined = true
	}
	return tree
}

// advance goes to the next token.
func (p *parser) advance() error {
	t, err := p.next()
	p.tok = t
	return err
}

// leadingStates reads "state X" and "exclude X" at the beginning, which add up
// before the rest is looked at: the union of the states, without those excluded.
func (p *parser) leadingStates() (lead Expr, ok bool, err error) {
	var set socket.StateSet
	only, excluded := true, socket.StateSet(0) // nothing but exclusions so far
	for p.tok.kind == tokenWord && isStateWord(p.tok.text) {
		exclude := lower(p.tok.text) != "state"
		states, err := p.states()
		if err != nil {
			return nil, false, err
		}
		switch {
		case !exclude:
			set |= states
			only = false
		case only:
			excluded |= states
			set = socket.AllStates &^ excluded
		default:
			set &^= states
		}
		ok = true
	}
	if ok && only {
		return Not{States{excluded}}, true, nil
	}
	return States{set}, ok, nil
}
