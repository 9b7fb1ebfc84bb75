// Package sorting puts short lists in order. It is for lists whose length is that
// of what an administrator has written or a person reads: slices.SortFunc is faster
// and is compiled anew, 8 KB of it, for every type of element, which came to a
// fiftieth of the program. Rows are sorted with slices.
package sorting
