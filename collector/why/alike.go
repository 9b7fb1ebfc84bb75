package why

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// likeness is all of a socket that Decide looks at.
type likeness struct {
	proto                      socket.Proto
	family                     socket.Family
	state                      socket.State
	addr                       netip.Addr
	port                       uint32
	device                     string
	file, cookie, owned        bool
	uid                        uint32
	v6only                     socket.Tri
	reuseAddr, reusePort, auto socket.Tri
	timer                      socket.TimerKind
	timed                      bool
}

func likenessOf(s *socket.Socket) likeness {
	l := likeness{
		proto: s.Proto, family: s.Family, state: s.State, addr: s.Local.Addr, port: s.Local.Port, device: s.Device,
		file: s.Inode != 0, cookie: s.Cookie != 0, owned: s.HasUID, uid: s.UID, v6only: s.V6Only,
		reuseAddr: reuseAddr(s), reusePort: reusePort(s), auto: autobound(s),
	}
	if d := s.Details; d != nil {
		if d.Timer != nil {
			l.timer, l.timed = d.Timer.Kind, true
		}
	}
	return l
}

// alikes are a few sockets that stand for many: a server has a hundred thousand
// connections that differ in nothing but their peers, and what two of them do to
// a newcomer, and to each other, all of them do.
type alikes struct {
	few []*socket.Socket
	// stands tells which of the few stands for a socket.
	stands map[likeness]*socket.Socket
}

func alikesOf(all []*socket.Socket) alikes {
	a := alikes{stands: make(map[likeness]*socket.Socket)}
	two := make(map[likeness]bool)
	for _, s := range all {
		l := likenessOf(s)
		switch _, one := a.stands[l]; {
		case !one:
			a.stands[l] = s
		case two[l]:
			continue
		default:
			two[l] = true
		}
		a.few = append(a.few, s)
	}
	return a
}

// expand gives each of all the clash of the one that stands for it.
func (a *alikes) expand(few []Clash, all []*socket.Socket) []Clash {
	if len(a.few) == len(all) {
		return few
	}
	known := make(map[*socket.Socket]*Clash, len(few))
	for i := range few {
		known[few[i].Socket] = &few[i]
	}
	clashes := make([]Clash, 0, len(all))
	for _, s := range all {
		if c := known[a.stands[likenessOf(s)]]; c != nil {
			clash := *c
			clash.Socket = s
			clashes = append(clashes, clash)
		}
	}
	return clashes
}
