package watch

import (
	"context"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

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
	began    time.Time       // of the look that is being taken
	last     time.Time       // when the last complete one began
	ready    bool            // the first look was taken
	failed   int             // looks in a row
	sound    time.Time       // when the last one began that has seen the tables whole
	turn     int             // in the order, of who is asked whether it is still held
	unread   map[string]bool // what the first one has said of tables that cannot be read
	early    bool            // something waits for the next look
	waiting  []*brief
	briefs   map[tuple]*brief // of waiting, the latest of each four-tuple
	ghosts   map[tuple]uint32 // connections whose remains are not to be told of, and the look they ended after
	leftover map[tuple]*entry // remains of connections whose end was not heard of yet
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
