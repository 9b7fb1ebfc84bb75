package why

import (
	"cmp"
	"encoding/binary"
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// group is what is told in one breath: the clashes of one rule that relate to
// the wish in the same way and belong to the same processes.
type group struct {
	rule     Rule
	overlap  Overlap
	blocking socket.Tri
	shares   Sharing
	sockets  []*socket.Socket
}

// groupKey is what the clashes of a group have in common.
type groupKey struct {
	rule     Rule
	overlap  Overlap
	blocking socket.Tri
	shares   Sharing
	addr     netip.Addr
	device   string
	owners   string
}

// clashes are the reasons that are sockets of the wanted protocol.
func (x *explainer) clashes() []Reason {
	groups := x.groups()
	reasons := make([]Reason, 0, len(groups))
	for _, g := range groups {
		reasons = append(reasons, x.socketReason(g))
		if g.rule == RuleGroup || g.rule == RuleDatagram {
			if r, ok := x.accident(g); ok {
				reasons = append(reasons, r)
			}
		}
	}
	return reasons
}

// groups sorts the clashes into groups, in the order in which they come.
func (x *explainer) groups() []*group {
	var (
		all   []*group
		index = make(map[groupKey]*group)
	)
	for i := range x.decision.Clashes {
		c := &x.decision.Clashes[i]
		key := groupKey{
			rule: x.cause(c.Socket), overlap: c.Overlap, blocking: c.Blocking, shares: c.Shares,
		}
		cause := key.rule
		if apart(c.Overlap) || c.Shares == SharesBeside {
			key.rule = RuleNoCollision
		}
		switch {
		case cause == RuleGroup, cause == RuleDatagram && reuseAddr(c.Socket) == socket.Yes:
			// These share one address, whoever they belong to.
			key.addr, key.device = c.Socket.Local.Addr, c.Socket.Device
		case cause == RuleTimeWait || cause == RuleClosing || cause == RuleNotAccepted,
			key.rule == RuleNoCollision && !receives(c.Socket):
			// Nobody in particular is to be told of.
		default:
			key.owners = owners(c.Socket)
		}
		g := index[key]
		if g == nil {
			g = &group{rule: key.rule, overlap: c.Overlap, blocking: c.Blocking, shares: c.Shares}
			index[key] = g
			all = append(all, g)
		}
		g.sockets = append(g.sockets, c.Socket)
	}
	for _, g := range all {
		g.lastFirst()
	}
	return all
}

// lastFirst puts the socket that stays the longest in front of those that go by
// themselves: when it is gone, all are.
func (g *group) lastFirst() {
	if g.rule != RuleTimeWait && g.rule != RuleClosing {
		return
	}
	sorting.Stable(g.sockets, func(a, b *socket.Socket) int {
		return cmp.Compare(left(b), left(a))
	})
}

// socketReason makes the reason of a group.
func (x *explainer) socketReason(g *group) Reason {
	r := Reason{
		Rule: g.rule, Overlap: g.overlap, Blocking: g.blocking,
		Socket: g.sockets[0], Others: g.sockets[1:],
	}
	if g.rule == RuleKernel {
		r.Kernel = x.kernelPort(r.Socket.Proto, uint16(r.Socket.Local.Port))
		if x.windows() {
			r.HTTP = x.httpQueues(r.Socket)
		}
	}
	r.Unit = x.socketUnit(r.Socket)
	r.Text = x.socketText(g, &r)
	r.Remedies = x.socketRemedies(g, &r)
	return r
}

func apart(o Overlap) bool {
	switch o {
	case ApartAddress, ApartDevice, ApartV6Only, ApartVRF:
		return true
	}
	return false
}

// receives reports whether a stranger can reach the socket, or will when it has
// been told to listen: it is what people mean by a taken port.
func receives(s *socket.Socket) bool {
	switch s.State {
	case socket.Listen, socket.Bound, socket.Close, socket.Unconn:
		return true
	}
	return false
}

// owners is the same for sockets of the same processes.
func owners(s *socket.Socket) string {
	if len(s.Processes) == 0 {
		return s.NoProcess.String()
	}
	key := make([]byte, 0, 8*len(s.Processes))
	for i := range s.Processes {
		if pid := s.Processes[i].Process.PID; i == 0 || pid != s.Processes[i-1].Process.PID {
			key = binary.AppendVarint(key, int64(pid))
		}
	}
	return string(key)
}
