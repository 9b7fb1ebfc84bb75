package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
	"github.com/sockls/sockls/render/jsonout"
	"github.com/sockls/sockls/render/text"
)

// killDetails are what is shown of a process before it is ended.
const killDetails = holderDetails | socket.DetailUser | socket.DetailNetNS | socket.DetailWorkload | socket.DetailParents

// killing is one run of kill.
type killing struct {
	*killOptions
	options   ending.Options
	collector collector.Collector
	asked     collector.Query // what the sockets were found by
	planned   *jsonout.Plan
	began     time.Time
	sockets   []*socket.Socket
	ender     *ending.Ender
	victims   []*victim
	ports     []jsonout.FreedPort
	inUse     map[int]bool // the indexes of those that bind found in use
	notices   []socket.Notice
}

// killRun frees ports.
func killRun(ctx context.Context, o *killOptions) error {
	k := &killing{killOptions: o, began: time.Now()}
	var err error
	if k.options, err = o.ending(); err != nil {
		return err
	}
	defer k.leave()
	if err := k.find(ctx); err != nil {
		return err
	}
	k.tell(k.notices)
	if len(k.sockets) == 0 {
		complain(o.streams, k.nothing(ctx))
		return k.finish(false)
	}
	if err := k.hold(); err != nil {
		return err
	}
	defer k.release()
	if err := k.describe(); err != nil {
		return err
	}
	if err := k.refusal(); err != nil {
		return err
	}
	ready := k.ready()
	if len(ready) == 0 {
		complain(o.streams, k.nobody())
		return k.finish(false)
	}
	k.planned = k.plan(ready)
	if o.dryRun {
		if err := o.manners.plan(k.planned.Text); err != nil {
			return err
		}
		return k.finish(true)
	}
	yes, err := o.agreed(k.planned.Text + "?")
	if err != nil {
		return err
	}
	if !yes {
		return exitError(exitNone)
	}
	ctx, stop := untilInterrupted(ctx)
	defer stop()
	if err := k.end(ctx, ready); err != nil {
		return err
	}
	if !k.frees() {
		return k.finish(k.hopeful())
	}
	free, err := k.verify(ctx)
	if ctx.Err() != nil {
		return k.interrupted(context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	return k.finish(free)
}

// find looks for the listeners.
func (k *killing) find(ctx context.Context) error {
	if k.only != nil {
		return k.findOnly(ctx)
	}
	if !k.tcp && !k.udp {
		k.query = "tcp,udp"
	}
	list, q, err := k.question(ctx, "kill")
	if err != nil {
		return err
	}
	if q.Protos == 0 {
		return errors.New("kill is about TCP and UDP ports, and this filter about something else")
	}
	q.States = socket.ListeningStates
	if namesBound(q.Filter) {
		q.States |= socket.StateSetOf(socket.Bound)
	}
	q.Details |= killDetails
	k.collector, k.asked = list.collector, q
	report, err := collector.Gather(ctx, k.collector, q, func(s *socket.Socket) {
		if s.Local.Port != 0 {
			k.sockets = append(k.sockets, s)
		}
	})
	k.notices = slices.Concat(list.advice, report.Notices)
	sorting.Stable(k.sockets, socket.Compare)
	return err
}

// findOnly looks for the one socket that somebody has pointed at.
func (k *killing) findOnly(ctx context.Context) error {
	q := queryOf(k.only)
	q.Details = killDetails
	k.collector, k.asked = k.manners.collector, q
	report, err := collector.Gather(ctx, k.collector, q, func(s *socket.Socket) {
		if sameSocket(s, k.only) {
			k.sockets = append(k.sockets, s)
		}
	})
	k.notices = report.Notices
	return err
}

// frees reports whether it is about ports that are to be free in the end: not
// where it is about one connection.
func (k *killing) frees() bool {
	return k.only == nil || k.only.Proto.HasPorts() && (socket.ListeningStates.Has(k.only.State) || k.only.State == socket.Bound)
}

// namesBound reports whether a filter asks for bound sockets by name: a list of
// states that has "bound" and not everything.
func namesBound(e filter.Expr) (names bool) {
	filter.Walk(e, func(leaf filter.Expr) {
		if s, ok := leaf.(filter.States); ok && s.Set.Has(socket.Bound) && !s.Set.Has(socket.Established) {
			names = true
		}
	})
	return names
}

// hold takes hold of the processes, before anybody thinks about them.
func (k *killing) hold() (err error) {
	if k.ender, err = ending.New(procfs.FS{}); err != nil {
		return err
	}
	k.enlist()
	for _, v := range k.victims {
		if v.refused == nil {
			v.process, v.refused = k.ender.Open(v.Target)
		}
	}
	k.findStarters()
	return nil
}

func (k *killing) release() {
	for _, v := range k.victims {
		if v.process != nil {
			v.process.Close()
		}
	}
}

// ready are the processes that can be signalled.
func (k *killing) ready() (ready []*victim) {
	for _, v := range k.victims {
		if v.process != nil {
			ready = append(ready, v)
		}
	}
	return ready
}

// plan is what is to be done to the processes.
func (k *killing) plan(ready []*victim) *jsonout.Plan {
	p := &jsonout.Plan{Signal: ending.SignalName(k.options.Signal), Timeout: k.options.Timeout}
	p.Text = fmt.Sprintf("Send SIG%s to %s", p.Signal, counted(len(ready), "process", "processes"))
	if k.options.Kill {
		p.Then = "KILL"
		p.Text += fmt.Sprintf(", and SIGKILL after %v to what holds on", p.Timeout)
	}
	for _, v := range ready {
		p.PIDs = append(p.PIDs, v.PID)
	}
	return p
}

// end ends them, and says what became of each.
func (k *killing) end(ctx context.Context, ready []*victim) error {
	processes := make([]*ending.Process, len(ready))
	for i, v := range ready {
		processes[i] = v.process
	}
	for i, outcome := range k.ender.End(ctx, processes, k.options) {
		ready[i].outcome = &outcome
	}
	if k.json {
		return nil
	}
	if ctx.Err() != nil && k.streams.Terminal {
		if err := k.write(""); err != nil { // the terminal has shown ^C
			return err
		}
	}
	for _, v := range k.victims {
		if err := k.write(string(v.appendOutcome(nil))); err != nil {
			return err
		}
	}
	return nil
}

// finish prints what was done where that is wanted, and chooses the exit code.
func (k *killing) finish(done bool) error {
	if k.json {
		document := jsonout.Ending{
			Head:   jsonout.Head{Host: host(), Time: k.began, Notices: k.notices},
			Action: "kill", DryRun: k.dryRun, Plan: k.planned, Done: done && !k.dryRun, Sockets: k.sockets, Ports: k.ports,
		}
		for _, v := range k.victims {
			document.Processes = append(document.Processes, v.json())
		}
		if err := jsonout.WriteEnding(k.streams.Out, &document); err != nil {
			return err
		}
	}
	if !done {
		return exitError(exitNone)
	}
	return nil
}

// escaped is text that others chose, made harmless.
func escaped(s string) string { return string(text.AppendEscaped(nil, s)) }
