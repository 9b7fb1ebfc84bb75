package sorting

import "sort"

// Stable sorts a list by compare and leaves in their order those that are equal.
func Stable[T any](list []T, compare func(a, b T) int) {
	sort.SliceStable(list, func(i, j int) bool { return compare(list[i], list[j]) < 0 })
}
