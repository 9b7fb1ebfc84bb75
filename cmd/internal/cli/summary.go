package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/summaryout"
)

// widen makes a query of the summary's own out of one that flags have chosen:
// what they do not narrow is everything, for sockets that are not shown count,
// too. Only protocols that few kernels have a table of must be asked for. It
// comes before the filter, which narrows the query again.
func (o *listOptions) widen(q *collector.Query) {
	if !o.listen {
		q.States = socket.AllStates
	}
	if !o.selection.namesTables() {
		q.Protos = socket.InetProtos | socket.ProtoSetOf(socket.Unix, socket.Packet, socket.Netlink)
	}
}

// summaryRun counts sockets. What the kernel counts by itself is printed before
// the first socket is looked at, which can take a while where there are many.
// No row is kept, so the memory does not grow with the table.
func summaryRun(ctx context.Context, o *listOptions, q collector.Query) error {
	counters, err := o.summaryParts()
	if err != nil {
		return err
	}
	palette, err := palette(o.colour, o.streams)
	if err != nil {
		return err
	}
	origin := now()
	d := summaryout.Document{Host: origin.Host, Time: origin.Time}
	d.Notices = append(d.Notices, o.advice...)
	advice := len(d.Notices)
	if o.from != "" {
		d.Notices = append(d.Notices, socket.Notice{
			Code:    "counters-not-saved",
			Message: "what was saved are sockets: the counters and the range of ephemeral ports are not among it",
		})
	} else {
		proc, leave, err := o.proc()
		if err != nil {
			return err
		}
		var notices []socket.Notice
		d.Counters, d.Limits, notices = readCounters(proc)
		leave()
		d.Notices = append(d.Notices, notices...)
	}
	text := summaryout.NewText(o.streams.Out, palette)
	if d.Counters != nil && !o.json {
		if err := text.Counters(d.Counters); err != nil {
			return err
		}
	}
	matched := 1
	if !counters {
		if d.Result, err = o.count(ctx, q, &d); err != nil {
			return err
		}
		if q.Filter != nil {
			matched = d.Result.Total
		}
	}
	switch {
	case o.json:
		err = summaryout.JSON(o.streams.Out, &d)
	case d.Result != nil:
		err = text.Result(d.Result, &d.Limits, o.narrowed(q))
	}
	if err != nil {
		return err
	}
	return o.verdict(matched, len(d.Notices) > advice, d.Notices)
}

// summaryParts reports whether only the counters are asked for.
func (o *listOptions) summaryParts() (counters bool, err error) {
	if o.jsonl || o.csv {
		return false, errors.New("--summary is text or, with --json, one document")
	}
	if o.saves {
		return false, errors.New("--summary keeps no sockets that --save could write")
	}
	switch o.summary {
	case "all":
		return false, nil
	case "counters":
		if o.from != "" {
			return false, errors.New("--summary=counters is about the running kernel, and --from about what was saved")
		}
		return true, nil
	}
	return false, fmt.Errorf("--summary is all or counters, not %q", o.summary)
}

// count makes the second part, and adds to the report what there is to say
// about it.
func (o *listOptions) count(ctx context.Context, q collector.Query, d *summaryout.Document) (*summary.Result, error) {
	q.Details |= socket.DetailQueues // of listening unix sockets
	tally := summary.NewTally(d.Limits.Ports)
	report, err := o.collector.Collect(ctx, q, func(s *socket.Socket) error {
		tally.Add(s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if o.from != "" {
		d.Host, d.Time = report.Origin.Host, report.Origin.Time
	}
	d.Source = report.Source
	for _, n := range report.Notices {
		if n.Code == "no-diag-module" {
			n.Hint = "" // which is to look into processes
		}
		d.Notices = append(d.Notices, n)
	}
	result := tally.Result()
	if !result.Ephemeral.Certain() {
		d.Notices = append(d.Notices, socket.Notice{
			Code: "destinations-forgotten", Count: result.Ephemeral.Forgotten,
			Message: fmt.Sprintf("there are too many destinations to count each: any may have used %d ports more",
				result.Ephemeral.Forgotten),
			Hint: "a filter for the ports or addresses in question counts them all",
		})
	}
	return &result, nil
}

// narrowed reports whether the second part is about some sockets only.
func (o *listOptions) narrowed(q collector.Query) bool {
	return q.Filter != nil || o.listen || o.selection.namesTables() || !q.IPv4 || !q.IPv6
}
