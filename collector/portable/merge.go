package portable

import (
	"cmp"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// joined is a socket with all its holders.
type joined struct {
	Row
	held []Row
	// unsure is set where holders were given to each of several sockets that
	// nothing tells apart.
	unsure bool
	// partial is set where the holder is known by hearsay: there may be others.
	partial bool
}

// merge makes one list of sockets of a table of them and a list of holders. They
// meet by their four-tuples. A table knows how many sockets there are; where it
// does not have a holder's, which was opened since or belongs to no table that
// could be read, the holder's row is one.
func merge(rows, holders []Row) []joined {
	all := make([]joined, 0, max(len(rows), len(holders)))
	byTuple := make(map[tuple][]int, len(rows))
	for i := range rows {
		j := joined{Row: rows[i]}
		if j.PID > 0 {
			j.held = []Row{rows[i]}
		}
		t := rows[i].tuple()
		byTuple[t] = append(byTuple[t], len(all))
		all = append(all, j)
	}
	for _, g := range groups(holders) {
		all = g.join(all, byTuple[g.tuple])
	}
	for i := range all {
		all[i].settle()
	}
	return all
}

// group are the holders of sockets with one four-tuple.
type group struct {
	tuple
	objects [][]Row // each with its holders
	// loose are holders of whose sockets nothing is known but the four-tuple.
	loose []Row
}

// groups keeps the order in which the four-tuples come.
func groups(holders []Row) []*group {
	var all []*group
	byTuple := map[tuple]*group{}
	type object struct {
		tuple
		name string
	}
	byObject := map[object]int{}
	for _, h := range holders {
		t := h.tuple()
		g := byTuple[t]
		if g == nil {
			g = &group{tuple: t}
			byTuple[t] = g
			all = append(all, g)
		}
		if h.Object == "" {
			g.loose = append(g.loose, h)
			continue
		}
		o := object{t, h.Object}
		at, ok := byObject[o]
		if !ok {
			at = len(g.objects)
			byObject[o] = at
			g.objects = append(g.objects, nil)
		}
		g.objects[at] = append(g.objects[at], h)
	}
	return all
}

// join gives the holders of a group to the sockets of its four-tuple, of which at
// are the indices in all, and adds sockets that are not among them.
func (g *group) join(all []joined, at []int) []joined {
	free := slices.Clone(at)
	for _, object := range g.objects {
		i := slices.IndexFunc(free, func(i int) bool { return all[i].hasHolder(object) })
		if i < 0 && len(free) > 0 {
			i = 0
		}
		if i < 0 {
			all = append(all, joined{Row: object[0], held: object})
			continue
		}
		all[free[i]].hold(object)
		free = slices.Delete(free, i, i+1)
	}
	switch {
	case len(g.loose) == 0:
	case len(at) == 0 && len(g.objects) == 0:
		// No table tells how many sockets it is. A connection is one; of others the
		// rows of one process that have different descriptors may be several.
		all = append(all, joined{Row: g.loose[0], held: g.loose, unsure: g.remote.Port() == 0 && len(g.loose) > 1})
	case len(free) == len(g.loose):
		for i, h := range g.loose {
			all[free[i]].hold([]Row{h})
		}
	default:
		if len(free) == 0 {
			free = at
		}
		for _, i := range free {
			all[i].hold(g.loose)
			all[i].unsure = len(free) > 1
		}
	}
	return all
}

func (j *joined) hasHolder(held []Row) bool {
	return j.PID > 0 && slices.ContainsFunc(held, func(h Row) bool { return h.PID == j.PID })
}

// hold gives a socket of a table what a list of holders knows of it. The family
// is the holder's: to a table a connection of IPv4 is one, whatever socket it has.
func (j *joined) hold(held []Row) {
	if j.PID > 0 && (j.Hearsay || j.hasHolder(held)) {
		j.held = nil // they are more exact
	}
	j.held = append(j.held, held...)
	j.Hearsay = false
	h := &held[0]
	if h.Family == socket.IPv6 && j.Family == socket.IPv4 {
		j.Family, j.Local, j.Remote = h.Family, h.Local, h.Remote
	}
	if j.State == socket.StateUnknown {
		j.State = h.State
	}
	if !j.HasQueues && h.HasQueues {
		j.RecvQ, j.SendQ, j.HasQueues = h.RecvQ, h.SendQ, true
	}
	if j.Dual == socket.Unknown {
		j.Dual = h.Dual
	}
}

// settle orders the holders, and leaves out those that were told of twice. Who has
// used a connection last that is over does not hold it.
func (j *joined) settle() {
	if j.Hearsay {
		switch j.State {
		case socket.TimeWait, socket.FinWait1, socket.FinWait2, socket.Closing, socket.LastAck:
			j.held = nil
		default:
			j.partial = true
		}
	}
	slices.SortStableFunc(j.held, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.FD, b.FD))
	})
	j.held = slices.CompactFunc(j.held, func(a, b Row) bool { return a.PID == b.PID && a.FD == b.FD })
}
