package machine

// Rules are those of a kernel's bind. Which they are is known with the system, not
// found out.
type Rules uint8

// The rules that are known.
const (
	RulesLinux Rules = iota
	RulesWindows
	// RulesBSD are those of 4.4BSD as its heirs keep them, RulesMac the same with what
	// Apple runs on top. RulesOther are of systems whose rules are not known here.
	RulesBSD
	RulesMac
	RulesOther
)

// BSD reports whether the rules are those of 4.4BSD.
func (r Rules) BSD() bool { return r == RulesBSD || r == RulesMac }
