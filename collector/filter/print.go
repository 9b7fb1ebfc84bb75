package filter

import (
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// The canonical spelling. It writes every operator, so that what it prints
// reads the same wherever it stands; only what binds weaker than its
// surroundings, or as strong, stands in parentheses.

func (e And) String() string { return join(e, "and", "any") }

func (e Or) String() string { return join(e, "or", "none") }

// join writes members with an operator between them. "or" binds weaker than
// "and", yet members of either kind get their parentheses: without them the
// reader would make one list of two.
func join(members []Expr, operator, empty string) string {
	switch len(members) {
	case 0:
		return empty
	case 1:
		return members[0].String()
	}
	var b strings.Builder
	for i, x := range members {
		if i > 0 {
			b.WriteString(" " + operator + " ")
		}
		if _, and := x.(And); isList(x) && (!and || operator == "and") {
			b.WriteString("(" + x.String() + ")")
		} else {
			b.WriteString(x.String())
		}
	}
	return b.String()
}

func (e Not) String() string {
	if isList(e.X) {
		return "not (" + e.X.String() + ")"
	}
	return "not " + e.X.String()
}

// isList reports whether the spelling of e has an operator in it.
func isList(e Expr) bool {
	switch e := e.(type) {
	case And:
		return len(e) > 1 || len(e) == 1 && isList(e[0])
	case Or:
		return len(e) > 1 || len(e) == 1 && isList(e[0])
	}
	return false
}

func (e States) String() string { return "state " + spellStates(e.Set) }

func (e Protos) String() string { return "proto " + spellProtos(e.Set) }

func (e Family) String() string { return "family " + e.Family.String() }

func (e Port) String() string {
	switch e.Family {
	case socket.FamilyUnspec:
		return portWords[e.End] + " = " + e.Ranges.spell(0, maxPort, spellInt)
	case socket.FamilyPacket:
		return addrWords[e.End] + " = link:" + e.Ranges.spell(0, maxEthertype, spellHex)
	}
	return portWords[e.End] + " = " + familyWord(e.Family) + "::" + e.Ranges.spell(0, maxUint32, spellInt)
}

func (e Addr) String() string {
	address := e.Prefix.Addr().WithZone(e.Zone).String()
	if !e.Prefix.IsSingleIP() {
		address += "/" + strconv.Itoa(e.Prefix.Bits())
	}
	return addrWords[e.End] + " = " + quoteWord(address)
}

func (e Node) String() string {
	number := strconv.FormatUint(uint64(e.Number), 10)
	switch e.Family {
	case socket.FamilyPacket:
		number = "*:" + number
	case socket.FamilyNetlink:
		if name := netlinkProtocol(e.Number); name != "" {
			number = name
		}
	}
	return addrWords[e.End] + " = " + familyWord(e.Family) + ":" + number
}

func (e Name) String() string {
	glob := e.Glob
	if e.Family == socket.FamilyPacket {
		glob = "*:" + glob
	}
	return addrWords[e.End] + " = " + quoteWord(familyWord(e.Family)+":"+glob)
}

func (e Scope) String() string { return scopeWords[e.End] + " " + e.Scope.String() }

func (e Device) String() string { return "dev = " + quoteName(e.Name) }

func (e Mark) String() string {
	value := spellHex(int64(e.Value))
	if e.Mask != 1<<32-1 {
		value += "/" + spellHex(int64(e.Mask))
	}
	return "fwmark = " + value
}

func (e Cgroup) String() string { return "cgroup = " + quoteWord(escapeGlob(e.Path)) }

func (e Autobound) String() string { return "autobound" }

func (e Compare) String() string { return e.Fact.Name + " " + spellCompare(e.Fact.Kind, e.Ranges) }

func (e Text) String() string {
	if e.Fact.Name == "user" && e.Match.Kind == Exact && isUID(e.Match.Pattern) {
		return "user = " + quoteAlways(e.Match.Pattern) // a name, and no number
	}
	return e.Fact.Name + " " + e.Match.spelling()
}

func (e PID) String() string { return "pid = " + e.Ranges.spell(0, maxPID, spellInt) }

func (e Process) String() string { return processWords[e.Text] + " " + e.Match.spelling() }

var (
	portWords    = [...]string{Local: "sport", Remote: "dport", Either: "port"}
	addrWords    = [...]string{Local: "src", Remote: "dst", Either: "addr"}
	scopeWords   = [...]string{Local: "local", Remote: "remote", Either: "scope"}
	processWords = [...]string{
		ProcessName: "process", ProcessCommand: "command", ProcessExe: "exe", ProcessUser: "process-user",
		ProcessContext: "context", ProcessDir: "cwd", ProcessUnit: "unit", ProcessContainer: "container",
	}
)

// quoteWord writes a word so that the reader takes it as one.
func quoteWord(word string) string {
	for i := range len(word) {
		if !plainByte(word[i]) {
			return quoteAlways(word)
		}
	}
	if word == "" {
		return `""`
	}
	return word
}

// quoteName writes a name that is taken as it is even where it looks like a
// number or a pattern.
func quoteName(name string) string {
	if _, ok := number(nil, name); ok {
		return quoteAlways(name)
	}
	return quoteWord(escapeGlob(name))
}

// plainByte reports whether a byte never ends a word or begins something else.
func plainByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte(`-_./:@%+,*?[]^\#`, c) >= 0
}

// quoteAlways writes a word in double quotes. Bytes that are no text are
// written as \x and two digits, so that a spelling is always printable ASCII
// and stands on one line.
func quoteAlways(word string) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, len(word)+2)
	b = append(b, '"')
	for i := range len(word) {
		switch c := word[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
