package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/spelling"
	"github.com/sockls/sockls/collector/watch"
)

// anyKind stands for all kinds of events but the end of a socket.
const anyKind = watch.Lost

// condition reads --until, and adds to q what it needs; nil where there is none.
func (o *watchOptions) condition(ctx context.Context, q *collector.Query) (*condition, error) {
	text := strings.TrimSpace(o.until)
	switch {
	case !o.hasUntil:
		return nil, nil
	case text == "":
		return nil, errors.New("--until needs to be told what: a filter, or open, change or close")
	}
	c := &condition{kind: anyKind}
	first, rest, _ := strings.Cut(text, " ")
	kinds := []string{watch.Open.String(), watch.Change.String(), watch.Close.String()}
	if near := spelling.Nearest(first, kinds); near != "" && !slices.Contains(kinds, first) && isProcessName(first) {
		return nil, fmt.Errorf("--until: %q is no kind of event, did you mean %q? (for a process of that name: process %s)", first, near, first)
	}
	for _, kind := range []watch.Kind{watch.Open, watch.Change, watch.Close} {
		if first == kind.String() {
			c.kind = kind
			text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest)+" ", "and "))
		}
	}
	if text == "" {
		return c, nil
	}
	f, err := o.parseFilters(ctx, []string{text}, addressFamily(q.Protos))
	if err != nil {
		return nil, err
	}
	c.filter = f.Expr
	if o.noProcesses && filter.Details(c.filter)&ownerDetails != 0 {
		return nil, errors.New("--no-processes leaves nothing to match processes with")
	}
	both := *q
	both.Filter = c.filter
	if q.Filter != nil {
		both.Filter = filter.And{q.Filter, c.filter}
	}
	if possibleStates(both) == 0 || possibleProtos(both.Filter, both.Protos) == 0 {
		return nil, errors.New("--until can never be true of what is watched; -l, -a or a filter choose something else to watch")
	}
	q.Details |= filter.Details(c.filter)
	return c, nil
}
