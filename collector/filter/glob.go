package filter

import (
	"unicode"
	"unicode/utf8"
)

// matchGlob is fnmatch(3) without flags: "*" stands for any text, slashes included, "?" for one character, "[a-z]" and
// "[!a-z]" for one of a set, and a backslash takes the next character as it is.
// A "[" that is never closed is an ordinary character. It takes time in the
// product of both lengths at most, and allocates nothing.
//
// The address of a socket is matched regardless of case, and as it is written:
// the NUL byte that begins an abstract name (unix(7)) is "@".
func matchGlob(pattern, text string, address bool) bool {
	p, t := 0, 0
	star, mark := -1, 0 // where the last "*" stands, and how far it has eaten
	for {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
			continue
		case t == len(text) && p == len(pattern):
			return true
		case t < len(text) && p < len(pattern):
			r, size := utf8.DecodeRuneInString(text[t:])
			if address && t == 0 && r == 0 {
				r = '@'
			}
			if next, ok := matchOne(pattern, p, r, address); ok {
				p, t = next, t+size
				continue
			}
		}
		if star < 0 || mark >= len(text) {
			return false
		}
		_, size := utf8.DecodeRuneInString(text[mark:])
		mark += size
		p, t = star+1, mark
	}
}

// matchOne matches one character against the pattern at p, which is no "*",
// and returns where the pattern goes on.
func matchOne(pattern string, p int, r rune, fold bool) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		if next, ok, closed := matchSet(pattern, p+1, r, fold); closed {
			return next, ok
		}
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
	}
	c, size := utf8.DecodeRuneInString(pattern[p:])
	return p + size, same(c, r, fold)
}

// matchSet matches what stands behind a "[".
func matchSet(pattern string, p int, r rune, fold bool) (next int, ok, closed bool) {
	negated := false
	if p < len(pattern) && (pattern[p] == '!' || pattern[p] == '^') {
		negated = true
		p++
	}
	found := false
	for first := true; p < len(pattern); first = false {
		if pattern[p] == ']' && !first {
			return p + 1, found != negated, true
		}
		low, size := setMember(pattern, p)
		p += size
		high := low
		if p+1 < len(pattern) && pattern[p] == '-' && pattern[p+1] != ']' {
			high, size = setMember(pattern, p+1)
			p += 1 + size
		}
		found = found || within(low, high, r, fold)
	}
	return 0, false, false
}

func setMember(pattern string, p int) (rune, int) {
	if pattern[p] == '\\' && p+1 < len(pattern) {
		c, size := utf8.DecodeRuneInString(pattern[p+1:])
		return c, size + 1
	}
	return utf8.DecodeRuneInString(pattern[p:])
}

func within(low, high, r rune, fold bool) bool {
	if low <= r && r <= high {
		return true
	}
	if !fold {
		return false
	}
	lower, upper := unicode.ToLower(r), unicode.ToUpper(r)
	return low <= lower && lower <= high || low <= upper && upper <= high
}

func same(a, b rune, fold bool) bool {
	return a == b || fold && unicode.ToLower(a) == unicode.ToLower(b)
}
