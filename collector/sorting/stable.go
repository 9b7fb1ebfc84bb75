package sorting

import (
	"cmp"
	"slices"
)

// Stable sorts a list by compare and leaves in their order those that are equal.
func Stable[T any](list []T, compare func(a, b T) int) {
	places := sorted(len(list), func(a, b int) int { return compare(list[a], list[b]) })
	if places == nil {
		return
	}
	ordered := make([]T, len(list))
	for i, place := range places {
		ordered[i] = list[place]
	}
	copy(list, ordered)
}

// sorted are the numbers below n in their order, nil where that is the order they
// have. Only numbers are moved, so this is compiled once for all types.
func sorted(n int, compare func(a, b int) int) []int {
	inOrder := true
	for i := 1; i < n && inOrder; i++ {
		inOrder = compare(i-1, i) <= 0
	}
	if inOrder {
		return nil
	}
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int {
		if c := compare(a, b); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	return places
}
