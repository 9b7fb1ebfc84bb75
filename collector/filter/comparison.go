package filter

import (
	"iter"
	"strings"
)

// comparison reads an operator, which is "=" where there is none.
func (p *parser) comparison() (string, error) {
	operator := "="
	switch {
	case p.tok.kind == tokenCompare:
		operator = p.tok.text
	case p.tok.kind != tokenWord:
		return operator, nil
	default:
		var ok bool
		if operator, ok = operatorWord(p.tok.text); !ok {
			return "=", nil
		}
	}
	if operator == "~" || operator == "!~" {
		t, err := p.pattern()
		p.tok = t
		return operator, err
	}
	return operator, p.advance()
}

func operatorWord(text string) (string, bool) {
	switch lower(text) {
	case "eq":
		return "=", true
	case "ne", "neq":
		return "!=", true
	case "gt":
		return ">", true
	case "lt":
		return "<", true
	case "ge", "geq":
		return ">=", true
	case "le", "leq":
		return "<=", true
	}
	return "", false
}

// equality reads an operator that is "=" or "!=".
func (p *parser) equality(of string) (negated bool, err error) {
	t := p.tok
	operator, err := p.comparison()
	switch {
	case err != nil:
		return false, err
	case operator != "=" && operator != "!=":
		return false, p.errorAt(t, "%s is compared by = and != only", of)
	}
	return operator == "!=", nil
}

// operandWord takes the word at hand.
func (p *parser) operandWord(what string, words []string) (token, error) {
	t := p.tok
	if t.kind != tokenWord && t.kind != tokenQuoted {
		return t, p.expected(t, what, words)
	}
	return t, p.advance()
}

func negateIf(e Expr, negated bool) Expr {
	if negated {
		return Not{e}
	}
	return e
}

// elements are the parts of a word between commas. A part of a word that had
// quotes is the whole word to those who point at it.
func elements(t token) iter.Seq[token] {
	return func(yield func(token) bool) {
		at := t.begin
		for text := range strings.SplitSeq(t.text, ",") {
			part := token{kind: t.kind, text: text, begin: at, end: at + len(text)}
			if t.kind == tokenQuoted {
				part.begin, part.end = t.begin, t.end
			}
			at += len(text) + 1
			if !yield(part) {
				return
			}
		}
	}
}

// tail is the part of a word that is the end of it.
func (t token) tail(text string) token {
	if t.kind == tokenWord {
		t.begin = t.end - len(text)
	}
	t.text = text
	return t
}
