package netfilter

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// forwards turns what was found into what the model has. A rule that is reached
// in several ways on the same conditions becomes one.
func (w *walker) forwards() []machine.Forward {
	var all []known
	for _, f := range w.found {
		for _, forward := range f.forwards() {
			all = append(all, known{f.rule, forward})
		}
	}
	all = joined(all, func(f *machine.Forward) { f.Incoming, f.Outgoing = false, false },
		func(f, o *machine.Forward) {
			f.Incoming, f.Outgoing = f.Incoming || o.Incoming, f.Outgoing || o.Outgoing
		})
	all = joined(all, func(f *machine.Forward) { f.Family = socket.FamilyUnspec },
		func(f, o *machine.Forward) {
			if f.Family != o.Family {
				f.Family = socket.FamilyUnspec
			}
		})
	out := make([]machine.Forward, len(all))
	for i := range all {
		out[i] = all[i].Forward
	}
	return out
}

// forwards has one for each protocol.
func (f *found) forwards() []machine.Forward {
	where := f.chain.where
	if f.spread != "" {
		where = f.spread
	}
	one := machine.Forward{Source: f.rules.source, Where: where, Comment: f.comment}
	var targets []netip.AddrPort
	for _, t := range append([]target{f.target}, f.others...) {
		if !f.way.of(t.from) || !f.way.of(t.to) {
			continue // of the other family, in the same map
		}
		one.Elsewhere = one.Elsewhere || t.elsewhere || t.unsure
		if len(targets) < choiceLimit {
			targets = append(targets, t.list()...)
		}
	}
	if len(f.others) > 0 { // which comes first means nothing
		sorting.Stable(targets, netip.AddrPort.Compare)
		targets = slices.Compact(targets)
	}
	if len(targets) > 0 && !one.Elsewhere {
		one.Target = targets[0]
	}
	if len(targets) > 1 && !one.Elsewhere {
		one.Targets = targets
	}
	if f.earlier != nil {
		one.Earlier = []*machine.Earlier{f.earlier}
	}
	var out []machine.Forward
	for _, m := range f.matches(f.way) {
		next := one
		next.Proto, next.Family, next.To, next.NotTo, next.Local, next.Ports = m.Proto, m.Family, m.To, m.NotTo, m.Local, m.Ports
		next.Interface, next.NotInterfaces = m.Interface, m.NotInterfaces
		next.Incoming, next.Outgoing, next.Partial = m.Incoming, m.Outgoing, m.Partial
		out = append(out, next)
	}
	return out
}

// known is a forward and the rule it comes from.
type known struct {
	rule *rule
	machine.Forward
}

// joined makes one of those that are the same but for what blur takes away. A
// rule that is reached twice in the same way stays twice: the second time, it has
// what earlier rules have left since.
func joined(list []known, blur func(*machine.Forward), join func(f, other *machine.Forward)) []known {
	type place struct {
		rule  *rule
		text  string
		times int
	}
	seen, times := make(map[place]int, len(list)), make(map[place]int, len(list))
	out := list[:0]
	var text []byte
	for _, k := range list {
		text = appendKey(text[:0], &k.Forward)
		exact := place{rule: k.rule, text: string(text)}
		times[exact]++
		blurred := k.Forward
		blur(&blurred)
		text = appendKey(text[:0], &blurred)
		at := place{k.rule, string(text), times[exact]}
		if i, ok := seen[at]; ok {
			join(&out[i].Forward, &k.Forward)
			out[i].Earlier = append(out[i].Earlier, k.Earlier...)
			continue
		}
		seen[at] = len(out)
		out = append(out, k)
	}
	return out
}

// appendKey writes all that a forward asks for and where it leads, in bytes that
// no other has.
func appendKey(b []byte, f *machine.Forward) []byte {
	b = append(b, byte(f.Proto), byte(f.Family), bit(f.Local), bit(f.Incoming), bit(f.Outgoing), bit(f.Partial), bit(f.Elsewhere))
	for _, list := range [...][]netip.Prefix{f.To, f.NotTo} {
		for _, p := range list {
			b = append(p.AppendTo(b), ' ')
		}
		b = append(b, ';')
	}
	for _, p := range f.Ports {
		b = append(b, byte(p.First>>8), byte(p.First), byte(p.Last>>8), byte(p.Last))
	}
	b = strconv.AppendQuote(append(b, ';'), f.Interface)
	for _, n := range f.NotInterfaces {
		b = strconv.AppendQuote(b, n)
	}
	b = append(f.Target.AppendTo(append(b, ';')), ' ')
	b = strconv.AppendUint(b, uint64(f.Target.Port()), 10)
	for _, t := range f.Targets {
		b = append(t.AppendTo(b), ' ')
		b = strconv.AppendUint(b, uint64(t.Port()), 10)
	}
	return b
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}
