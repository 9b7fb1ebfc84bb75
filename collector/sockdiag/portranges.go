package sockdiag

import (
	"cmp"
	"slices"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/sorting"
)

// maxRanges is how many ranges of ports one comparison of a program has at
// most. A range takes up to 20 bytes of the 64 KiB that there are, and the
// kernel's audit of a program takes the square of its length.
const maxRanges = 1024

// clip keeps of the ranges what ports can be, and joins those that touch.
func clip(ranges filter.Ranges) filter.Ranges {
	var clipped filter.Ranges
	for _, r := range ranges {
		r.First, r.Last = max(r.First, 0), min(r.Last, lastPort)
		if r.First > r.Last {
			continue
		}
		if n := len(clipped); n > 0 && r.First <= clipped[n-1].Last+1 {
			clipped[n-1].Last = max(clipped[n-1].Last, r.Last)
			continue
		}
		clipped = append(clipped, r)
	}
	return clipped
}

// complement are all other ports.
func complement(ranges filter.Ranges) filter.Ranges {
	var others filter.Ranges
	next := int64(0)
	for _, r := range ranges {
		if next < r.First {
			others = append(others, filter.Range{First: next, Last: r.First - 1})
		}
		next = r.Last + 1
	}
	if next <= lastPort {
		others = append(others, filter.Range{First: next, Last: lastPort})
	}
	return others
}

// coarse fills the smallest gaps until no more than maxRanges are left.
func coarse(ranges filter.Ranges) filter.Ranges {
	gaps := make([]int, len(ranges)-1) // by the range in front of them
	for i := range gaps {
		gaps[i] = i
	}
	width := func(i int) int64 { return ranges[i+1].First - ranges[i].Last }
	sorting.Stable(gaps, func(a, b int) int { return cmp.Compare(width(b), width(a)) })
	kept := gaps[:maxRanges-1]
	slices.Sort(kept)
	joined := make(filter.Ranges, 0, maxRanges)
	first := 0
	for _, gap := range kept {
		joined = append(joined, filter.Range{First: ranges[first].First, Last: ranges[gap].Last})
		first = gap + 1
	}
	return append(joined, filter.Range{First: ranges[first].First, Last: ranges[len(ranges)-1].Last})
}
