package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// Watch looks at a machine again and again, and listens meanwhile.
type Watch struct {
	Source Source
	View   View
	// Owners tells that holders are wanted; they are looked for once for each
	// socket, and again when it changes hands.
	Owners bool
	// Interval is the time from one look to the next. Where looks take long, there
	// are fewer, so that they take no more than Share of a processor, or a
	// twenty-fifth if that is 0, but not less than a tenth of them. After an event that has to be looked into the next one comes
	// sooner.
	Interval time.Duration
	Share    float64
	// Spent tells how much processor time the program has used; nil counts all time
	// as such.
	Spent func() time.Duration
	// Queue is how many bytes in a queue are worth an event.
	Queue uint32
	// Initial asks for an event for each socket that is there in the beginning.
	Initial bool
	// Rows, if not nil, is called after each look with all sockets in view. They
	// may be kept and must not be changed.
	Rows func([]*socket.Socket)
	// Notice, if not nil, is called with what could not be seen, once for each
	// kind of it.
	Notice func(socket.Notice)
}

// The pace.
const (
	defaultShare = 0.04
	// soonest is how soon a look comes that something has to wait for.
	soonest = 100 * time.Millisecond
	// longest is how many intervals there are between two looks at most.
	longest = 10
	// failures is how many looks in a row may fail.
	failures = 5
)

// Run watches until ctx is done, which is the error then, or until yield returns
// one. Yield gets what has happened as soon as it is known, and is called after
// each look, also with nothing.
func (w *Watch) Run(ctx context.Context, yield func([]Event) error) error {
	r := &run{
		Watch: w, start: time.Now(), table: newTable(w.Queue), remains: w.View.remains(), steady: w.View.steady(),
		briefs: map[tuple]*brief{}, ghosts: map[tuple]uint32{}, noticed: map[string]bool{},
	}
	if sub, err := w.Source.Subscribe(); err != nil {
		r.notice(socket.Notice{
			Code:    "events-unavailable",
			Message: "the kernel does not tell of destroyed sockets, so those that live shorter than from one look to the next are missed: " + err.Error(),
		})
	} else {
		r.ear = listen(ctx, sub, &w.View)
		r.heard = r.ear.heard
		defer r.ear.close()
	}
	return r.loop(ctx, yield)
}

// run is one call of Run.
type run struct {
	*Watch
	table   *table
	ear     *ear
	heard   <-chan destroyed // nil where nobody tells, or no more
	remains bool
	steady  bool
	noticed map[string]bool
	events  []Event
	scratch socket.Socket

	start    time.Time
	began    time.Time // of the look that is being taken
	last     time.Time // when the last complete one began
	ready    bool      // the first look was taken
	failed   int
	early    bool // something waits for the next look
	waiting  []*brief
	briefs   map[tuple]*brief // of waiting, the latest of each four-tuple
	ghosts   map[tuple]uint32 // connections whose remains are not to be told of
	leftover map[tuple]*entry // remains that the last look has found, whose end may be yet to hear
}

func (r *run) loop(ctx context.Context, yield func([]Event) error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var ended time.Time // of the last look
	pause := time.Duration(0)
	for {
		looked := false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d, ok := <-r.heard:
			r.hear(d, ok)
			r.drain()
		case <-timer.C:
			spent := r.spent()
			if err := r.look(ctx); err != nil {
				return err
			}
			looked, pause = true, 0
			if !ended.IsZero() { // the first one looks at every process
				pause = min(r.share(r.spent()-spent), longest*r.Interval)
			}
			ended = time.Now()
		}
		if len(r.events) > 0 || looked {
			sorting.Stable(r.events, func(a, b Event) int { return a.Time.Compare(b.Time) })
			if err := yield(r.events); err != nil {
				return err
			}
			r.events = nil
		}
		if looked || r.early {
			timer.Reset(time.Until(ended.Add(r.rest(pause))))
		}
	}
}

// spent is the processor time that was used so far.
func (r *run) spent() time.Duration {
	if r.Spent != nil {
		return r.Spent()
	}
	return time.Since(r.start)
}

// share is how long to rest after a look that took so long.
func (r *run) share(took time.Duration) time.Duration {
	share := r.Share
	if share <= 0 {
		share = defaultShare
	}
	return time.Duration(float64(took) * (1/share - 1))
}

// rest is how long to rest from the end of a look, if pause is the least.
func (r *run) rest(pause time.Duration) time.Duration {
	if r.early {
		return max(min(soonest, r.Interval), pause)
	}
	return max(r.Interval, pause)
}

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
		case fate == seenTwice || e.closed:
		case fate == isNew:
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
				inherit(now, e.socket)
			}
			if fate == hasChanged {
				changed = append(changed, moved{e, now})
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
	complete := err == nil && whole(report.Notices)
	missed := t.end()
	r.note(report.Notices)
	if err := r.identify(ctx, fresh, changed); err != nil {
		return err
	}
	r.tell(fresh, changed, missed, complete)
	if r.Rows != nil {
		r.Rows(r.rows())
	}
	return nil
}

// moved is a known socket of which there is something to tell.
type moved struct {
	*entry
	now *socket.Socket
}

// whole reports whether a look has seen the tables whole, by what it had to say.
func whole(notices []socket.Notice) bool {
	for _, n := range notices {
		switch n.Code {
		case "table-incomplete", "table-malformed", "table-unreadable":
			return false
		}
	}
	return true
}

// inherit gives a row what is remembered of its socket.
func inherit(now, before *socket.Socket) {
	now.Processes, now.NoProcess, now.MoreHolders = before.Processes, before.NoProcess, before.MoreHolders
	if now.User == "" {
		now.User = before.User
	}
}

// identify finds the holders of those that are new, or have changed hands.
func (r *run) identify(ctx context.Context, fresh []*entry, changed []moved) error {
	if !r.Owners {
		return nil
	}
	var rows []*socket.Socket
	for _, e := range fresh {
		rows = append(rows, e.socket)
	}
	for _, m := range changed {
		if m.inode != m.now.Inode {
			rows = append(rows, m.now)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	report, err := r.Source.Identify(ctx, rows)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		r.notice(socket.Notice{Code: "owners-unavailable", Message: "processes could not be looked at: " + err.Error()})
	}
	r.note(report.Notices)
	return nil
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
