package filter

import (
	"regexp"
	"strings"
)

// Match accepts texts. The zero value accepts the empty text. Glob and Exact
// make one that String prints and Parse reads back.
type Match struct {
	Kind    MatchKind
	Pattern string
	re      *regexp.Regexp // of a Regexp
}

// MatchKind is how a pattern is read.
type MatchKind uint8

// The kinds.
const (
	Exact MatchKind = iota
	Glob
	Regexp // RE2, found anywhere in the text
)

// MatchWord reads a word of the language: a glob when one of *, ? and [ stands
// in it without a backslash, and otherwise exactly what it says without its
// backslashes.
func MatchWord(word string) Match {
	if isGlob(word) {
		return Match{Kind: Glob, Pattern: word}
	}
	return Match{Pattern: unescapeGlob(word)}
}

// MatchRegexp compiles a regular expression. A Match of kind Regexp that was
// made in another way accepts nothing.
func MatchRegexp(pattern string) (Match, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return Match{}, err
	}
	return Match{Kind: Regexp, Pattern: pattern, re: re}, nil
}

// Accepts reports whether the pattern fits the text. Case matters.
func (m *Match) Accepts(text string) bool {
	switch m.Kind {
	case Exact:
		return text == m.Pattern
	case Glob:
		return matchGlob(m.Pattern, text, false)
	}
	return m.re != nil && m.re.MatchString(text)
}

// Equal reports whether m and o accept the same texts for the same reason.
func (m Match) Equal(o Match) bool { return m.Kind == o.Kind && m.Pattern == o.Pattern }

// spelling is m with its operator.
func (m Match) spelling() string {
	if m.Kind == Regexp {
		return "~ " + m.word()
	}
	return "= " + m.word()
}

func (m Match) word() string {
	switch m.Kind {
	case Exact:
		return quoteWord(escapeGlob(m.Pattern))
	case Glob:
		return quoteWord(m.Pattern)
	}
	return quoteAlways(m.Pattern)
}

func isGlob(word string) bool {
	for i := 0; i < len(word); i++ {
		switch word[i] {
		case '\\':
			i++
		case '*', '?', '[':
			return true
		}
	}
	return false
}

func escapeGlob(text string) string {
	if !strings.ContainsAny(text, `*?[\`) {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(`*?[\`, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func unescapeGlob(word string) string {
	if strings.IndexByte(word, '\\') < 0 {
		return word
	}
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		if word[i] == '\\' && i+1 < len(word) {
			i++
		}
		b.WriteByte(word[i])
	}
	return b.String()
}
