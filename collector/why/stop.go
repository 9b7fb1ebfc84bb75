package why

import (
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/workload"
)

// Stop tells how p, a holder of s, is stopped by what has started it, in place of
// being ended. It is not ok where nothing is known that would start it again.
func Stop(s *socket.Socket, p *socket.Process, units []workload.SocketUnit) (r Remedy, ok bool) {
	x := explainer{Situation: &Situation{
		Bind: Bind{Proto: s.Proto, Addr: s.Local.Addr, Port: uint16(s.Local.Port)}, Units: units,
	}}
	w := p.Workload
	unit := x.socketUnit(s)
	switch {
	case unit != nil && (Manager(p) || w != nil && w.Unit == unit.Service):
		return x.activationRemedy(unit, processes([]*socket.Socket{s})), true
	case w != nil && w.Proxy != nil:
		return x.proxyRemedy(w.Proxy), true
	case w != nil && w.Container != nil:
		return containerRemedy(w.Container), true
	case Manager(p):
		return managerRemedy(p), true
	case w != nil && strings.HasSuffix(w.Unit, ".service"):
		return serviceRemedy(w), true
	}
	return Remedy{}, false
}

// Manager reports whether a process is a service manager, the system's or that of
// a user, which holds sockets for the services it starts.
func Manager(p *socket.Process) bool {
	return p.PID == 1 || p.Name == "systemd" && p.Workload != nil && p.Workload.Unit == "init.scope"
}
