package collector

import (
	"context"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/netfilter"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/probe"
	"github.com/sockls/sockls/collector/rtnetlink"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
)

// Survey implements Surveyor.
func (l *linux) Survey(ctx context.Context, ports []machine.Ports) (*Survey, error) {
	s := &Survey{Time: time.Now(), Away: entrance(l.away), Root: os.Geteuid() == 0}
	q := Query{
		Protos: socket.ProtoSetOf(socket.TCP, socket.UDP, socket.UDPLite),
		IPv4:   true, IPv6: true, States: socket.AllStates, Details: surveyed, Filter: onPorts(ports),
	}
	report, err := Gather(ctx, l, q, func(row *socket.Socket) { s.Sockets = append(s.Sockets, row) })
	if err != nil {
		return nil, err
	}
	s.Notices = report.Notices
	for i := range s.Notices {
		if hasVanished(s.Notices[i]) {
			s.Notices[i].Hint = ""
		}
	}
	s.Unseen = incomplete(report.Notices)
	l.askOptions(s)
	l.doubtOwn(s)
	if err := l.chosen(ctx, s); err != nil {
		return nil, err
	}
	if err := l.surroundings(s); err != nil {
		return nil, err
	}
	if err := l.others(ctx, q, s); err != nil {
		return nil, err
	}
	l.units(s)
	l.published(s)
	return s, nil
}

// entrance is how a namespace is named and entered, nil for that of this program.
func entrance(ns *netns.Namespace) *why.Place {
	if ns == nil {
		return nil
	}
	p := &why.Place{Spec: ns.Name}
	if p.Spec == "" && ns.PID != 0 && ns.TID == 0 {
		p.Spec = strconv.Itoa(ns.PID)
	}
	if p.Spec == "" {
		p.Spec = strconv.FormatUint(ns.Inode, 10)
	}
	if len(ns.Paths) > 0 {
		p.Path = ns.Paths[0]
	}
	return p
}

// hasVanished is about listeners that have closed meanwhile: who starts and fails again
// and again is seen in no other way. The hint is for listings.
func hasVanished(n socket.Notice) bool { return n.Code == "listeners-vanished" }

// surroundings reads what is there beside the sockets.
func (l *linux) surroundings(s *Survey) error {
	return l.within(func() error {
		if ns, err := netns.Current(l.proc.Dir()); err == nil { // there was a notice if not
			s.NetNS = &ns
		}
		var facts, rules []socket.Notice
		s.Machine, facts = rtnetlink.Read(l.proc)
		s.Forwards, rules = netfilter.Read(l.proc.Dir())
		s.Notices = slices.Concat(s.Notices, facts, rules)
		return nil
	})
}

// others looks for the same ports in the other network namespaces. Connections
// there are nobody's obstacle here, and to find them the kernel would walk all
// there are, once for each namespace: only what listens is told of.
func (l *linux) others(ctx context.Context, q Query, s *Survey) error {
	q.States = socket.ListeningStates
	elsewhere, notices, err := Elsewhere(ctx, Options{Proc: l.proc, Dial: l.dial, NetNS: l.away}, q)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		notices = append(notices, socket.Notice{
			Code: "namespaces-unseen", Message: "other network namespaces were not looked into: " + err.Error(),
		})
	}
	s.Elsewhere = elsewhere
	s.Notices = append(s.Notices, slices.DeleteFunc(notices, hasVanished)...)
	return nil
}

// units reads the socket units where a service manager holds one of the sockets.
func (l *linux) units(s *Survey) {
	if !heldByManager(s.Sockets) && !heldByManager(s.Elsewhere) {
		return
	}
	var err error
	if s.Units, err = workload.SocketUnits(""); err != nil {
		s.Notices = append(s.Notices, socket.Notice{
			Code: "units-unreadable", Message: "not all socket units could be read: " + err.Error(),
		})
	}
}

// heldByManager reports whether a service manager holds one of the sockets.
func heldByManager(sockets []*socket.Socket) bool {
	return slices.ContainsFunc(sockets, func(s *socket.Socket) bool {
		return slices.ContainsFunc(s.Processes, func(h socket.Holder) bool { return why.Manager(h.Process) })
	})
}

// May implements Surveyor.
func (l *linux) May(uid uint32) (may socket.Tri) {
	_ = l.within(func() error { // what cannot be entered stays unknown
		may = rtnetlink.Privileged(l.proc, uid)
		return nil
	})
	return may
}

// Try implements Surveyor.
func (l *linux) Try(b why.Bind) (errno string, err error) {
	err = l.within(func() error {
		errno, err = probe.Bind(b)
		return err
	})
	return errno, err
}

// within runs a function in the namespace that l looks into.
func (l *linux) within(f func() error) error {
	there, leave, err := l.inside()
	if err != nil {
		return err
	}
	defer leave()
	return there.proc.Inside(f)
}
