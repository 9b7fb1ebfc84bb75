package filter

import (
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/spelling"
)

// bare reads a word that stands for itself: a port, an address, a unix name, a
// protocol, a state, or the name of a process. A quoted word is the name of a
// process.
func (p *parser) bare(t token) (Expr, error) {
	if t.text == "" {
		return nil, p.errorAt(t, "expected a predicate, not an empty word")
	}
	if t.kind == tokenQuoted {
		return p.bareProcess(t)
	}
	if text, ok := barePorts(t.text); ok {
		r, err := p.numberList(portDomain(socket.FamilyUnspec), t.tail(text))
		return Port{End: Either, Ranges: r}, err
	}
	if looksLikeHost(t.text) {
		h, err := p.host(t)
		return h.at(Either), err
	}
	if set, ok := bareSet(t, lookupState); ok {
		p.namesStates = true
		return States{set}, nil
	}
	if set, ok := bareSet(t, lookupProto); ok {
		return Protos{set}, nil
	}
	if isOperator(t.text) {
		return nil, p.errorAt(t, "expected a predicate, not %s", t.quote(p.text))
	}
	if _, ok := operatorWord(t.text); ok {
		return nil, p.errorAt(t, "expected something that can be compared before %s", t.quote(p.text))
	}
	if near := p.meant(t); near != "" {
		return nil, p.errorAt(t, "%s is no word of the language; did you mean %q? For a process of that name write: process %s",
			t.quote(p.text), near, MatchWord(t.text).word())
	}
	return p.bareProcess(t)
}

// meant is the word that a bare one is probably a slip of, "" if it may well be
// the name of a process. A word with another one behind it looks like a predicate
// with its operand, and is trusted less.
func (p *parser) meant(t token) string {
	if p.tok.kind == tokenWord || p.tok.kind == tokenQuoted {
		const letters = 3 // one mistake in so many
		first := append(keywordNames(), "state", "exclude", "and", "or", "not", "user", "uid")
		return spelling.Sure(t.text, letters, append(first, socketNames()...))
	}
	const letters = 6
	if near := spelling.Sure(t.text, letters, bareWords()); near != "" {
		return near
	}
	near := spelling.Sure(t.text, len(t.text), socketNames())
	if anagram(near, lower(t.text)) {
		return near
	}
	return ""
}

// anagram reports whether two words have the same letters.
func anagram(a, b string) bool {
	var letters [256]int
	for _, c := range []byte(a) {
		letters[c]++
	}
	for _, c := range []byte(b) {
		letters[c]--
	}
	return letters == [256]int{}
}

func isOperator(word string) bool {
	switch lower(word) {
	case "and", "or":
		return true
	}
	return false
}

func (p *parser) bareProcess(t token) (Expr, error) {
	return Process{ProcessName, MatchWord(t.text)}, nil
}

// bareSet takes a list of names that are all known.
func bareSet[S socket.StateSet | socket.ProtoSet](t token, lookup func(string) (S, bool)) (set S, ok bool) {
	for part := range elements(t) {
		one, ok := lookup(part.text)
		if !ok {
			return 0, false
		}
		set |= one
	}
	return set, true
}

// barePorts takes ":8080", ":http", "8080", "8000-8100" and lists of them.
func barePorts(text string) (ports string, ok bool) {
	if rest, ok := strings.CutPrefix(text, ":"); ok && !strings.Contains(rest, ":") {
		return rest, true
	}
	return text, '0' <= text[0] && text[0] <= '9' && strings.Trim(text, "0123456789,-") == ""
}

// looksLikeHost tells addresses from names of processes. A unix name begins
// with "/" or "@"; other addresses begin with the word for their family or with
// a bracket, have a prefix length, or are numbers with dots or colons; or they
// are the name of a host and a port.
func looksLikeHost(text string) bool {
	if isUnixName(text) || text[0] == '[' && strings.Contains(text, "]:") || text[0] == '*' && len(text) > 1 && text[1] == ':' {
		return true
	}
	if text[0] == '[' && strings.Contains(text, "::") || text == "*" {
		return true
	}
	if before, after, ok := strings.Cut(text, ":"); ok {
		if _, family := lookupFamily(before); family {
			return true
		}
		_, _, err := parsePrefix(text)
		parts, numbers := dottedParts(before)
		return err == nil || numbers && len(parts) == 4 || after != "" && strings.Trim(after, "0123456789,-*") == "" || strings.Contains(after, ":")
	}
	address, _, prefix := strings.Cut(text, "/")
	parts, numbers := dottedParts(address)
	return numbers && (prefix || len(parts) > 1)
}
