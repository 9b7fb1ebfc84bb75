package cli

import (
	"context"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/collector/watch/live"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/tui"
)

// screenSource is this system for the screen. It implements tui.Source.
type screenSource struct {
	o *watchOptions
	// watch makes the watch of a query.
	watch func(collector.Query) (*watch.Watch, error)
}

// Watch implements tui.Source. Each call is a watch of its own, which looks at the
// processes anew: whoever asks for other columns sees what is true then.
func (s *screenSource) Watch(ctx context.Context, want tui.Want, deliver func(tui.Batch)) error {
	q, err := s.query(want)
	if err != nil {
		return err
	}
	w, err := s.watch(q)
	if err != nil {
		return err
	}
	b := batcher{deliver: deliver, fresh: true}
	w.Initial, w.Interval, w.Rows, w.Notice = true, want.Interval, b.look, b.notice
	return w.Run(ctx, b.take)
}

// query is what the screen wants.
func (s *screenSource) query(want tui.Want) (collector.Query, error) {
	o := s.o.listOptions
	o.selection.tcp, o.selection.udp, o.selection.unix = want.Selection.TCP, want.Selection.UDP, want.Selection.Unix
	o.selection.listen, o.selection.all = want.Selection.Listening, want.Selection.All
	var q collector.Query
	if err := o.selection.apply(&q); err != nil {
		return q, err
	}
	if want.Filter != nil {
		if err := o.narrow(&q, want.Filter); err != nil {
			return q, err
		}
	}
	q.States = possibleStates(q)
	q.Details |= want.Details | socket.DetailQueues | socket.DetailPeer
	if o.noProcesses {
		q.Details &^= live.OwnerDetails
	}
	return q, nil
}

// batcher hands what a watch tells to the screen, a look at a time.
type batcher struct {
	deliver func(tui.Batch)
	fresh   bool
	looked  time.Time // when the look began, zero where it was none
	rows    []*socket.Socket
	notices []socket.Notice
}

func (b *batcher) look(began time.Time, rows []*socket.Socket) { b.rows, b.looked = rows, began }

func (b *batcher) notice(n socket.Notice) { b.notices = append(b.notices, n) }

// take is for events. What the kernel tells before the first look is told by that.
func (b *batcher) take(events []watch.Event) error {
	looked := !b.looked.IsZero()
	if b.fresh && !looked {
		return nil
	}
	batch := tui.Batch{Time: time.Now(), Fresh: b.fresh, Looked: looked, Events: events, Rows: b.rows}
	if looked { // what rates are made of was read then, and holders were looked for since
		batch.Time, batch.Notices = b.looked, b.notices
	}
	b.fresh, b.looked, b.rows = false, time.Time{}, nil
	b.deliver(batch)
	return nil
}

// inspect finds out all about one socket.
func (s *screenSource) inspect(ctx context.Context, one *socket.Socket) (tui.Inspection, error) {
	q := queryOf(one)
	q.Details = everyDetail()
	if s.o.noProcesses {
		q.Details &^= ownerDetails
	}
	var found tui.Inspection
	report, err := collector.Gather(ctx, s.o.collector, q, func(row *socket.Socket) {
		switch {
		case sameSocket(row, one):
			found.Socket = row
		case facing(row, one):
			found.Peers = append(found.Peers, row)
		}
	})
	for _, n := range report.Notices {
		if n.Code != "no-security-contexts" { // nobody has asked for one
			found.Notices = append(found.Notices, n)
		}
	}
	return found, err
}

// everyDetail is all that there is to know.
func everyDetail() socket.Detail {
	d := field.Details(field.All())
	for _, set := range field.Sets() {
		d |= set.Details()
	}
	return d
}
