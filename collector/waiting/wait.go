package waiting

import (
	"context"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// Condition is what to wait for.
type Condition uint8

// The conditions.
const (
	Listening Condition = iota // somebody takes what is sent there
	Free                       // a program could bind it
)

// String is the word that the command line has for it.
func (c Condition) String() string { return [...]string{"listening", "free"}[c] }

// Wait is a condition that is to hold for all targets at one time.
type Wait struct {
	Condition Condition
	Targets   []Target
	// Program is how the program binds that wants the ports, but for these and
	// their addresses, which are the targets'. Its user and what else it sets
	// count for Free alone.
	Program why.Bind
	// Details are wanted of what comes, stays or goes. With those about processes,
	// it is said who.
	Details socket.Detail
	// Timeout and Limited are the Loop's.
	Timeout time.Duration
	Limited bool

	Collector collector.Collector
	// Surveyor has the last word on what is Free, and is not asked for anything
	// else.
	Surveyor collector.Surveyor
	// Subscribe opens a subscription to the destroyed sockets of the namespace that
	// the Collector looks into; nil where there is none.
	Subscribe func(socket.ProtoSet, []uint16) (sockdiag.EventConn, error)
}

// Outcome is how it ended.
type Outcome struct {
	Met     bool
	Waited  time.Duration
	Targets []TargetOutcome
	// Report tells what could not be seen.
	Report socket.Report
}

// TargetOutcome is how it stands with one target.
type TargetOutcome struct {
	Target
	Met bool
	// Sockets are those that listen there, or that still are in the way.
	Sockets []*socket.Socket
	// Verdict is that on a bind, where it is to be Free: Taken, by Sockets as far
	// as they show; Refused for Reason, if that is known; or Unclear, where it
	// could not even be tried. Errno is what bind fails with.
	Verdict why.Verdict
	Errno   string
	Reason  *why.Reason
	// Gone are, for a port that has become free, those whose processes were seen
	// last, and Last all that the last look in vain has seen: they may be but
	// the remains of connections.
	Gone, Last []*socket.Socket
}

// Run waits. The error is that of a look, a NeverError, or the context's.
func (w *Wait) Run(ctx context.Context) (Outcome, error) {
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := newLooker(w)
	gone, heard := l.hear(ctx)
	defer heard()
	o := newObserver(l)
	loop := Loop{Look: l.look, InVain: o.inVain, Gone: gone, Timeout: w.Timeout, Limited: w.Limited}
	state, err := loop.Run(ctx)
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{Met: state.Done, Waited: time.Since(began)}
	if outcome.Report, err = o.final(ctx, state.Done); err != nil {
		return Outcome{}, err
	}
	outcome.Targets = o.outcomes()
	outcome.Report.Notices = append(outcome.Report.Notices, l.doubts()...)
	return outcome, nil
}

// doubts says why what may listen does not count.
func (l *looker) doubts() []socket.Notice {
	if len(l.doubted) == 0 {
		return nil
	}
	return []socket.Notice{{
		Code: "v6only-unknown", Count: len(l.doubted),
		Message: "something listens on all IPv6 addresses there, and whether on those of IPv4 as well cannot be seen",
		Hint:    "leave the address out, or ask for one of IPv6",
	}}
}

// hear passes on which sockets are destroyed, until the function that it returns
// is called. Where nobody tells of them, the channel is nil.
func (l *looker) hear(ctx context.Context) (<-chan uint64, func()) {
	if l.Condition != Free || l.Subscribe == nil || l.protos&^eventProtos != 0 {
		return nil, func() {}
	}
	ports := make([]uint16, 0, len(l.Targets))
	wanted := map[uint32]bool{}
	for _, t := range l.Targets {
		if !wanted[uint32(t.Port)] {
			ports = append(ports, t.Port)
		}
		wanted[uint32(t.Port)] = true
	}
	conn, err := l.Subscribe(l.protos, ports)
	if err != nil {
		return nil, func() {} // looking does without
	}
	l.announced = true
	ctx, cancel := context.WithCancel(ctx)
	gone := make(chan uint64, 64)
	go func() {
		defer close(gone)
		events := sockdiag.NewEvents(conn, func(uint32) string { return "" }, 0, sockdiag.TailUnknown)
		// However it ends, the channel says so.
		_ = events.Watch(ctx, func(e sockdiag.Event) error {
			cookie := uint64(0)
			if !e.Lost() {
				if !wanted[e.Socket.Local.Port] {
					return nil
				}
				cookie = e.Socket.Cookie
			}
			select {
			case gone <- cookie:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		_ = events.Close() // it was only read
	}()
	return gone, func() {
		cancel()
		for range gone {
		}
	}
}

// eventProtos are those of whose sockets the kernel tells.
const eventProtos = socket.ProtoSet(1<<socket.TCP | 1<<socket.UDP)
