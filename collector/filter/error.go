package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError is a text that is no filter.
type SyntaxError struct {
	// Text is all that was parsed; the word that is wrong is the Length bytes
	// from Offset, 0 where something is missing.
	Text           string
	Offset, Length int
	// Message says in one line, without control characters, what was expected.
	Message string
}

func (e *SyntaxError) Error() string { return "filter: " + e.Message }

// Caret returns the line of the text that is wrong and, below it, carets under
// the word. A long line is cut on both sides. Whatever a terminal would not show
// in exactly one cell is escaped, so that the carets stand where they should and
// the text can do no harm; there is no newline at the end.
func (e *SyntaxError) Caret() string {
	const before, within, after = 48, 48, 24
	begin := strings.LastIndexByte(e.Text[:e.Offset], '\n') + 1
	end := len(e.Text)
	if i := strings.IndexByte(e.Text[e.Offset:], '\n'); i >= 0 {
		end = e.Offset + i
	}
	stop := min(e.Offset+e.Length, end)

	head := cells(e.Text[begin:e.Offset])
	if len(head) > before {
		head = append([]string{"…"}, head[len(head)-before:]...)
	}
	word := cells(e.Text[e.Offset:stop])
	tail := cells(e.Text[stop:end])
	if len(word) > within {
		word, tail = append(word[:within:within], "…"), nil
	}
	if len(tail) > after {
		tail = append(tail[:after:after], "…")
	}
	indent := utf8.RuneCountInString(strings.Join(head, ""))
	marked := max(1, utf8.RuneCountInString(strings.Join(word, "")))
	line := strings.Join(head, "") + strings.Join(word, "") + strings.Join(tail, "")
	return line + "\n" + strings.Repeat(" ", indent) + strings.Repeat("^", marked)
}

// cells writes each character of a text in ones that take one cell each.
func cells(text string) []string {
	var out []string
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = append(out, fmt.Sprintf(`\x%02x`, text[i]))
		case r == '\t':
			out = append(out, " ")
		case oneCell(r):
			out = append(out, string(r))
		case r < 0x20 || r == 0x7f:
			out = append(out, fmt.Sprintf(`\x%02x`, r))
		default:
			out = append(out, fmt.Sprintf(`\u{%x}`, r))
		}
		i += size
	}
	return out
}

// oneCell knows the alphabets of which every printable character is as wide as
// a Latin letter.
func oneCell(r rune) bool {
	if r < 0x7f {
		return r >= ' '
	}
	return r < 0x530 && unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) && unicode.IsLetter(r)
}
