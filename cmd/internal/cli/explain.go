package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// explainFilter shows how the filter of q is read, what the kernel does of it,
// and what is left.
func explainFilter(w io.Writer, q collector.Query) error {
	var b strings.Builder
	b.WriteString("filter\n")
	if q.Filter == nil {
		q.Filter = filter.And{}
	}
	for line := range strings.Lines(filter.Tree(q.Filter)) {
		b.WriteString("  " + line)
	}
	explanation := collector.Explain(q)
	b.WriteString("\nasked of the kernel\n")
	if len(explanation.Asked) == 0 {
		b.WriteString("  nothing\n")
	}
	for _, group := range alike(explanation.Asked) {
		fmt.Fprintf(&b, "  %s\n", strings.Join(group.tables, ", "))
		fmt.Fprintf(&b, "    states  %s\n", group.states)
		fmt.Fprintf(&b, "    test    %s\n", group.test)
	}
	b.WriteString("\nleft to sockls\n  ")
	switch {
	case explanation.Left == nil:
		b.WriteString("nothing\n")
	default:
		b.WriteString(explanation.Left.String() + "\n")
	}
	_, err := io.WriteString(w, b.String()) // filters print in plain ASCII
	return err
}

// question is what is asked alike of several tables.
type question struct {
	tables       []string
	states, test string
}

func alike(asked []sockdiag.Asked) []question {
	var all []question
next:
	for _, a := range asked {
		q := question{tables: []string{tableName(a)}, states: stateNames(a.States), test: test(a)}
		for i := range all {
			if all[i].states == q.states && all[i].test == q.test {
				all[i].tables = append(all[i].tables, q.tables...)
				continue next
			}
		}
		all = append(all, q)
	}
	return all
}

func tableName(a sockdiag.Asked) string {
	switch {
	case a.IPv4 && !a.IPv6:
		return a.Proto.String() + " ipv4"
	case a.IPv6 && !a.IPv4:
		return a.Proto.String() + " ipv6"
	}
	return a.Proto.String()
}

func stateNames(set socket.StateSet) string { return filter.States{Set: set}.String() }

func test(a sockdiag.Asked) string {
	condition := "none, the whole table"
	if a.Test != nil {
		condition = a.Test.String()
	}
	switch a.Autobound {
	case socket.Yes:
		condition += " (auto-bound ones)"
	case socket.No:
		condition += " (others)"
	}
	if a.Lookup {
		return "look up one connection, read no table: " + condition
	}
	return condition
}
