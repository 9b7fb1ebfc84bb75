package filter

import (
	"strconv"
	"strings"
)

// token is a word, or one of the marks ( ) ! & | and the comparisons, or the end.
type token struct {
	kind tokenKind
	// text is what a word says, without its quotes.
	text string
	// begin and end are where the token stands in the text.
	begin, end int
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenQuoted // a word that is none of the language's own
	tokenOpen
	tokenClose
	tokenNot
	tokenAnd
	tokenOr
	tokenCompare // text is one of = != < <= > >= ~ !~
)

// lexer takes the text apart. A word ends at white space and at a mark, so that
// nothing has to stand apart ("sport=:80", "!(dev lo)"); marks that are to be
// part of a word have to be quoted.
type lexer struct {
	text string
	pos  int
}

const spaces = " \t\r\n"

func (l *lexer) skipSpaces() {
	for l.pos < len(l.text) && strings.IndexByte(spaces, l.text[l.pos]) >= 0 {
		l.pos++
	}
}

// marks are tried in this order: the longer ones first.
var marks = [...]struct {
	text  string
	kind  tokenKind
	means string
}{
	{"&&", tokenAnd, ""},
	{"||", tokenOr, ""},
	{"!=", tokenCompare, "!="},
	{"!~", tokenCompare, "!~"},
	{"==", tokenCompare, "="},
	{"<=", tokenCompare, "<="},
	{">=", tokenCompare, ">="},
	{"=~", tokenCompare, "~"},
	{"(", tokenOpen, ""},
	{")", tokenClose, ""},
	{"!", tokenNot, ""},
	{"&", tokenAnd, ""},
	{"|", tokenOr, ""},
	{"=", tokenCompare, "="},
	{"<", tokenCompare, "<"},
	{">", tokenCompare, ">"},
	{"~", tokenCompare, "~"},
}

// next returns the next token, and an error for a quote that is not closed.
func (l *lexer) next() (token, error) {
	l.skipSpaces()
	begin := l.pos
	if begin == len(l.text) {
		return token{kind: tokenEnd, begin: begin, end: begin}, nil
	}
	for _, m := range marks {
		if strings.HasPrefix(l.text[begin:], m.text) {
			l.pos += len(m.text)
			return token{kind: m.kind, text: m.means, begin: begin, end: l.pos}, nil
		}
	}
	return l.word()
}

// word reads a word, of which any part may be quoted.
func (l *lexer) word() (token, error) {
	begin := l.pos
	kind := tokenWord
	var b strings.Builder
	for l.pos < len(l.text) && !l.wordEnds(b.String()) {
		c := l.text[l.pos]
		if c == '"' || c == '\'' {
			kind = tokenQuoted
			if err := l.quoted(&b); err != nil {
				return token{}, err
			}
			continue
		}
		b.WriteByte(c)
		l.pos++
	}
	return token{kind: kind, text: b.String(), begin: begin, end: l.pos}, nil
}

// wordEnds reports whether the character at hand is no part of the word. "!" is
// part of one unless it begins "!=" or "!~" (a glob may have "[!a]"), and "~"
// unless the word could be the name of what is to be compared.
func (l *lexer) wordEnds(word string) bool {
	rest := l.text[l.pos:]
	switch rest[0] {
	case ' ', '\t', '\r', '\n', '(', ')', '&', '|', '=', '<', '>':
		return true
	case '!':
		return len(rest) > 1 && (rest[1] == '=' || rest[1] == '~' && isName(word))
	case '~':
		return isName(word)
	}
	return false
}

// isName reports whether a word has but letters and dashes, as the words of the
// language have.
func isName(word string) bool {
	for i := range len(word) {
		if c := word[i] | 0x20; (c < 'a' || c > 'z') && word[i] != '-' {
			return false
		}
	}
	return word != ""
}

// quoted reads from a quote to the next of its kind. A backslash before the
// quote or a backslash takes it as it is, \n, \t and \xHH are the bytes they
// are everywhere; before anything else a backslash stands for itself, so that
// patterns need not double theirs.
func (l *lexer) quoted(b *strings.Builder) error {
	begin := l.pos
	quote := l.text[begin]
	for l.pos++; l.pos < len(l.text); l.pos++ {
		c := l.text[l.pos]
		switch {
		case c == quote:
			l.pos++
			return nil
		case c == '\\' && l.pos+1 < len(l.text):
			l.escape(b)
		default:
			b.WriteByte(c)
		}
	}
	return l.errorf(begin, len(l.text), "expected %c at the end, which closes the one here", quote)
}

// escape reads a backslash and what belongs to it, and stays on the last byte.
func (l *lexer) escape(b *strings.Builder) {
	l.pos++
	switch c := l.text[l.pos]; c {
	case '\\', '"', '\'':
		b.WriteByte(c)
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'x':
		if l.pos+2 < len(l.text) {
			if n, err := strconv.ParseUint(l.text[l.pos+1:l.pos+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				l.pos += 2
				return
			}
		}
		b.WriteString(`\x`)
	default:
		b.WriteByte('\\')
		b.WriteByte(c)
	}
}

// pattern reads a regular expression. Where it is not quoted it goes on to white
// space or to a ")" that it did not open, whatever marks it has in it.
func (l *lexer) pattern() (token, error) {
	l.skipSpaces()
	begin := l.pos
	if begin == len(l.text) || l.text[begin] == '"' || l.text[begin] == '\'' {
		return l.next()
	}
	open := 0
	for ; l.pos < len(l.text) && strings.IndexByte(spaces, l.text[l.pos]) < 0; l.pos++ {
		switch l.text[l.pos] {
		case '\\':
			if l.pos+1 < len(l.text) {
				l.pos++
			}
			continue
		case '(':
			open++
			continue
		case ')':
			open--
		}
		if open < 0 {
			break
		}
	}
	t := token{kind: tokenWord, text: l.text[begin:l.pos], begin: begin, end: l.pos}
	if strings.Contains(t.text, "||") || strings.Contains(t.text, "&&") {
		return t, l.errorf(t.begin, t.end, "expected the regular expression in quotes, for it has && or || in it")
	}
	if t.text == "" {
		return l.next()
	}
	return t, nil
}
