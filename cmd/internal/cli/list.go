package cli

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/pflag"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
)

// listOptions are the flags of the listing.
type listOptions struct {
	streams streams.Streams
	selection
	output
	noProcesses bool
	owners      owner.Way
	resolve     bool
	sort        string
	quiet       bool
	strict      bool
	// words are the filter, filterFile where more of it stands.
	words         []string
	filterFiles   []string
	explainFilter bool
	summary       string
	save, from    string
	saves         bool // --save was given
	// netns names the network namespace, which is namespace once it is found; nil
	// for the one that this program is in.
	netns        string
	choosesNetNS bool // --netns was given
	namespace    *netns.Namespace
	// watches is set by --watch, and every is its interval.
	watches bool
	every   time.Duration
	// advice is what there is to say about the question itself.
	advice []socket.Notice
	// collector takes the place of this system's in tests.
	collector collector.Collector
	lookup    lookup
}

func (o *listOptions) flags(f *pflag.FlagSet) {
	o.selection.flags(f)
	var accepted bool
	f.StringArrayVarP(&o.filterFiles, "filter-file", "F", nil, "read a filter from `FILE` (- is standard input), to hold beside the one in the arguments")
	f.BoolVar(&o.explainFilter, "explain-filter", false, "list nothing: show how the filter is read, what of it the kernel does, and what is left")
	f.BoolVarP(&accepted, "numeric", "n", false, "accepted: addresses and ports are numbers unless -r is given")
	f.BoolVarP(&accepted, "processes", "p", false, "accepted: processes are shown unless --no-processes is given")
	f.FuncP("netns", "N", "show the sockets of another network namespace; `NS` is its name, a process in it, or a path", func(spec string) error {
		o.netns, o.choosesNetNS = spec, true
		return nil
	})
	f.BoolVar(&o.noProcesses, "no-processes", false, "do not look into processes: neither for holders nor, with -a, for sockets that only they show")
	f.Func("owners", "find processes in this `WAY`: bpf, by the kernel (needs root), proc, in /proc, or auto, whichever is faster", func(name string) (err error) {
		o.owners, err = parseWay(name)
		return err
	})
	f.BoolVarP(&o.resolve, "resolve", "r", false, "show host names in place of addresses")
	o.output.flags(f)
	f.StringVar(&o.sort, "sort", "", "sort by `KEYS`, which are columns, -KEY for the reverse; none streams in kernel order")
	f.StringVarP(&o.summary, "summary", "s", "", "counts instead of sockets; `=counters` leaves out what takes a look at each socket")
	f.Lookup("summary").NoOptDefVal = "all"
	f.StringVar(&o.save, "save", "", "also write what was collected to `FILE`, as JSON, or as JSON lines if it ends in .jsonl")
	f.StringVar(&o.from, "from", "", "show what `FILE` holds (- is standard input): a saved one, or what ss -D wrote")
	o.every = watchInterval
	watch := f.VarPF(&intervalFlag{&o.every, &o.watches}, "watch", "c", "show what changes, as sockls watch does, looking every `TIME` (-c=500ms; 1s unless it is given)")
	watch.NoOptDefVal = watchInterval.String()
	f.BoolVar(&o.quiet, "quiet", false, "say nothing about what could not be seen")
	f.BoolVar(&o.strict, "strict", false, "exit with 3 when something could not be seen")
}

// parseWay reads the value of --owners.
func parseWay(name string) (owner.Way, error) {
	way, ok := owner.ParseWay(name)
	if !ok {
		return way, unknownWord("way", "", name, owner.Ways())
	}
	return way, nil
}

// Gathered rows stay until they are printed, and next to nothing else is
// allocated. From many rows on, collecting garbage would only walk through them
// again and again; below, changing the pace costs more than it saves.
const (
	manyRows         = 5_000
	gcPercentForMany = 400
)

// listRun lists sockets: one query, one collection, one renderer.
func listRun(ctx context.Context, o *listOptions) error {
	if o.watches {
		return listWatch(ctx, o)
	}
	if err := o.findNetNS(); err != nil {
		return err
	}
	q, err := o.ask(ctx)
	switch {
	case err != nil:
		return err
	case o.explainFilter:
		return explainFilter(o.streams.Out, q)
	}
	origin := now()
	if o.from != "" {
		if o.owners != owner.Auto {
			return errors.New("--owners is about the running kernel, and --from about what was saved")
		}
		file, err := o.openSaved()
		if err != nil {
			return err
		}
		defer file.Close()
		origin = file.Origin()
	} else if err := o.openSystem(); err != nil {
		return err
	}
	if o.summary != "" {
		return summaryRun(ctx, o, q)
	}
	return o.show(ctx, q, origin)
}

