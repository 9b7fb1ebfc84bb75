package filter

import (
	"math"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/fact"
)

// factPredicate reads the comparison of a fact.
func (p *parser) factPredicate(f fact.Fact, name token) (Expr, error) {
	if f.Name == "user" {
		return p.userPredicate(f)
	}
	switch f.Kind {
	case fact.Text:
		m, negated, _, err := p.match(f.Name)
		return negateIf(Text{f, m}, negated), err
	case fact.Flag:
		return p.flagPredicate(f)
	}
	operatorAt := p.tok
	operator, err := p.comparison()
	if err != nil {
		return nil, err
	}
	what := "a number for " + f.Name
	t, err := p.operandWord(what+", such as "+exampleOf(f), nil)
	if err != nil {
		return nil, err
	}
	if named, ok := fact.Lookup(f.Name + "-name"); ok && (operator == "=" || operator == "!=") && !isNumberList(t) {
		// What has a number may be named: "netns blue".
		return negateIf(Text{named, MatchWord(t.text)}, operator == "!="), nil
	}
	d := domain{what: what, low: math.MinInt64, high: math.MaxInt64, read: func(p *parser, t token) (quantity, error) {
		return p.quantity(f, t)
	}}
	r, negated, err := p.compare(d, operator, operatorAt, t)
	return negateIf(Compare{f, r}, negated), err
}

// isNumberList tells an operand that is to be read as numbers from a name.
func isNumberList(t token) bool {
	return t.kind == tokenWord && (startsNumber(t.text) || t.text == "*" || t.text == "none")
}

// userPredicate reads the user of the socket: a number is the user id, unless it
// stands in quotes.
func (p *parser) userPredicate(f fact.Fact) (Expr, error) {
	m, negated, of, err := p.match(f.Name)
	if err != nil {
		return nil, err
	}
	if of.kind == tokenWord && m.Kind == Exact && isUID(m.Pattern) {
		uid, ok := fact.Lookup("uid")
		n, err := strconv.ParseUint(m.Pattern, 10, 32)
		if !ok || err != nil {
			return nil, p.expected(of, "the name or the number of a user", nil)
		}
		return negateIf(Compare{uid, Ranges{{int64(n), int64(n)}}}, negated), nil
	}
	return negateIf(Text{f, m}, negated), nil
}

// isUID reports whether what is given as a user is meant as a number.
func isUID(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// flagPredicate reads "v6only", "v6only no", "v6only != yes".
func (p *parser) flagPredicate(f fact.Fact) (Expr, error) {
	value, negated, err := p.flag(f.Name)
	return negateIf(Compare{f, Ranges{{value, value}}}, negated), err
}

// flag reads the rest of a flag, which is 1 where there is none.
func (p *parser) flag(name string) (value int64, negated bool, err error) {
	explicit := p.tok.kind == tokenCompare
	if negated, err = p.equality(name); err != nil {
		return 0, false, err
	}
	if p.tok.kind == tokenWord || p.tok.kind == tokenQuoted {
		switch lower(p.tok.text) {
		case "yes", "on", "true", "1":
			return 1, negated, p.advance()
		case "no", "off", "false", "0":
			return 0, negated, p.advance()
		}
	}
	if explicit {
		return 0, false, p.expected(p.tok, "yes or no", []string{"yes", "no"})
	}
	return 1, negated, nil
}
