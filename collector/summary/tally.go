package summary

import (
	"cmp"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// Protocols, families and states fit into sets of 32.
const kinds = 32

// Tally counts sockets. It is made by NewTally.
type Tally struct {
	counts   [kinds][kinds]int // by protocol and state
	families [kinds][2]int     // by protocol: IPv4 and IPv6

	ports          *Ports
	held, tcp, udp portSet
	destinations   destinations
	listeners      Listeners
}

// NewTally makes an empty one. Ports are the ephemeral ones, nil where they are
// not known.
func NewTally(ports *Ports) *Tally {
	return &Tally{ports: ports, destinations: destinations{limit: maxDestinations}}
}

// Add counts s, and keeps nothing of it that the caller may change.
func (t *Tally) Add(s *socket.Socket) {
	proto, state := s.Proto, s.State
	if proto >= kinds {
		proto = socket.ProtoUnknown
	}
	switch {
	case state == socket.NewSynRecv: // the same to everyone but the kernel
		state = socket.SynRecv
	case state >= kinds:
		state = socket.StateUnknown
	}
	t.counts[proto][state]++
	switch s.Family {
	case socket.IPv4:
		t.families[proto][0]++
	case socket.IPv6:
		t.families[proto][1]++
	}
	switch proto {
	case socket.TCP:
		t.addTCP(s)
	case socket.UDP:
		if t.ephemeral(s.Local.Port) {
			t.udp.add(uint16(s.Local.Port))
		}
	}
	if state == socket.Listen {
		t.addListener(s)
	}
}

// addTCP counts the port. An MPTCP socket is not counted: its subflows are, as
// the TCP sockets that they are.
func (t *Tally) addTCP(s *socket.Socket) {
	if !t.ephemeral(s.Local.Port) {
		return
	}
	port := uint16(s.Local.Port)
	t.tcp.add(port)
	switch s.State {
	case socket.Listen, socket.Bound:
		t.held.add(port)
	default:
		if s.Remote.Port != 0 {
			t.destinations.add(s)
		}
	}
}

// ephemeral reports whether the kernel chooses such ports.
func (t *Tally) ephemeral(port uint32) bool {
	if port == 0 || port > 0xffff {
		return false
	}
	return t.ports == nil || t.ports.usable.has(uint16(port))
}

// addListener looks at the accept queue. A row of /proc/net, which has no
// cookie, tells how many wait and shows 0 for the backlog.
func (t *Tally) addListener(s *socket.Socket) {
	l := &t.listeners
	l.Total++
	switch {
	case s.Cookie == 0 && s.SendQ == 0:
		l.Unknown++
		return
	case Full(s):
		l.Full++
	case nearlyFull(s):
		l.NearlyFull++
	default:
		return
	}
	if n := len(l.Worst); n == worstListeners && compareListeners(s, l.Worst[n-1]) >= 0 {
		return
	}
	kept := *s
	kept.Details = nil // which the caller reuses
	l.Worst = insert(l.Worst, worstListeners, &kept, compareListeners)
}

// compareListeners puts the fullest first.
func compareListeners(a, b *socket.Socket) int {
	// Waiting by room, compared without dividing.
	room := cmp.Compare(uint64(b.RecvQ)*(uint64(a.SendQ)+1), uint64(a.RecvQ)*(uint64(b.SendQ)+1))
	return cmp.Or(room, cmp.Compare(b.RecvQ, a.RecvQ), socket.Compare(a, b))
}

// Result is the account of all that was added.
func (t *Tally) Result() Result {
	var r Result
	for _, proto := range append(socket.Protos(), socket.ProtoUnknown) {
		p := ProtoCount{Proto: proto, IPv4: t.families[proto][0], IPv6: t.families[proto][1]}
		for _, state := range allStates() {
			if n := t.counts[proto][state]; n > 0 {
				p.States = append(p.States, StateCount{state, n})
				p.Total += n
			}
		}
		if p.Total > 0 {
			r.Protos = append(r.Protos, p)
			r.Total += p.Total
		}
		if proto == socket.TCP {
			r.TCP, r.TimeWait = p.Total, p.Count(socket.TimeWait)
		}
	}
	for _, state := range allStates() {
		s := StateCount{State: state}
		for i := range r.Protos {
			s.Total += r.Protos[i].Count(state)
		}
		if s.Total > 0 {
			r.States = append(r.States, s)
		}
	}
	r.Ephemeral = Ephemeral{
		Held: t.held.size(), TCP: t.tcp.size(), UDP: t.udp.size(),
		Worst: t.destinations.worst(worstDestinations), Forgotten: int(t.destinations.floor),
	}
	if t.ports != nil {
		r.Ephemeral.Known = true
		r.Ephemeral.First, r.Ephemeral.Last = t.ports.First, t.ports.Last
		r.Ephemeral.Size = t.ports.Size()
	} else {
		// Connections that listeners have accepted are among them, each a
		// destination of its own.
		r.Ephemeral.Worst = slices.DeleteFunc(r.Ephemeral.Worst, func(d Destination) bool { return d.Used < 2 })
	}
	r.Listeners = t.listeners
	return r
}

func allStates() []socket.State { return append(socket.States(), socket.StateUnknown) }
