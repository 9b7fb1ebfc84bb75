package waiting

import (
	"context"
	"slices"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// observer remembers who had a port, to tell of it when they are gone. Processes
// are looked for only when somebody new is there, and never for each of the
// connections of a busy server.
type observer struct {
	*looker
	known map[key]*socket.Socket // with their processes
	// last are, for each target, what the last look in vain has found, and holders
	// those of it, or of a look before, that had a process.
	last, holders [][]*socket.Socket
	asked         bool
	seen          socket.Report // of the look for processes
}

func newObserver(l *looker) *observer {
	n := len(l.Targets)
	return &observer{
		looker: l, known: map[key]*socket.Socket{},
		last: make([][]*socket.Socket, n), holders: make([][]*socket.Socket, n),
	}
}

// inVain is called after each look but the last.
func (o *observer) inVain(ctx context.Context, state *State) error {
	if o.Condition != Free {
		return nil
	}
	if o.Details != 0 && o.curious(state.Sockets) {
		if err := o.identify(ctx); err != nil {
			return err
		}
	}
	o.remember()
	return nil
}

// curious reports whether it is worth a look at all processes.
func (o *observer) curious(sockets []*socket.Socket) bool {
	if !o.asked {
		return true
	}
	nobody := true
	for _, s := range sockets {
		_, known := o.known[keyOf(s)]
		if !known && !fleeting(s) {
			return true
		}
		nobody = nobody && !known
	}
	return nobody && slices.ContainsFunc(sockets, func(s *socket.Socket) bool { return s.Inode != 0 })
}

// identify looks for the processes of all sockets of the ports. What it sees
// decides nothing: by then, the first look is old.
func (o *observer) identify(ctx context.Context) error {
	before := o.report
	rows, err := o.collect(ctx, o.Details)
	o.seen, o.report = o.report, before
	if err != nil {
		return err
	}
	o.asked = true
	clear(o.known)
	for _, s := range rows {
		o.known[keyOf(s)] = s
	}
	return nil
}

// remember keeps what stands in the way of each target.
func (o *observer) remember() {
	for i, found := range o.found {
		o.last[i] = o.named(found)
		var held []*socket.Socket
		for _, s := range o.last[i] {
			if len(s.Processes) > 0 {
				held = append(held, s)
			}
		}
		if len(held) > 0 {
			o.holders[i] = held
		}
	}
}

// named gives rows the processes that are known. What remains of a connection
// has its cookie, and nobody's file any more.
func (o *observer) named(rows []*socket.Socket) []*socket.Socket {
	named := make([]*socket.Socket, len(rows))
	for i, s := range rows {
		named[i] = s
		if known, ok := o.known[keyOf(s)]; ok && known.Inode == s.Inode && (s.Inode != 0 || known.State == s.State) {
			row := *s
			row.Processes, row.NoProcess, row.MoreHolders = known.Processes, known.NoProcess, known.MoreHolders
			row.User, row.NetNS = known.User, known.NetNS
			named[i] = &row
		}
	}
	return named
}

// final names what is there at the end, and tells what could not be seen.
func (o *observer) final(ctx context.Context, done bool) (socket.Report, error) {
	if o.Condition == Free && !done {
		if err := o.conclude(ctx); err != nil {
			return socket.Report{}, err
		}
		for i := range o.standings {
			o.found[i] = o.standings[i].inTheWay()
		}
	}
	there := slices.Concat(o.found...)
	unknown := slices.ContainsFunc(there, func(s *socket.Socket) bool {
		_, ok := o.known[keyOf(s)]
		return !ok
	})
	if o.Details != 0 && unknown {
		if err := o.identify(ctx); err != nil {
			return socket.Report{}, err
		}
	}
	for i := range o.found {
		o.found[i] = o.named(o.found[i])
	}
	if len(there) > 0 && o.asked {
		return o.seen, nil
	}
	return o.report, nil
}

// outcomes are what the observer has to say of each target.
func (o *observer) outcomes() []TargetOutcome {
	all := make([]TargetOutcome, len(o.Targets))
	for i, t := range o.Targets {
		all[i] = TargetOutcome{Target: t, Sockets: o.found[i]}
		if o.Condition == Listening {
			all[i].Met = len(o.found[i]) > 0
			continue
		}
		s := &o.standings[i]
		all[i].Verdict, all[i].Errno, all[i].Reason = s.result(o.decider)
		if all[i].Met = all[i].Verdict == why.Free; all[i].Met {
			all[i].Gone, all[i].Last = o.holders[i], o.departed(i)
		}
	}
	return all
}

// departed are those that were in the way of a target and are not there any more:
// what remains of connections may be of no harm once the listener is closed.
func (o *observer) departed(i int) []*socket.Socket {
	there := map[key]socket.State{}
	for _, s := range o.at[o.Targets[i].place()] {
		there[keyOf(s)] = s.State
	}
	return slices.DeleteFunc(slices.Clone(o.last[i]), func(s *socket.Socket) bool {
		state, ok := there[keyOf(s)]
		return ok && state == s.State
	})
}
