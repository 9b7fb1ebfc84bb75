package watch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// look takes one look, and tells what is new.
func (r *run) look(ctx context.Context) error {
	r.began = time.Now()
	t := r.table
	t.begin()
	var (
		fresh   []*entry
		changed []moved
		rows    socket.Rows
	)
	report, err := r.Source.Look(ctx, func(s *socket.Socket) error {
		e, fate := t.see(s)
		switch {
		case fate == seenTwice, e.closed && (e.final != nil || isRemains(s)):
		case fate == isNew || e.closed: // one without a port is in no table, and may get another
			e.closed = false
			e.socket = rows.Add(s)
			e.state, e.inode = s.State, s.Inode
			fresh = append(fresh, e)
		case fate == hasChanged || r.Rows != nil || !r.steady:
			var now *socket.Socket
			if fate == hasChanged || r.Rows != nil {
				now = rows.Add(s)
			} else {
				r.scratch = *s
				now = &r.scratch
			}
			if e.inode == s.Inode {
				r.inherit(now, e.socket)
			}
			if fate == hasChanged {
				changed = append(changed, moved{e, now, false})
				break
			}
			if r.Rows != nil {
				t.take(e, now)
			}
			if !r.steady {
				r.judgeAgain(e, now, &rows)
			}
		}
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if r.failed++; !r.ready || r.failed > failures {
			return err
		}
		r.notice(socket.Notice{Code: "look-failed", Message: "the sockets could not be looked at: " + err.Error()})
	} else {
		r.failed = 0
	}
	complete := err == nil && r.whole(report.Notices)
	missed := t.end()
	r.note(report.Notices)
	if changed, err = r.identify(ctx, fresh, append(changed, r.handedOver(&rows)...)); err != nil {
		return err
	}
	r.tell(fresh, changed, missed, complete)
	if r.Rows != nil {
		r.Rows(r.began, r.rows())
	}
	return nil
}

// moved is a known socket of which there is something to tell.
type moved struct {
	*entry
	now *socket.Socket
	// handed is set where nothing but its holders may have changed.
	handed bool
}

// asked is how many sockets are asked at a look whether who held them still does.
const asked = 250

// handedOver are those of some sockets, others at each look, that are held by
// others than before: a descriptor was passed on, or a child of a server goes on
// with what its parent has closed.
func (r *run) handedOver(rows *socket.Rows) (moves []moved) {
	if !r.Owners || !r.ready || r.table.full {
		return nil
	}
	order := r.table.order
	for range min(asked, len(order)) {
		r.turn = (r.turn + 1) % len(order)
		e := order[r.turn]
		if e.seen != r.table.look || !e.inView || len(e.socket.Processes) == 0 || r.Source.Held(e.socket) {
			continue
		}
		now := rows.Add(e.socket)
		now.Processes, now.NoProcess, now.MoreHolders = nil, socket.ReasonNone, false
		moves = append(moves, moved{e, now, true})
	}
	return moves
}

// whole reports whether a look has seen the tables whole, by what it had to say.
// Of a table that could not be read in the beginning no row is known that could be
// missed. And where all looks are incomplete for long, that is as good as it gets:
// nothing would ever be closed, and what waits for a complete one would pile up.
func (r *run) whole(notices []socket.Notice) bool {
	whole := true
	for _, n := range notices {
		switch n.Code {
		case "table-unreadable":
			if !r.ready {
				r.unread[n.Message] = true
			}
			whole = whole && r.unread[n.Message]
		case "table-incomplete", "table-malformed":
			whole = false
		}
	}
	if whole {
		r.sound = r.began
	}
	return whole || r.began.Sub(r.sound) > tolerated
}

// inherit gives a row what is remembered of its socket.
func (r *run) inherit(now, before *socket.Socket) {
	if r.Owners && now.State == socket.TimeWait && before.State != socket.TimeWait { // an orphan before
		now.NoProcess = socket.ReasonTimeWait
		return
	}
	now.Processes, now.NoProcess, now.MoreHolders = before.Processes, before.NoProcess, before.MoreHolders
	if now.User == "" {
		now.User = before.User
	}
}

// identify finds the holders of those that are new, or have changed hands. It
// returns changed without those that nobody holds but had only been handed over:
// they are on their way out.
func (r *run) identify(ctx context.Context, fresh []*entry, changed []moved) ([]moved, error) {
	if !r.Owners {
		return changed, nil
	}
	var rows []*socket.Socket
	for _, e := range fresh {
		rows = append(rows, e.socket)
	}
	for _, m := range changed {
		if m.handed || m.inode != m.now.Inode {
			rows = append(rows, m.now)
		}
	}
	if len(rows) == 0 {
		return changed, nil
	}
	report, err := r.Source.Identify(ctx, rows)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		r.notice(socket.Notice{Code: "owners-unavailable", Message: "processes could not be looked at: " + err.Error()})
	}
	r.note(report.Notices)
	return slices.DeleteFunc(changed, func(m moved) bool { return m.handed && len(m.now.Processes) == 0 }), nil
}

// rows are all sockets in view.
func (r *run) rows() []*socket.Socket {
	rows := make([]*socket.Socket, 0, len(r.table.order))
	for _, e := range r.table.order {
		if e.inView && e.place >= 0 {
			rows = append(rows, e.socket)
		}
	}
	return rows
}

func (r *run) note(notices []socket.Notice) {
	for _, n := range notices {
		r.notice(n)
	}
}

// notice passes on what could not be seen, the first of each kind.
func (r *run) notice(n socket.Notice) {
	if !r.noticed[n.Code] && r.Notice != nil {
		r.noticed[n.Code] = true
		r.Notice(n)
	}
}

// undecided notes that there are sockets which the filter cannot judge.
func (r *run) undecided(s *socket.Socket) {
	r.notice(socket.Notice{
		Code:    "filter-undecided",
		Message: fmt.Sprintf("some %s sockets may match and are not shown: what the filter asks for could not be seen of them", s.Proto),
		Hint:    "leave that part out of the filter",
	})
}
