package filter

import (
	"strings"
	"testing"
)

func TestMatchGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, text string
		want, address bool
	}{
		{"", "", true, false},
		{"", "a", false, false},
		{"*", "", true, false},
		{"*", "a/b", true, false},
		{"a*", "a", true, false},
		{"a*c", "abbc", true, false},
		{"a*c", "abbcd", false, false},
		{"*a*b*", "xxaxxbxx", true, false},
		{"*a*b*", "xxbxxaxx", false, false},
		{"?", "é", true, false},
		{"?", "", false, false},
		{"??", "é", false, false},
		{"[a-c]x", "bx", true, false},
		{"[a-c]x", "dx", false, false},
		{"[!a-c]", "d", true, false},
		{"[^a-c]", "b", false, false},
		{"[]a]", "]", true, false},
		{"[a-]", "-", true, false},
		{`[\]]`, "]", true, false},
		{"[a", "[a", true, false},
		{"[", "[", true, false},
		{`\*`, "*", true, false},
		{`\*`, "a", false, false},
		{`a\`, `a\`, true, false},
		{"ABC", "abc", false, false},
		{"ABC*", "abcd", true, true},
		{"[A-C]", "b", true, true},
		{"É", "é", true, true},
		{"@abc", "\x00ABC", true, true},
		{"@abc", "\x00ABC", false, false},
		{"@", "\x00", true, true},
		{"*", "\x00a", true, true},
		{"a\xff", "a\xff", true, false},
		{"a?", "a\xff", true, false},
	}
	for _, test := range tests {
		if got := matchGlob(test.pattern, test.text, test.address); got != test.want {
			t.Errorf("%q %q: %t", test.pattern, test.text, got)
		}
	}
	// A pattern that makes naive matching exponential.
	if matchGlob(strings.Repeat("a*", 40)+"b", strings.Repeat("a", 4000), false) {
		t.Error("matches")
	}
}
