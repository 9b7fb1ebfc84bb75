package collector

import (
	"context"
	"slices"
	"time"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/probe"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
)

// Surveyor finds out what decides about binding ports. The collector of a
// system is one where that can be found out.
type Surveyor interface {
	// Survey looks at these ports of its network namespace and of all others. An
	// error means that nothing can be said; what could not be seen is among the
	// notices.
	Survey(ctx context.Context, ports []machine.Ports) (*Survey, error)
	// May tells whether a user may bind privileged ports in this namespace.
	May(uid uint32) socket.Tri
	// Try makes a socket, binds it and closes it, and returns the name of the
	// error that bind fails with, "" for none. It fails where that cannot be
	// tried.
	Try(b why.Bind) (errno string, err error)
}

// ErrCannotTry is the error of Try where this program cannot do what another
// could.
var ErrCannotTry = probe.ErrNotPossible

// Survey is what was found.
type Survey struct {
	NetNS              *socket.NetNS // the namespace, nil where it is not known
	Time               time.Time
	Machine            *machine.Machine
	Sockets, Elsewhere []*socket.Socket
	Forwards           []machine.Forward
	Units              []workload.SocketUnit
	Away               *why.Place // nil for the namespace of this program
	Root               bool       // this program is root's
	Unseen             bool
	Notices            []socket.Notice

	here, there map[uint16][]*socket.Socket // by port, once asked for
}

// Situation is the part of the survey that matters for b.
func (s *Survey) Situation(b why.Bind) why.Situation {
	if s.here == nil {
		s.here, s.there = byPort(s.Sockets), byPort(s.Elsewhere)
	}
	return why.Situation{
		Bind: b, Now: s.Time, Sockets: s.here[b.Port], Elsewhere: s.there[b.Port],
		Machine: s.Machine, Forwards: s.Forwards, Units: s.Units, Away: s.Away, Root: s.Root, Unseen: s.Unseen,
	}
}

func byPort(all []*socket.Socket) map[uint16][]*socket.Socket {
	ports := map[uint16][]*socket.Socket{}
	for _, s := range all {
		ports[uint16(s.Local.Port)] = append(ports[uint16(s.Local.Port)], s)
	}
	return ports
}

// surveyed are the details of a socket that an explanation tells or needs.
const surveyed = socket.DetailOwners | socket.DetailCommand | socket.DetailExe | socket.DetailStarted | socket.DetailProcessUser |
	socket.DetailUser | socket.DetailTimer | socket.DetailNetNS |
	socket.DetailDir | socket.DetailParents | socket.DetailWorkload

// incomplete reports whether the tables may have sockets that were not seen, by
// what a collection had to say.
func incomplete(notices []socket.Notice) bool {
	return slices.ContainsFunc(notices, func(n socket.Notice) bool {
		switch n.Code {
		case "table-incomplete", "table-malformed", "table-unreadable", "descriptors-hidden", "descriptors-unreadable":
			return true
		}
		return false
	})
}

// onPorts matches sockets with one of these local ports.
func onPorts(ports []machine.Ports) filter.Expr {
	ranges := make([]filter.Range, len(ports))
	for i, p := range ports {
		ranges[i] = filter.Range{First: int64(p.First), Last: int64(p.Last)}
	}
	return filter.Port{End: filter.Local, Ranges: filter.NewRanges(ranges)}
}
