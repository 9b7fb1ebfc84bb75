package spelling

import "strings"

// Nearest returns the entry of valid that word was most likely meant to be,
// or "" when none is near. It counts insertions, deletions, substitutions and
// swaps of neighbours, and accepts one mistake for every three letters (and
// at least one), but never a word of which nothing is left. Of several equally
// near words the first wins.
func Nearest(word string, valid []string) string {
	word = strings.ToLower(word) // all valid words are in lower case
	limit := max(1, len(word)/3)
	best, bestDistance := "", limit+2
	for _, candidate := range valid {
		d := distance(word, candidate)
		if d > limit {
			d = limit + 2
		}
		for cut := max(3, len(word)-1); cut <= len(word)+1 && cut < len(candidate); cut++ {
			if begun := distance(word, candidate[:cut]); begun <= len(word)/4 {
				d = min(d, begun+1)
			}
		}
		if d < bestDistance && d < len(candidate) {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// Sure is Nearest for words that may well be none of valid: it accepts one mistake
// for every so many letters, and no beginnings.
func Sure(word string, letters int, valid []string) string {
	const longest = 32 // what is longer is no slip
	if len(word) > longest {
		return ""
	}
	word = strings.ToLower(word)
	best, least := "", len(word)/letters+1
	for _, candidate := range valid {
		if max(len(word)-len(candidate), len(candidate)-len(word)) >= least {
			continue
		}
		if d := distance(word, candidate); d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the optimal string alignment distance of a and b, by bytes: the
// valid words are ASCII. It keeps three rows of the matrix.
func distance(a, b string) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
