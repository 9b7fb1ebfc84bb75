package filter

import "slices"

// Walk calls f for every predicate of e, from left to right.
func Walk(e Expr, f func(leaf Expr)) {
	switch e := e.(type) {
	case And:
		for _, x := range e {
			Walk(x, f)
		}
	case Or:
		for _, x := range e {
			Walk(x, f)
		}
	case Not:
		Walk(e.X, f)
	case nil:
	default:
		f(e)
	}
}

// Map returns e with every predicate replaced by what f makes of it. It changes
// nothing in e.
func Map(e Expr, f func(leaf Expr) Expr) Expr {
	switch e := e.(type) {
	case And:
		mapped := make(And, len(e))
		for i, x := range e {
			mapped[i] = Map(x, f)
		}
		return mapped
	case Or:
		mapped := make(Or, len(e))
		for i, x := range e {
			mapped[i] = Map(x, f)
		}
		return mapped
	case Not:
		return Not{Map(e.X, f)}
	case nil:
		return nil
	}
	return f(e)
}

// Equal reports whether a and b are the same tree.
func Equal(a, b Expr) bool {
	switch a := a.(type) {
	case And:
		b, ok := b.(And)
		return ok && slices.EqualFunc(a, b, Equal)
	case Or:
		b, ok := b.(Or)
		return ok && slices.EqualFunc(a, b, Equal)
	case Not:
		b, ok := b.(Not)
		return ok && Equal(a.X, b.X)
	case Port:
		b, ok := b.(Port)
		return ok && a.End == b.End && a.Family == b.Family && slices.Equal(a.Ranges, b.Ranges)
	case PID:
		b, ok := b.(PID)
		return ok && slices.Equal(a.Ranges, b.Ranges)
	case Compare:
		b, ok := b.(Compare)
		return ok && a.Equal(b)
	case Text:
		b, ok := b.(Text)
		return ok && a.Equal(b)
	case Process:
		b, ok := b.(Process)
		return ok && a.Text == b.Text && a.Match.Equal(b.Match)
	}
	return a == b // the rest holds nothing that cannot be compared
}

// Equal compares facts by name: they hold functions.
func (c Compare) Equal(o Compare) bool {
	return c.Fact.Name == o.Fact.Name && slices.Equal(c.Ranges, o.Ranges)
}

// Equal compares facts by name: they hold functions.
func (t Text) Equal(o Text) bool { return t.Fact.Name == o.Fact.Name && t.Match.Equal(o.Match) }

// Equal makes prefixes comparable for those who compare by fields.
func (a Addr) Equal(o Addr) bool { return a == o }

func (And) expr()       {}
func (Or) expr()        {}
func (Not) expr()       {}
func (States) expr()    {}
func (Protos) expr()    {}
func (Family) expr()    {}
func (Port) expr()      {}
func (Addr) expr()      {}
func (Node) expr()      {}
func (Name) expr()      {}
func (Scope) expr()     {}
func (Device) expr()    {}
func (Mark) expr()      {}
func (Cgroup) expr()    {}
func (Autobound) expr() {}
func (Compare) expr()   {}
func (Text) expr()      {}
func (PID) expr()       {}
func (Process) expr()   {}