// ask makes a query of what flags and filter choose.
func (o *listOptions) ask(ctx context.Context) (collector.Query, error) {
	var q collector.Query
	if err := o.selection.apply(&q); err != nil {
		return q, err
	}
	if o.summary != "" {
		o.widen(&q)
	}
	return q, o.applyFilter(ctx, &q)
}

// openSystem collects from the running system.
func (o *listOptions) openSystem() (err error) {
	if o.collector == nil {
		o.collector, err = collector.New(collector.Options{NetNS: o.namespace, Owners: o.owners})
	}
	if o.lookup == nil {
		o.lookup = net.DefaultResolver.LookupAddr
	}
	return err
}

// show prints what q finds.
func (o *listOptions) show(ctx context.Context, q collector.Query, origin socket.Origin) error {
	sort, err := field.ParseSort(o.sort)
	if err != nil {
		return err
	}
	fields, err := o.fields(possibleStates(q)&^socket.ListeningStates == 0, o.noProcesses)
	if err != nil {
		return err
	}
	q.Details |= o.output.details(fields) | sort.Details
	if o.saves {
		q.Details |= savedDetails
	}
	if q.States.Has(socket.Close) {
		// Which rows there are must not depend on the columns, and some sockets
		// are only found in the processes that hold them.
		q.Details |= socket.DetailOwners
	}
	if o.noProcesses {
		q.Details &^= ownerDetails
	}
	out, err := o.renderer(o.streams, fields, q, origin)
	if err != nil {
		return err
	}
	if o.saves {
		s, err := save(o.save, origin, q.Details.Has(socket.DetailOwners))
		if err != nil {
			return err
		}
		defer s.abandon()
		var stop context.CancelFunc
		ctx, stop = whileSaving(ctx)
		defer stop()
		out = s.beside(out)
	}
	var (
		n      int
		report socket.Report
	)
	if sort.Keep() && out.row != nil && !o.resolve {
		n, report, err = o.stream(ctx, q, out)
	} else {
		n, report, err = o.gather(ctx, q, sort, out)
	}
	if err != nil {
		return err
	}
	incomplete := len(report.Notices) > 0
	report.Notices = append(o.advice, report.Notices...)
	if err := out.close(report); err != nil {
		return err
	}
	return o.verdict(n, incomplete, report.Notices)
}

// stream prints rows as they come, in flat memory.
func (o *listOptions) stream(ctx context.Context, q collector.Query, out renderer) (n int, report socket.Report, err error) {
	report, err = o.collector.Collect(ctx, q, func(s *socket.Socket) error {
		n++
		return out.row(s)
	})
	return n, report, err
}

// gather sorts all rows, or names their hosts, before the first is printed.
func (o *listOptions) gather(
	ctx context.Context, q collector.Query, sort field.Sort, out renderer,
) (n int, report socket.Report, err error) {
	ordering := sort.Start()
	report, err = collector.Gather(ctx, o.collector, q, func(s *socket.Socket) {
		if n++; n == manyRows {
			debug.SetGCPercent(gcPercentForMany)
		}
		ordering.Add(s)
		if !o.resolve { // else the names come after
			out.measure(s)
		}
	})
	if err != nil {
		return n, report, err
	}
	rows := ordering.Rows()
	if o.resolve {
		report.Notices = append(report.Notices, resolve(ctx, o.lookup, resolveLimit, rows)...)
		for _, s := range rows {
			out.measure(s)
		}
	}
	return n, report, out.rows(rows)
}

// verdict says what there is to say, and chooses the exit code.
func (o *listOptions) verdict(matched int, incomplete bool, notices []socket.Notice) error {
	if !o.quiet {
		for _, n := range notices {
			complainOf(o.streams, n)
		}
	}
	switch {
	case o.strict && incomplete:
		return exitError(exitIncomplete)
	case matched == 0:
		return exitError(exitNone)
	}
	return nil
}

// host is the name of this machine, "" where it has none.
func host() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
