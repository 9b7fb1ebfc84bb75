package machine

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// wordsLimit is how many elements of a list are told.
const wordsLimit = 4

// String is the rule in a line, such as
// "nftables ip nat PREROUTING: tcp dport 8080 -> 10.0.0.2:80". It holds hostile
// text, as Where is.
func (f *Forward) String() string {
	tool := f.Source
	if tool == "iptables" && f.Family == socket.IPv6 {
		tool = "ip6tables"
	}
	if f.Where != "" {
		tool += " " + f.Where
	}
	return tool + ": " + f.Condition() + " -> " + f.Destination()
}

// Condition is what the rule catches, in words. It holds names of interfaces.
func (f *Forward) Condition() string {
	var words []string
	add := func(w ...string) { words = append(words, w...) }
	if f.Proto != socket.ProtoUnknown {
		add(f.Proto.String())
	} else if f.Family == socket.FamilyUnspec || len(f.To) > 0 {
		add("any")
	} else {
		add(f.Family.String())
	}
	if len(f.To) > 0 {
		add("to", some(f.To, prefixWord))
	} else if f.Local {
		add("to this machine")
	}
	if len(f.NotTo) > 0 {
		add("not to", some(f.NotTo, prefixWord))
	}
	if len(f.Ports) > 0 {
		add("dport", some(f.Ports, Ports.String))
	}
	if f.Interface != "" {
		add("on", f.Interface)
	}
	if len(f.NotInterfaces) > 0 {
		add("not on", some(f.NotInterfaces, strings.Clone))
	}
	if f.Outgoing && !f.Incoming {
		add("from here")
	}
	if f.Partial {
		add("(some)")
	}
	return strings.Join(words, " ")
}

// Destination is where the rule sends it, in words.
func (f *Forward) Destination() string {
	switch {
	case f.Elsewhere && f.Target.Port() != 0:
		return "elsewhere, port " + strconv.Itoa(int(f.Target.Port()))
	case f.Elsewhere:
		return "elsewhere"
	case len(f.Targets) > 0:
		return some(f.Targets, targetWord)
	}
	return targetWord(f.Target)
}

func targetWord(t netip.AddrPort) string {
	switch {
	case !t.Addr().IsValid() && t.Port() == 0:
		return "this machine"
	case !t.Addr().IsValid():
		return "port " + strconv.Itoa(int(t.Port()))
	case t.Port() == 0:
		return t.Addr().String()
	}
	return t.String()
}

// String is the range as rules write it.
func (p Ports) String() string {
	if p.First == p.Last {
		return strconv.Itoa(int(p.First))
	}
	return strconv.Itoa(int(p.First)) + "-" + strconv.Itoa(int(p.Last))
}

func prefixWord(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

func some[T any](list []T, word func(T) string) string {
	var b strings.Builder
	for i, e := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == wordsLimit {
			b.WriteString("…")
			break
		}
		b.WriteString(word(e))
	}
	return b.String()
}
