package filter

import "strings"

// Tree writes an expression one predicate a line, each level two spaces further
// to the right than what it belongs to. It ends with a newline.
func Tree(e Expr) string {
	var b strings.Builder
	tree(&b, e, 0)
	return b.String()
}

func tree(b *strings.Builder, e Expr, depth int) {
	var members []Expr
	operator := e.String()
	switch e := e.(type) {
	case And:
		if len(e) > 0 {
			operator, members = "and", e
		}
	case Or:
		if len(e) > 0 {
			operator, members = "or", e
		}
	case Not:
		if isList(e.X) {
			operator, members = "not", []Expr{e.X}
		}
	}
	b.WriteString(strings.Repeat("  ", depth) + operator + "\n")
	for _, x := range members {
		tree(b, x, depth+1)
	}
}
