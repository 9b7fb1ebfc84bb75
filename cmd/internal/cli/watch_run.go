package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/collector/watch/live"
	"github.com/sockls/sockls/render/eventout"
	"github.com/sockls/sockls/render/jsonout"
)

// pacedShare is the part of the time that looks may take where somebody has said
// how often they want one.
const pacedShare = 0.5

// The ways in which a watch ends.
var (
	errInterrupted = errors.New("interrupted")
	errTimeUp      = errors.New("time is up")
	errEnough      = errors.New("enough")
	errNobodyReads = errors.New("nobody reads")
)

// watchRun shows what changes until it is ended, in the way that suits where it goes.
func watchRun(ctx context.Context, o *watchOptions) error {
	if err := o.findNetNS(); err != nil {
		return err
	}
	if o.onScreen() {
		return screenRun(ctx, o)
	}
	return streamRun(ctx, o)
}

// streamRun prints events.
func streamRun(ctx context.Context, o *watchOptions) error {
	if err := o.forScreen(); err != nil {
		return err
	}
	ctx, leave := o.endings(ctx)
	defer leave()
	q, err := o.query(ctx)
	if err != nil {
		return err
	}
	t := teller{o: o, begun: time.Now(), details: q.Details}
	if t.until, err = o.condition(ctx, &q); err != nil {
		return err
	}
	if t.write, err = o.writer(); err != nil {
		return err
	}
	defer holdNetNS(o.namespace)()
	w, err := o.watch(q)
	if err != nil {
		return err
	}
	for _, n := range o.advice {
		w.Notice(n)
	}
	w.Initial = o.initial || t.until != nil
	return t.ended(ctx, w.Run(ctx, t.take))
}

// forScreen refuses flags that would not be heard: an event has a form of its own.
func (o *watchOptions) forScreen() error {
	switch {
	case o.columns != "":
		return errors.New("--columns is for the screen, and this is no terminal or was told to be a stream; --jsonl has every fact of a flag such as -i")
	case o.sort != "":
		return errors.New("--sort is for the screen; events come in the order in which they happen")
	case !o.jsonl && len(o.sets()) > 0:
		return fmt.Errorf("--%s goes with the screen, or with --jsonl", o.sets()[0].Flag)
	}
	return nil
}

// endings is a context that ends with the time that there is, or with a signal;
// its cause tells.
func (o *watchOptions) endings(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	signal.Ignore(syscall.SIGPIPE) // a reader that went away is an error of the writer
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var up <-chan time.Time
	if o.limited {
		up = time.After(o.duration)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			end(errInterrupted)
			signal.Stop(signals) // the next one ends the program
		case <-up:
			end(errTimeUp)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		end(nil)
		<-done
	}
}

// query is what is to be watched.
func (o *watchOptions) query(ctx context.Context) (collector.Query, error) {
	q, err := o.ask(ctx)
	if err != nil {
		return q, err
	}
	q.States = possibleStates(q)
	switch {
	case o.jsonl:
		q.Details |= o.output.details(nil)
	default:
		q.Details |= socket.DetailOwners | socket.DetailQueues | socket.DetailPeer
	}
	if o.noProcesses {
		q.Details &^= live.OwnerDetails
	}
	return q, nil
}

// watch makes the watch of q.
func (o *watchOptions) watch(q collector.Query) (*watch.Watch, error) {
	w := &watch.Watch{
		Interval: o.interval, Spent: live.Spent, Queue: o.queue, Owners: q.Details.Has(socket.DetailOwners),
		Notice: func(n socket.Notice) {
			if !o.quiet {
				complainOf(o.streams, n)
			}
		},
	}
	if o.paced {
		w.Share = pacedShare
	}
	if err := o.openSystem(); err != nil {
		return nil, err
	}
	w.Source, w.View = live.New(o.collector, q, o.namespace)
	if o.source != nil {
		w.Source = o.source
	}
	return w, nil
}

// writer is the format of the events.
func (o *watchOptions) writer() (func([]watch.Event) error, error) {
	if o.jsonl {
		return jsonout.NewEvents(o.streams.Out, host(), !o.noProcesses).Write, nil
	}
	colours, err := palette(o.colour, o.streams)
	if err != nil {
		return nil, err
	}
	return eventout.New(o.streams.Out, eventout.Options{Palette: colours, Owners: !o.noProcesses, Location: time.Local}).Write, nil
}

// teller prints events and notices when there are enough.
type teller struct {
	o       *watchOptions
	write   func([]watch.Event) error
	until   *condition
	details socket.Detail
	begun   time.Time

	opens, closes, changes int
	gaps, missing          int
	left                   []watch.Event // to be printed
}

// take prints what has happened.
func (t *teller) take(events []watch.Event) error {
	t.left = t.left[:0]
	var end error
	for i := range events {
		e := &events[i]
		met := t.until.met(e, t.details)
		if e.Kind != watch.Initial || t.o.initial || met { // what has come true is shown
			t.left = append(t.left, *e)
		}
		t.tally(e)
		if met || t.o.count > 0 && t.opens+t.closes+t.changes >= t.o.count {
			end = errEnough
			break
		}
	}
	if err := t.write(t.left); errors.Is(err, syscall.EPIPE) {
		return errNobodyReads
	} else if err != nil {
		return err
	}
	if end == nil && readerGone(t.o.streams.Out) {
		return errNobodyReads
	}
	return end
}

func (t *teller) tally(e *watch.Event) {
	switch e.Kind {
	case watch.Open:
		t.opens++
	case watch.Close:
		t.closes++
	case watch.Change:
		t.changes++
	case watch.Lost:
		t.gaps++
		t.missing += e.Missing
	}
}

// ended says how it ended, and chooses the exit code.
func (t *teller) ended(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, errEnough), errors.Is(err, errNobodyReads):
		return nil
	case err == nil || cause == nil || !errors.Is(err, context.Canceled):
		return err
	case !errors.Is(cause, errInterrupted) && !errors.Is(cause, errTimeUp):
		return err
	}
	if !t.o.quiet {
		// There is nowhere left to report that standard error fails.
		_, _ = fmt.Fprintln(t.o.streams.Err, t.summary())
	}
	if t.until != nil {
		return exitError(exitTimeOut)
	}
	return nil
}

// summary is one line about all that was told.
func (t *teller) summary() string {
	lost := "none lost"
	switch {
	case t.missing > 0:
		lost = counted(t.missing, "event", "events") + " may be missing"
	case t.gaps > 0:
		lost = "some may be missing"
	}
	unmet := ""
	if t.until != nil {
		unmet = "--until has not come true; "
	}
	return fmt.Sprintf("sockls: %s%s, %s, %s, %s, in %v", unmet, counted(t.opens, "open", "opens"), counted(t.closes, "close", "closes"),
		counted(t.changes, "change", "changes"), lost, time.Since(t.begun).Round(time.Second/10))
}

// condition is what --until waits for.
type condition struct {
	kind   watch.Kind
	filter filter.Expr
}

// met reports whether an event is what is waited for.
func (c *condition) met(e *watch.Event, details socket.Detail) bool {
	switch {
	case c == nil || e.Socket == nil:
		return false
	case c.kind == anyKind && e.Kind == watch.Close, c.kind != anyKind && c.kind != e.Kind:
		return false
	case c.filter == nil:
		return true
	}
	return filter.Eval(c.filter, e.Socket, details) == socket.Yes
}
