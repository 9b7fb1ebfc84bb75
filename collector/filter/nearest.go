package filter

import "strings"

// nearest returns the word that was most likely meant, "" when none is near.
// It accepts one mistake for every so many letters.
func nearest(text string, letters int, words []string) string {
	const longest = 32
	if len(text) > longest {
		return ""
	}
	text = strings.ToLower(text)
	best, least := "", len(text)/letters+1
	for _, w := range words {
		if abs := max(len(text)-len(w), len(w)-len(text)); abs >= least {
			continue
		}
		if d := distance(text, w); d < least && d < len(w) {
			best, least = w, d
		}
	}
	return best
}

// distance counts the bytes to insert, delete, change or swap with a neighbour
// to make b of a.
func distance(a, b string) int {
	var before, last, row [64]int
	if len(b) >= len(row) {
		return len(b)
	}
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
