package sorting_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/sorting"
)

// TestStable compares with the standard library's, on lists with many equals.
func TestStable(t *testing.T) {
	type element struct{ Key, Place int }
	byKey := func(a, b element) int { return cmp.Compare(a.Key, b.Key) }
	random := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int{0, 1, 2, 19, 20, 21, 500} {
		list := make([]element, length)
		for i := range list {
			list[i] = element{random.IntN(1 + length/4), i}
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, byKey)
		sorting.Stable(list, byKey)
		if d := gocmp.Diff(want, list); d != "" {
			t.Errorf("%d elements (-want +got):\n%s", length, d)
		}
	}
}
