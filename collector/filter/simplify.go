package filter

import "github.com/sockls/sockls/collector/socket"

// Simplify evaluates what of e is known already. A predicate that decide
// answers becomes a constant, and constants fold: And{} is true and Or{} is
// false. What decide leaves unknown stays as it is, in its order.
func Simplify(e Expr, decide func(leaf Expr) socket.Tri) Expr {
	return Rewrite(e, func(leaf Expr) Expr {
		switch decide(leaf) {
		case socket.Yes:
			return And{}
		case socket.No:
			return Or{}
		}
		return leaf
	})
}

// Rewrite puts what replace makes of each predicate in its place. Constants
// fold, And in And and Or in Or become one, a double negation goes, and an And
// or Or of one member is that member.
func Rewrite(e Expr, replace func(leaf Expr) Expr) Expr {
	switch x := e.(type) {
	case And:
		all := make(And, 0, len(x))
		for _, part := range x {
			switch p := Rewrite(part, replace).(type) {
			case And:
				all = append(all, p...)
			case Or:
				if len(p) == 0 {
					return p
				}
				all = append(all, p)
			default:
				all = append(all, p)
			}
		}
		if len(all) == 1 {
			return all[0]
		}
		return all
	case Or:
		some := make(Or, 0, len(x))
		for _, part := range x {
			switch p := Rewrite(part, replace).(type) {
			case Or:
				some = append(some, p...)
			case And:
				if len(p) == 0 {
					return p
				}
				some = append(some, p)
			default:
				some = append(some, p)
			}
		}
		if len(some) == 1 {
			return some[0]
		}
		return some
	case Not:
		part := Rewrite(x.X, replace)
		if value := Constant(part); value != socket.Unknown {
			return constant(value == socket.No)
		}
		if inner, ok := part.(Not); ok {
			return inner.X
		}
		return Not{X: part}
	}
	return replace(e)
}

// Constant tells whether e is the constant true, And{}, or the constant false,
// Or{}; it is unknown for all else.
func Constant(e Expr) socket.Tri {
	switch x := e.(type) {
	case And:
		if len(x) == 0 {
			return socket.Yes
		}
	case Or:
		if len(x) == 0 {
			return socket.No
		}
	}
	return socket.Unknown
}

func constant(value bool) Expr {
	if value {
		return And{}
	}
	return Or{}
}

// NNF is an expression that means the same, in which Not stands in front of
// predicates only.
func NNF(e Expr) Expr { return push(e, false) }

func push(e Expr, not bool) Expr {
	switch x := e.(type) {
	case And:
		if not {
			return Or(pushAll(x, not))
		}
		return And(pushAll(x, not))
	case Or:
		if not {
			return And(pushAll(x, not))
		}
		return Or(pushAll(x, not))
	case Not:
		return push(x.X, !not)
	}
	if not {
		return Not{X: e}
	}
	return e
}

func pushAll(parts []Expr, not bool) []Expr {
	all := make([]Expr, len(parts))
	for i, part := range parts {
		all[i] = push(part, not)
	}
	return all
}
