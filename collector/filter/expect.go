package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/spelling"
)

// errorf makes the error for a piece of the text.
func (l *lexer) errorf(begin, end int, format string, args ...any) error {
	return &SyntaxError{Text: l.text, Offset: begin, Length: end - begin, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) errorAt(t token, format string, args ...any) error {
	return p.errorf(t.begin, t.end, format, args...)
}

// expected is the error for a token that is not what has to stand there, with
// the nearest of the words that could.
func (p *parser) expected(t token, what string, words []string) error {
	if t.kind == tokenEnd {
		return p.errorAt(t, "expected %s, but the filter ends", what)
	}
	const letters = 3 // one mistake in so many
	message := fmt.Sprintf("expected %s, not %s", what, t.quote(p.text))
	if t.kind == tokenWord {
		if near := spelling.Sure(t.text, letters, words); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
	}
	return p.errorAt(t, "%s", message)
}

// quote shows a token in a message.
func (t token) quote(text string) string {
	if t.kind == tokenEnd {
		return "the end"
	}
	return shorten(text[t.begin:t.end])
}

// shorten quotes a text for a message, the beginning of it where it is long.
func shorten(text string) string {
	const longest = 40
	if len(text) > longest {
		return strconv.Quote(text[:longest]) + "..."
	}
	return strconv.Quote(text)
}

func lower(text string) string { return strings.ToLower(text) }

// names lists the names of words.
func names[T any](words []word[T]) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.name
	}
	return list
}

// predicateWords are all words that begin a predicate.
func predicateWords() []string {
	list := keywordNames()
	for _, f := range fact.All() {
		list = append(list, f.Name)
	}
	return list
}

func keywordNames() []string {
	var list []string
	for _, k := range keywords() {
		if k.name != "any" && k.name != "none" && k.name != "name" {
			list = append(list, k.name)
		}
	}
	return list
}

// bareWords are all words of the language that may stand alone or begin
// something.
func bareWords() []string {
	list := append(predicateWords(), "state", "exclude")
	list = append(list, names(stateWords[:])...)
	list = append(list, protoNames()...)
	list = slices.DeleteFunc(list, func(w string) bool { return w == "any" || w == "none" || w == "all" })
	return append(list, "and", "or", "not")
}
