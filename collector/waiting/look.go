package waiting

import (
	"context"
	"hash/fnv"
	"slices"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// holdingStates are those in which a socket has its port. SYN_RECV is a request
// that a listener remembers, or one of the few with a file, which count.
const holdingStates = socket.AllStates &^ (1 << socket.Close)

// looker asks for the sockets of all targets at once.
type looker struct {
	*Wait
	protos socket.ProtoSet
	filter filter.Expr
	// found are the sockets of the last look that each target's answer hangs on,
	// doubted those that would make it true if they served IPv4.
	found   [][]*socket.Socket
	doubted []*socket.Socket
	report  socket.Report
	// decider has the last word on free ports.
	*decider
	// announced is set where events tell of the end of each socket of the targets.
	announced bool
}

func newLooker(w *Wait) *looker {
	l := &looker{Wait: w, found: make([][]*socket.Socket, len(w.Targets))}
	var ranges filter.Ranges
	ports := make([]int, 0, len(w.Targets))
	for _, t := range w.Targets {
		l.protos |= socket.ProtoSetOf(t.Proto)
		ports = append(ports, int(t.Port))
	}
	slices.Sort(ports)
	for _, number := range slices.Compact(ports) {
		port := int64(number)
		if n := len(ranges); n > 0 && ranges[n-1].Last == port-1 {
			ranges[n-1].Last = port
			continue
		}
		ranges = append(ranges, filter.Range{First: port, Last: port})
	}
	l.decider = newDecider(w, ranges)
	l.filter = filter.Port{End: filter.Local, Ranges: ranges}
	return l
}

// query asks for no more than the answer needs: for listeners alone, the kernel
// does not walk its connections.
func (l *looker) query() collector.Query {
	q := collector.Query{
		Protos: l.protos, Named: l.protos, IPv4: true, IPv6: true,
		States: holdingStates, Details: socket.DetailTimer, Filter: l.filter,
	}
	if l.Condition == Listening {
		q.States, q.Details = socket.ListeningStates, 0
	}
	return q
}

// collect gathers the sockets that have the ports of the targets.
func (l *looker) collect(ctx context.Context, details socket.Detail) (rows []*socket.Socket, err error) {
	q := l.query()
	q.Details |= details
	l.report, err = collector.Gather(ctx, l.Collector, q, func(s *socket.Socket) { rows = append(rows, s) })
	return rows, err
}

// look is the Look of the loop.
func (l *looker) look(ctx context.Context) (State, error) {
	rows, err := l.collect(ctx, 0)
	if err != nil {
		return State{}, err
	}
	if l.Condition == Free {
		return l.lookFree(ctx, rows)
	}
	return l.lookListening(rows), nil
}

// place is where the sockets of a target are.
type place struct {
	proto socket.Proto
	port  uint32
}

func byPlace(rows []*socket.Socket) map[place][]*socket.Socket {
	at := map[place][]*socket.Socket{}
	for _, s := range rows {
		p := place{s.Proto, s.Local.Port}
		at[p] = append(at[p], s)
	}
	return at
}

func (t *Target) place() place { return place{t.Proto, uint32(t.Port)} }

// lookListening makes a State of all listeners on the ports.
func (l *looker) lookListening(rows []*socket.Socket) State {
	state := State{Done: true, Fingerprint: fingerprint(rows)}
	l.doubted = nil
	at := byPlace(rows)
	for i := range l.Targets {
		t := &l.Targets[i]
		l.found[i] = l.listeners(t, at[t.place()])
		state.Done = state.Done && len(l.found[i]) > 0
		state.Sockets = append(state.Sockets, l.found[i]...)
	}
	return state
}

func (l *looker) listeners(t *Target, rows []*socket.Socket) (all []*socket.Socket) {
	for _, s := range rows {
		switch t.Listens(s) {
		case socket.Yes:
			all = append(all, s)
		case socket.Unknown:
			l.doubted = append(l.doubted, s)
		}
	}
	return all
}

// lookFree makes a State of all sockets that have the ports. As long as one of
// them certainly is in the way, nothing else is asked.
func (l *looker) lookFree(ctx context.Context, rows []*socket.Socket) (State, error) {
	certain := l.weigh(rows)
	if !certain && l.stale() {
		err := l.inspect(ctx)
		if err == nil {
			rows, err = l.collect(ctx, 0) // what has come meanwhile counts
		}
		if err != nil {
			return State{}, err
		}
		certain = l.weigh(rows)
	}
	state := State{Fingerprint: fingerprint(rows)}
	var err error
	if !certain {
		state.Done, err = l.settle()
	}
	if err == nil && !state.Done {
		err = l.foresee(ctx)
	}
	if err != nil {
		return state, err
	}
	for i := range l.standings {
		s := &l.standings[i]
		l.found[i] = s.inTheWay()
		if !certain || len(s.certain) > 0 {
			state.Sockets = append(state.Sockets, l.found[i]...)
		}
	}
	due, all, overdue := ends(state.Sockets)
	if all {
		state.Due = due
	}
	// Of an address that comes nobody tells, nor which of many it was.
	state.Told = certain && l.announced && !overdue
	return state, nil
}

// ends tells when the last of the sockets ends by itself, if all do, and whether
// one should have. The kernel's timers may go off late, by an eighth of their
// time (kernel/time/timer.c).
func ends(sockets []*socket.Socket) (due time.Duration, all, overdue bool) {
	all = true
	for _, s := range sockets {
		if s.Details == nil || s.Details.Timer == nil || s.Details.Timer.Kind != socket.TimerTimeWait {
			all = false
			continue
		}
		left := time.Duration(s.Details.Timer.Expires) * time.Millisecond
		overdue = overdue || left == 0
		due = max(due, left)
	}
	return due, all, overdue
}

// fingerprint is a number made of what the sockets are, whatever their order.
func fingerprint(rows []*socket.Socket) uint64 {
	var sum uint64
	for _, s := range rows {
		h := fnv.New64a()
		k := keyOf(s)
		b := append([]byte{byte(s.Proto), byte(s.State)}, k.local.Addr.String()...)
		b = append(b, k.remote.Addr.String()...)
		for _, n := range [...]uint64{k.cookie, k.inode, uint64(k.local.Port), uint64(k.remote.Port)} {
			for shift := 0; shift < 64; shift += 8 {
				b = append(b, byte(n>>shift))
			}
		}
		_, _ = h.Write(b) // never fails
		sum += h.Sum64()
	}
	return sum
}

// key tells sockets apart from one look to the next. Tables without cookies do
// it by the rest.
type key struct {
	cookie, inode uint64
	local, remote socket.Endpoint
}

func keyOf(s *socket.Socket) key {
	if s.Cookie != 0 {
		return key{cookie: s.Cookie}
	}
	return key{inode: s.Inode, local: s.Local, remote: s.Remote}
}
