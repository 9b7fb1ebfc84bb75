package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
	"github.com/sockls/sockls/render/jsonout"
)

// The results of close. The names are stable and made for scripts.
const (
	closeDestroyed = "destroyed"
	closeGone      = "gone"
	closeFailed    = "failed"
)

// closing is one run of close.
type closing struct {
	*closeOptions
	list      *listOptions
	query     collector.Query
	collector collector.Collector
	began     time.Time
	sockets   []*socket.Socket
	planned   *jsonout.Plan
	done      []jsonout.Destroyed
	notices   []socket.Notice
}

// closeRun destroys sockets.
func closeRun(ctx context.Context, o *closeOptions) error {
	c := &closing{closeOptions: o, began: time.Now()}
	defer c.leave()
	if err := c.find(ctx); err != nil {
		return err
	}
	c.tell(c.notices)
	if len(c.sockets) == 0 {
		complain(o.streams, "nothing matches")
		return c.finish()
	}
	if err := c.describe(); err != nil {
		return err
	}
	deed := "Destroy " + counted(len(c.sockets), "socket", "sockets")
	c.planned = &jsonout.Plan{Text: deed}
	if o.dryRun {
		if err := o.plan(deed); err != nil {
			return err
		}
		return c.finish()
	}
	yes, err := o.agreed(deed + "?")
	if err != nil {
		return err
	}
	if !yes {
		return exitError(exitNone)
	}
	if err := c.destroy(ctx); err != nil {
		return err
	}
	return c.finish()
}

// find looks for the sockets that the listing would show.
func (c *closing) find(ctx context.Context) error {
	var err error
	if c.list, c.query, err = c.question(ctx, "close"); err != nil {
		return err
	}
	c.collector = c.list.collector
	c.query.Details |= holderDetails | socket.DetailUser | socket.DetailNetNS | socket.DetailIdentity
	report, err := collector.Gather(ctx, c.collector, c.query, func(s *socket.Socket) { c.sockets = append(c.sockets, s) })
	c.notices = slices.Concat(c.list.advice, report.Notices)
	sorting.Stable(c.sockets, socket.Compare)
	return err
}

// describe shows the sockets, and says what their end will not be.
func (c *closing) describe() error {
	if c.json {
		return nil
	}
	if err := c.show("proto,state,local,remote,user,process", c.sockets); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range c.sockets {
		if line := caveat(s); line != "" && !seen[line] {
			seen[line] = true
			if err := c.write("  " + line); err != nil {
				return err
			}
		}
	}
	return nil
}

// caveat is what has to be said of a kind of socket before it is destroyed.
func caveat(s *socket.Socket) string {
	switch {
	case !destructible(s.Proto):
		return s.Proto.String() + ": the kernel has no way to destroy such a socket"
	case s.State == socket.Bound, s.State == socket.Close:
		return "TCP " + s.State.String() + ": the kernel does not find such a socket; it is closed only by its process"
	}
	return remark(s)
}

func destructible(p socket.Proto) bool {
	return p == socket.TCP || p == socket.UDP || p == socket.UDPLite
}

// remark is what a socket still has after it was destroyed.
func remark(s *socket.Socket) string {
	switch s.State {
	case socket.Listen:
		return "TCP LISTEN: it stops listening, and keeps its port until its process closes it; sockls kill frees the port"
	case socket.Unconn:
		return "UDP UNCONN: it keeps its port, if its program chose it, and goes on receiving until its process closes it; sockls kill frees the port"
	case socket.Established:
		if s.Proto != socket.TCP {
			return "UDP ESTABLISHED: it is disconnected, and keeps its port, if its program chose it, until its process closes it"
		}
	}
	return ""
}

// destroy destroys them one by one, and says what became of them.
func (c *closing) destroy(ctx context.Context) error {
	destroyer, err := ending.NewDestroyer(c.list.namespace)
	if err != nil {
		return err
	}
	defer destroyer.Close()
	c.done = make([]jsonout.Destroyed, len(c.sockets))
	missing := map[uint64]int{}
	for i, s := range c.sockets {
		err := destroyer.Destroy(ctx, s)
		var failed *sockdiag.Error
		if errors.As(err, &failed) {
			err = failed.Err // the table shows the protocol
		}
		if errors.Is(err, sockdiag.ErrNotNetAdmin) && os.Geteuid() == 0 {
			err = errors.New("it takes CAP_NET_ADMIN, which root does not have over this network namespace")
		}
		switch {
		case err == nil:
			c.done[i] = jsonout.Destroyed{Result: closeDestroyed, Remark: remark(s)}
		case errors.Is(err, sockdiag.ErrNotFound):
			c.done[i].Result = closeGone
			missing[s.Cookie] = i
		default:
			c.done[i] = jsonout.Destroyed{Result: closeFailed, Error: err.Error()}
		}
	}
	if len(missing) > 0 {
		if err := c.recheck(ctx, missing); err != nil {
			return err
		}
	}
	if c.json {
		return nil
	}
	return c.summarise()
}

// recheck tells those that are gone from those that the kernel did not find by
// their addresses: a bound one, or one that others with the same address hide.
func (c *closing) recheck(ctx context.Context, missing map[uint64]int) error {
	q := c.query
	q.Filter, q.States, q.Details = nil, 0, socket.DetailIdentity
	q.Protos = 0
	for _, i := range missing {
		q.Protos |= socket.ProtoSetOf(c.sockets[i].Proto)
	}
	q.States = socket.AllStates
	_, err := c.collector.Collect(ctx, q, func(s *socket.Socket) error {
		i, ok := missing[s.Cookie]
		switch {
		case !ok:
		case c.sockets[i].State == socket.Listen && s.State == socket.Bound:
			c.done[i].Remark = remark(c.sockets[i]) // somebody else did it, or its process
		default:
			c.done[i] = jsonout.Destroyed{Result: closeFailed, Error: sockdiag.ErrNotFound.Error() + ", though it is there"}
			if s.State == socket.Bound {
				c.done[i].Error = "one that is bound and does not listen is closed only by its process"
			}
		}
		return nil
	})
	return err
}

// summarise counts, and lists those that failed.
func (c *closing) summarise() error {
	count := map[string]int{}
	for i, s := range c.sockets {
		count[c.done[i].Result]++
		if c.done[i].Result != closeFailed {
			continue
		}
		line := placeName(s)
		if remote := column("remote", s); remote != "" {
			line += " -> " + remote
		}
		if err := c.write(line + ": " + escaped(c.done[i].Error)); err != nil {
			return err
		}
	}
	line := counted(count[closeDestroyed], "socket", "sockets") + " destroyed"
	if n := count[closeGone]; n > 0 {
		line += fmt.Sprintf(", %d gone already", n)
	}
	if n := count[closeFailed]; n > 0 {
		line += fmt.Sprintf(", %d not destroyed", n)
	}
	return c.write(line)
}

// finish prints what was done where that is wanted, and chooses the exit code.
func (c *closing) finish() error {
	failed := len(c.sockets) == 0
	for _, d := range c.done {
		failed = failed || d.Result == closeFailed
	}
	if c.json {
		document := jsonout.Ending{
			Head:   jsonout.Head{Host: host(), Time: c.began, Notices: c.notices},
			Action: "close", DryRun: c.dryRun, Plan: c.planned, Done: !failed && !c.dryRun, Sockets: c.sockets, Destroyed: c.done,
		}
		if err := jsonout.WriteEnding(c.streams.Out, &document); err != nil {
			return err
		}
	}
	if failed {
		return exitError(exitNone)
	}
	return nil
}
