package netfilter

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// IP protocols that have ports (include/uapi/linux/in.h).
const (
	protoTCP     = 6
	protoUDP     = 17
	protoSCTP    = 132
	protoUDPLite = 136
)

// condition is what a connection to this machine has to be for a rule to be
// reached. Its slices are never changed.
type condition struct {
	protos, to, ports spans
	// arrives is the interface, "" for any, or the beginning of its name and an
	// asterisk; not are those it is not.
	arrives string
	not     []string
	local   bool
	// partial is set when there is more to it than could be understood, chance
	// when it decides by lot which of several targets a connection gets.
	partial, chance bool
	// spread is the chain where the lot was drawn.
	spread string
	// narrowed is set when anything was added since the chain began.
	narrowed bool
}

func (c *condition) possible() bool {
	return !c.protos.impossible() && !c.to.impossible() && !c.ports.impossible()
}

// doubt adds a condition that was not understood.
func (c *condition) doubt() { c.partial, c.narrowed = true, true }

func (c *condition) lot(where string) {
	c.chance, c.narrowed = true, true
	if c.spread == "" {
		c.spread = where
	}
}

// narrow adds a condition on one field. It reports whether it can be met.
func (c *condition) narrow(field *spans, s spans) bool {
	was := *field
	*field = was.and(s)
	if !slices.Equal(was, *field) || (was == nil) != (*field == nil) {
		c.narrowed = true
	}
	return !field.impossible()
}

// pattern turns the beginning of a name into what stands for all such names.
func pattern(start string) string { return start + "*" }

// covers tells whether every interface that is meant by name is meant by p, too.
func covers(p, name string) bool {
	if start, ok := strings.CutSuffix(p, "*"); ok {
		return strings.HasPrefix(name, start)
	}
	return p == name
}

// on asks for an interface. It reports whether it can be the one.
func (c *condition) on(name string) bool {
	for _, n := range c.not {
		if covers(n, name) {
			return false
		}
	}
	switch {
	case c.arrives == "" || covers(c.arrives, name):
		c.narrowed = c.narrowed || c.arrives != name
		c.arrives = name
		return true
	case covers(name, c.arrives):
		return true
	}
	return false
}

// notOn asks for another interface.
func (c *condition) notOn(name string) bool {
	if c.arrives != "" {
		if covers(name, c.arrives) {
			return false
		}
		if !covers(c.arrives, name) {
			return true
		}
	}
	if !slices.Contains(c.not, name) {
		c.not = append(slices.Clip(c.not), name)
		c.narrowed = true
	}
	return true
}

// onlyLocal asks for an address of this machine, which is all that there is.
func (c *condition) onlyLocal() {
	if !c.local {
		c.local, c.narrowed = true, true
	}
}

// protocols are those of the condition that have ports. all is set when there
// is no condition on it.
func (c *condition) protocols() (list []socket.Proto, all bool) {
	for _, p := range [...]struct {
		number uint64
		proto  socket.Proto
	}{
		{protoTCP, socket.TCP}, {protoUDP, socket.UDP}, {protoUDPLite, socket.UDPLite}, {protoSCTP, socket.SCTP},
	} {
		if c.protos.has(small(p.number)) {
			list = append(list, p.proto)
		}
	}
	return list, len(list) == 4
}

// shortList is how many prefixes are told without looking whether those that are
// left out are fewer.
const shortList = 2

// addresses are the destinations as prefixes, or those that are left out where
// they are fewer. What is too much to tell is partial.
func (c *condition) addresses(size int, partial bool) (to, not []netip.Prefix, part bool) {
	to, ok := c.to.prefixes(size)
	if ok && len(to) <= shortList {
		return to, nil, partial
	}
	not, okNot := c.to.not(largest(size)).prefixes(size)
	switch {
	case okNot && (!ok || len(not) < len(to)):
		return nil, not, partial
	case ok:
		return to, nil, partial
	}
	return nil, nil, true
}

// matches turns the condition into what the model has: one for each protocol.
func (c *condition) matches(w way) []machine.Match {
	m := machine.Match{
		Family: w.family, Local: c.local, Ports: c.ports.ports(),
		Interface: c.arrives, NotInterfaces: c.not,
		Incoming: !w.here, Outgoing: w.here, Partial: c.partial || c.chance,
	}
	size := w.addressLen()
	if c.to != nil {
		m.To, m.NotTo, m.Partial = c.addresses(size, m.Partial)
	}
	protos, all := c.protocols()
	if all {
		return []machine.Match{m}
	}
	out := make([]machine.Match, 0, len(protos))
	for _, p := range protos {
		m.Proto = p
		out = append(out, m)
	}
	return out
}
