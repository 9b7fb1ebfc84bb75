package watch

import (
	"context"
	"time"

	"github.com/sockls/sockls/collector/socket"
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
	// twenty-fifth if that is 0; but never fewer than a tenth of what was asked for.
	// After an event that has to be looked into the next one comes sooner.
	Interval time.Duration
	Share    float64
	// Spent tells how much processor time the program has used; nil counts all time
	// as such.
	Spent func() time.Duration
	// Queue is how many bytes in a queue are worth an event.
	Queue uint32
	// Initial asks for an event for each socket that is there in the beginning.
	Initial bool
	// Rows, if not nil, is called after each look with when it began and all sockets
	// in view. They may be kept and must not be changed.
	Rows func(began time.Time, rows []*socket.Socket)
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
	// tolerated is how long looks may be incomplete before they have to do.
	tolerated = 30 * time.Second
	// failures is how many looks in a row may fail.
	failures = 5
)

// Run watches until ctx is done, which is the error then, or until yield returns
// one. Yield gets what has happened as soon as it is known, and is called after
// each look, also with nothing.
func (w *Watch) Run(ctx context.Context, yield func([]Event) error) error {
	r := &run{
		Watch: w, start: time.Now(), sound: time.Now(), table: newTable(w.Queue), remains: w.View.remains(), steady: w.View.steady(),
		briefs: map[tuple]*brief{}, ghosts: map[tuple]uint32{}, leftover: map[tuple]*entry{}, noticed: map[string]bool{}, unread: map[string]bool{},
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
