package filter

import (
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

func isStateWord(text string) bool {
	switch lower(text) {
	case "state", "exclude", "excl":
		return true
	}
	return false
}

// states reads the operand of the "state" or "exclude" at hand.
func (p *parser) states() (socket.StateSet, error) {
	p.namesStates = true
	if err := p.advance(); err != nil {
		return 0, err
	}
	t, err := p.operandWord("the name of a state", names(stateWords[:]))
	if err != nil {
		return 0, err
	}
	return readSet(p, t, socket.AllStates, lookupState, "the name of a state", names(stateWords[:]))
}

// readSet reads a list of members. One with a "!" is taken away, from all there
// are where it is the first.
func readSet[S socket.StateSet | socket.ProtoSet](
	p *parser, t token, all S, lookup func(string) (S, bool), what string, words []string,
) (set S, err error) {
	first := true
	for part := range elements(t) {
		name, without := strings.CutPrefix(part.text, "!")
		one, ok := lookup(name)
		switch {
		case !ok:
			return 0, p.expected(part.tail(name), what, words)
		case !without:
			set |= one
		case first:
			set = all &^ one
		default:
			set &^= one
		}
		first = false
	}
	return set, nil
}

func (p *parser) protoPredicate() (Expr, error) {
	negated, err := p.equality("proto")
	if err != nil {
		return nil, err
	}
	const what = "the name of a protocol"
	t, err := p.operandWord(what, protoNames())
	if err != nil {
		return nil, err
	}
	set, err := readSet(p, t, socket.AllProtos, lookupProto, what, protoNames())
	return negateIf(Protos{set}, negated), err
}

func protoNames() []string { return append([]string{"inet", "all", "none"}, socketNames()...) }

// socketNames are the names of single protocols.
func socketNames() []string {
	var list []string
	for _, p := range socket.Protos() {
		list = append(list, p.String())
	}
	return list
}

func (p *parser) familyPredicate() (Expr, error) {
	negated, err := p.equality("family")
	if err != nil {
		return nil, err
	}
	const what = "the name of an address family"
	t, err := p.operandWord(what, names(familyWords[:]))
	if err != nil {
		return nil, err
	}
	family, ok := lookupFamily(t.text)
	if !ok {
		return nil, p.expected(t, what, names(familyWords[:]))
	}
	return negateIf(Family{family}, negated), nil
}

func (p *parser) scopePredicate(end End) (Expr, error) {
	negated, err := p.equality(scopeWords[end])
	if err != nil {
		return nil, err
	}
	t, err := p.operandWord("loopback, private, public or wildcard", scopeNames[:])
	if err != nil {
		return nil, err
	}
	for i, name := range scopeNames {
		if lower(t.text) == name {
			return negateIf(Scope{end, AddressScope(i)}, negated), nil
		}
	}
	return nil, p.expected(t, "loopback, private, public or wildcard", scopeNames[:])
}
