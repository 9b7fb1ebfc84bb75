package tui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// order is by which column the table is sorted. Its zero value is the default
// order.
type order struct {
	by      column
	reverse bool
}

// orderOf reads the name of a column, with a "-" in front to reverse it.
func orderOf(key string) order {
	name, reverse := strings.CutPrefix(key, "-")
	c, _ := columnNamed(name)
	return order{by: c, reverse: reverse}
}

// compare orders two rows. Those without a value come last in either direction,
// and ties fall to the default order.
func (o *order) compare(a, b *entry) int {
	c := 0
	switch {
	case o.by.Name == "":
		if c = socket.Compare(a.now, b.now); o.reverse {
			c = -c
		}
		return c
	case o.by.rate != nil:
		if a.rate.known != b.rate.known {
			if a.rate.known {
				return -1
			}
			return 1
		}
		c = cmp.Compare(o.by.rate(&a.rate), o.by.rate(&b.rate))
	default:
		if has := o.by.Has; has != nil && has(a.now) != has(b.now) {
			if has(a.now) {
				return -1
			}
			return 1
		}
		c = o.by.Compare(a.now, b.now)
	}
	if o.reverse {
		c = -c
	}
	if c == 0 {
		c = socket.Compare(a.now, b.now)
	}
	return c
}

// mend sorts rows that are nearly in order: a hundred thousand of which a hundred
// are new are to cost little more than one walk. Two neighbours that are not in
// order are both taken out, for either may be the one that is out of place; what
// was taken out is sorted, and merged into the rest. It uses spare and returns it.
func mend(rows, spare []*entry, compare func(a, b *entry) int) []*entry {
	spare = spare[:0]
	kept := rows[:0]
	for _, e := range rows {
		if n := len(kept); n > 0 && compare(kept[n-1], e) > 0 {
			spare = append(spare, kept[n-1], e)
			kept = kept[:n-1]
			continue
		}
		kept = append(kept, e)
	}
	slices.SortFunc(spare, compare)
	i, j := len(kept)-1, len(spare)-1
	for at := len(rows) - 1; j >= 0; at-- {
		if i >= 0 && compare(rows[i], spare[j]) > 0 {
			rows[at] = rows[i]
			i--
		} else {
			rows[at] = spare[j]
			j--
		}
	}
	clear(spare) // or it would keep what is gone
	return spare
}
