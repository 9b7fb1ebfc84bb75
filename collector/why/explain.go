package why

import (
	"cmp"
	"net/netip"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// Explain answers for a situation: what the kernel would do, everything that
// has a part in it, and what can be done about that.
func Explain(s Situation) Answer {
	return explain(s, Decide)
}

// decider is Decide, or what stands for it in a test.
type decider func(Bind, *machine.Machine, []*socket.Socket) Decision

// explain is Explain by given rules of the kernel.
func explain(s Situation, decide decider) Answer {
	if s.Machine == nil {
		s.Machine = &machine.Machine{}
	}
	x := explainer{Situation: &s, decide: decide, listening: map[netip.Addr]bool{}}
	x.alikes = alikesOf(s.Sockets)
	x.decision = decide(s.Bind, s.Machine, x.few)
	x.decision.Clashes = x.expand(x.decision.Clashes, s.Sockets)
	a := Answer{Bind: s.Bind, Verdict: x.decision.Verdict, Errno: x.decision.Errno}
	if s.Unseen && a.Verdict == Free {
		a.Verdict = Unclear
	}
	x.verdict = a.Verdict
	for _, l := range s.Sockets {
		if l.State == socket.Listen {
			x.listens(l)
		}
	}

	a.Reasons = append(a.Reasons, x.obstacles()...)
	a.Reasons = append(a.Reasons, x.clashes()...)
	a.Reasons = append(a.Reasons, x.surroundings()...)
	sorting.Stable(a.Reasons, compareReasons)
	if a.Verdict == Refused && rank(x.decision.Obstacle) == 0 {
		// As long as the wish itself is impossible, nobody has to be ended for it.
		for i := range a.Reasons {
			if a.Reasons[i].Socket != nil {
				a.Reasons[i].Remedies = nil
			}
		}
	}
	if x.Away != nil {
		for i := range a.Reasons {
			x.Away.move(a.Reasons[i].Remedies)
		}
	}
	a.Changes = x.changes()
	return a
}

// explainer puts an answer together.
type explainer struct {
	*Situation
	alikes
	decide   decider
	decision Decision
	verdict  Verdict
	// listening are the addresses that a listener has, dual is set where one takes
	// the connections of both families.
	listening map[netip.Addr]bool
	dual      bool
}

// compareReasons orders reasons by their part in the verdict, then by use.
func compareReasons(a, b Reason) int {
	if c := cmp.Compare(weight(a.Blocking), weight(b.Blocking)); c != 0 {
		return c
	}
	return cmp.Compare(rank(a.Rule), rank(b.Rule))
}

func weight(blocking socket.Tri) int {
	switch blocking {
	case socket.Yes:
		return 0
	case socket.Unknown:
		return 1
	}
	return 2
}

// rank tells how early a reason is worth reading among its equals. What makes
// bind fail whoever has the port leads; what lasts is told before what passes
// and before what only follows from it.
func rank(r Rule) int {
	switch r {
	case RuleNoIPv6, RuleNoOption, RuleBadAddress, RuleNoScope, RuleNoDevice, RuleNoAddress:
		return 0
	case RulePrivileged, RuleExcluded:
		return 1
	case RuleListener, RuleGroup, RuleDatagram, RuleKernel:
		return 2
	case RuleBound:
		return 3
	case RuleOutgoing, RuleChild:
		return 4
	case RuleClosing, RuleTimeWait:
		return 5
	case RuleConnected:
		return 6
	case RuleNotAccepted:
		return 7
	case RuleAccidental:
		return 8
	case RuleUnseen:
		return 9
	case RuleForward:
		return 10
	case RuleOtherNetNS:
		return 11
	case RuleNoCollision:
		return 12
	case RuleReserved, RuleEphemeral:
		return 13
	}
	return 14
}
