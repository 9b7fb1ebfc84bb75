package portable

import (
	"context"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// identify gives the sockets their processes, of which rows name the pids, and a
// reason to those without.
func (k *collection) identify(ctx context.Context, rows []joined) error {
	var pids []int32
	nameless := false
	for i := range rows {
		for _, h := range rows[i].held {
			pids = append(pids, h.PID)
			nameless = nameless || h.Name == ""
		}
	}
	slices.Sort(pids)
	pids = slices.Compact(pids)
	var found map[int32]*known
	asked := nameless || k.query.Details.Has(processDetails)
	if asked {
		var err error
		if found, err = k.facts.look(ctx, pids, k.query.Details); err != nil {
			return err
		}
	}
	processes := map[int32]*socket.Process{}
	above := map[int32]*known{}
	for i, s := range k.sockets {
		for _, h := range rows[i].held {
			p := processes[h.PID]
			if p == nil {
				p = k.process(ctx, &h, found[h.PID], above)
				processes[h.PID] = p
			}
			if _, there := found[h.PID]; asked && !there && !k.gone[h.PID] {
				k.vanished(h.PID)
			}
			s.Processes = append(s.Processes, socket.Holder{Process: p, FD: int(h.FD)})
		}
		s.MoreHolders = rows[i].unsure || rows[i].partial
		if !s.HasUID && s.User == "" && len(rows[i].held) > 0 {
			h := &rows[i].held[0]
			s.UID, s.HasUID, s.User = h.UID, h.HasUID, h.User
			k.completed(s)
		}
		if len(s.Processes) == 0 {
			s.NoProcess = k.reason(s)
		}
	}
	for _, f := range found {
		if f.facts.Denied || f.err != nil {
			k.denied++
		}
	}
	return ctx.Err()
}

// process is what is known of the holder of a row.
func (k *collection) process(ctx context.Context, h *Row, f *known, above map[int32]*known) *socket.Process {
	p := f.process(h.PID, h.Name)
	if f != nil && f.err == nil && k.query.Details.Has(socket.DetailParents) {
		p.Parents = k.facts.ancestors(ctx, f, above)
	}
	if !p.HasUID && p.User == "" {
		p.UID, p.HasUID, p.User = h.UID, h.HasUID, h.User
	}
	if p.HasUID && p.User == "" && k.query.Details.Has(socket.DetailProcessUser|socket.DetailUser) {
		p.User = k.userName(p.UID)
	}
	return p
}

// reason tells why a socket has no process.
func (k *collection) reason(s *socket.Socket) socket.Reason {
	switch {
	case s.State == socket.TimeWait:
		return socket.ReasonTimeWait
	case k.system.hidesOwners && !k.root:
		return socket.ReasonHidden
	}
	switch s.State {
	case socket.FinWait1, socket.FinWait2, socket.Closing, socket.LastAck:
		return socket.ReasonOrphan
	case socket.SynRecv:
		return socket.ReasonNotAccepted
	}
	return socket.ReasonUnknown
}

// FindHolders gives rows of the same system, which were collected without
// holders, their Processes or NoProcess, by one more look at the tables. A row
// whose socket is gone has ReasonUnknown.
func (c *Collector) FindHolders(ctx context.Context, q Query, rows []*socket.Socket) (socket.Report, error) {
	q.Filter, q.States = nil, socket.AllStates
	q.Details |= socket.DetailOwners
	k, err := c.collect(ctx, q)
	if err != nil {
		return socket.Report{}, err
	}
	byTuple := map[tuple][]*socket.Socket{}
	for _, s := range k.sockets {
		t := tupleOf(s)
		byTuple[t] = append(byTuple[t], s)
	}
	for _, s := range rows {
		t := tupleOf(s)
		alike := byTuple[t]
		if len(alike) == 0 {
			s.NoProcess = socket.ReasonUnknown
			continue
		}
		is := alike[0]
		if len(alike) > 1 { // each of those that nothing tells apart is given once
			byTuple[t] = alike[1:]
		}
		s.Processes, s.NoProcess, s.MoreHolders = is.Processes, is.NoProcess, is.MoreHolders
		if !s.HasUID && is.HasUID {
			s.UID, s.HasUID = is.UID, true
		}
		if s.User == "" {
			s.User = is.User
		}
	}
	return k.report(), nil
}

func tupleOf(s *socket.Socket) tuple { return tuple{s.Proto, plain(s.Local), plain(s.Remote)} }
