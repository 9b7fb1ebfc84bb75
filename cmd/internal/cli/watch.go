package cli

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/watch"
)

// watchOptions are the flags of watch.
type watchOptions struct {
	// listOptions choose the sockets; of its flags only those are set that do.
	listOptions
	events, initial bool
	streamed        bool // a flag was given that is about the stream of events
	interval        time.Duration
	paced           bool // --interval was given
	duration        time.Duration
	limited         bool // --for was given
	count           int
	until           string
	hasUntil        bool // --until was given
	queue           uint32
	// source takes the place of this system in tests.
	source watch.Source
}

// The defaults of watch, and the shortest interval that makes sense.
const (
	watchInterval    = time.Second
	shortestInterval = 10 * time.Millisecond
	watchQueue       = 64 << 10
)

// streamFlags ask for events a line, also on a terminal.
var streamFlags = []string{"events", "jsonl", "initial", "for", "count", "until", "queue", "quiet"}

// newWatchCmd makes the command that tells what changes.
func newWatchCmd(s streams.Streams, runF func(*watchOptions) error) *cobra.Command {
	o := &watchOptions{listOptions: listOptions{streams: s}}
	cmd := &cobra.Command{
		Use:   "watch [flags] [FILTER]",
		Short: "Show what changes: which sockets are opened, change, and are closed",
		Long: `watch shows what changes among the sockets that flags and filter choose, as they do
for the listing: without any, connected internet sockets.

On a terminal it is a live table. Keys move, filter, sort, group and choose columns,
show one socket with its process and its other end, and end who holds it; ? lists
them all. The columns IN/s, OUT/s and RETR/s are bytes received and sent, and
segments sent again, a second.

Into a pipe, or with --events, it is a line for each socket that is opened (+),
changes (~) or is closed (-), as it happens; so it is with --jsonl, --initial, --for,
--count, --until, --queue and --quiet, which are about that.

A change is one of the state, of the processes when a connection is accepted, of an
address, or of a queue that comes to hold more than --queue bytes; of a listener,
that its queue of connections is full.

New sockets are found by looking once a second, or less often where there are so
many that it would take more than a twenty-fifth of a processor. The end of TCP and
UDP sockets is told by the kernel, so one that came and went between two looks is
told of too, opened and closed at once and with state CLOSE: who held it nobody
knows any more. With the end of a connection come its last counters. A connection
that leaves a FIN_WAIT2 behind, or a TIME_WAIT where that is watched (-a, or a
filter), changes to that first, and is closed when it is gone. If the kernel had to
drop what it tells, a line with ! says how much.

--until EXPR is a filter, and true once a socket that is watched matches; with open,
change or close in front it is about such an event alone.

Exit code: 0 it was ended, its time was up, or --until came true, 1 --until did not
come true, 2 wrong usage or failure; of the screen also 128 and the number of the signal that ended it.`,
		Example: `  sockls watch                       a live table of connections
  sockls watch --events              what happens, a line each
  sockls watch -l                    services that come and go
  sockls watch -t dport = :443       TCP connections to port 443
  sockls watch nginx --jsonl         what nginx does, for scripts
  sockls watch -la --initial --for 10s
  sockls watch -tl --until 'sport = :8080' --for 1min
  sockls watch --until 'close and total-retrans > 0'`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			cmd.Flags().Visit(func(f *pflag.Flag) { o.streamed = o.streamed || slices.Contains(streamFlags, f.Name) })
			o.hasUntil = cmd.Flags().Changed("until")
			if runF != nil {
				return runF(o)
			}
			return watchRun(cmd.Context(), o)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	o.flags(cmd.Flags())
	return cmd
}

func (o *watchOptions) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	o.interval, o.queue = watchInterval, watchQueue
	f.BoolVar(&o.events, "events", false, "print a line for each event, also on a terminal")
	f.BoolVar(&o.jsonl, "jsonl", false, "print each event as one JSON object a line")
	f.BoolVar(&o.initial, "initial", false, "first print what is there (=)")
	f.Func("for", "end after `TIME`, such as 30s, 5m, or 30 for seconds", func(text string) (err error) {
		o.duration, err = parseTimeout(text)
		o.limited = true
		return err
	})
	f.Func("count", "end after `N` events", func(text string) (err error) {
		if o.count, err = strconv.Atoi(text); err != nil || o.count < 1 {
			return errors.New("it is a number from 1 on")
		}
		return nil
	})
	f.StringVar(&o.until, "until", "", "end when `EXPR` is true of a socket: a filter, with open, change or close in front if it is about that")
	f.Var(&intervalFlag{&o.interval, &o.paced}, "interval", "look every `TIME` for new sockets; 1s unless it is given")
	f.Func("queue", "tell of a queue when it comes to hold more than `BYTES`; 65536 unless it is given", func(text string) error {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return errors.New("it is a number of bytes up to " + strconv.FormatUint(math.MaxUint32, 10))
		}
		o.queue = uint32(n)
		return nil
	})
	o.selection.flags(f)
	o.setFlags(f)
	f.StringVar(&o.columns, "columns", "", "show these columns on the screen; +`LIST` adds to the default ones")
	f.StringVar(&o.sort, "sort", "", "sort the screen by `COLUMN`, -COLUMN for the reverse")
	f.StringArrayVarP(&o.filterFiles, "filter-file", "F", nil, "read a filter from `FILE` (- is standard input), to hold beside the one in the arguments")
	f.FuncP("netns", "N", "watch another network namespace; `NS` is its name, a process in it, or a path", func(spec string) error {
		o.netns, o.choosesNetNS = spec, true
		return nil
	})
	var accepted bool
	f.BoolVarP(&accepted, "numeric", "n", false, "accepted: addresses and ports are numbers")
	f.BoolVarP(&accepted, "processes", "p", false, "accepted: processes are shown unless --no-processes is given")
	f.BoolVar(&o.noProcesses, "no-processes", false, "do not look into processes")
	f.StringVar(&o.colour, "color", "auto", "colour `WHEN`: auto, always or never")
	f.BoolVar(&o.quiet, "quiet", false, "say nothing about what could not be seen, and no summary in the end")
}
