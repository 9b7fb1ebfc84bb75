package filter

import "strings"

// differ reports whether two trees of the same predicates mean different
// things. With few predicates it tries every combination of their values; with
// many it takes trees that look different to be different.
func differ(a, b Expr) bool {
	if Equal(a, b) {
		return false
	}
	const most = 10
	index := map[string]int{}
	Walk(a, func(leaf Expr) {
		if _, ok := index[leaf.String()]; !ok {
			index[leaf.String()] = len(index)
		}
	})
	if len(index) > most {
		return true
	}
	x, y := booleanOf(a, index), booleanOf(b, index)
	for values := range uint(1) << len(index) {
		if x(values) != y(values) {
			return true
		}
	}
	return false
}

// booleanOf makes a function of the values of the predicates, one a bit.
func booleanOf(e Expr, index map[string]int) func(values uint) bool {
	switch e := e.(type) {
	case And:
		return booleanOfList(e, index, false)
	case Or:
		return booleanOfList(e, index, true)
	case Not:
		x := booleanOf(e.X, index)
		return func(values uint) bool { return !x(values) }
	}
	bit := uint(1) << index[e.String()]
	return func(values uint) bool { return values&bit != 0 }
}

func booleanOfList(members []Expr, index map[string]int, decisive bool) func(values uint) bool {
	list := make([]func(uint) bool, len(members))
	for i, x := range members {
		list[i] = booleanOf(x, index)
	}
	return func(values uint) bool {
		for _, x := range list {
			if x(values) == decisive {
				return decisive
			}
		}
		return !decisive
	}
}

// spellReading writes how ss reads a text, in general terms where nobody would
// read all of it.
func spellReading(e Expr) string {
	const most = 64
	leaves := 0
	Walk(e, func(Expr) { leaves++ })
	if leaves > most {
		return "all from left to right, for it has no precedence of and over or"
	}
	return parenthesised(e)
}

// parenthesised writes an expression so that nobody can read it in two ways.
func parenthesised(e Expr) string {
	switch e := e.(type) {
	case And:
		return parenthesisedList(e, " and ")
	case Or:
		return parenthesisedList(e, " or ")
	case Not:
		if isList(e.X) {
			return "not (" + parenthesised(e.X) + ")"
		}
		return "not " + parenthesised(e.X)
	}
	return e.String()
}

func parenthesisedList(members []Expr, operator string) string {
	parts := make([]string, len(members))
	for i, x := range members {
		parts[i] = parenthesised(x)
		if isList(x) {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, operator)
}
