package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/waiting"
	"github.com/sockls/sockls/collector/why"
)

// The exit codes of wait.
const (
	exitMet     = 0
	exitTimeOut = 1
)

// waitOptions are the flags of wait.
type waitOptions struct {
	streams streams.Streams
	words   []string
	timeout time.Duration
	limited bool // --timeout was given

	tcp, udp, ipv4, ipv6 bool
	program
	json, quiet bool
	// system takes the place of this one in tests.
	system collector.Collector
}

// newWaitCmd makes the command that scripts wait with.
func newWaitCmd(s streams.Streams, runF func(*waitOptions) error) *cobra.Command {
	o := &waitOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "wait [flags] listening|free [tcp|udp] [ADDRESS]:PORT",
		Short: "Wait until something listens on a port, or until the port is free",
		Long: `wait returns when something listens on a port, or when a program can bind it, and
says who has come or gone.

The protocol is TCP unless another is named, also where the command why means
both. "listening" is true of an address when a socket on it, or on all addresses,
would be reached there; without an address, any will do. Of several ports (80,443
or 8000-8010) it must be true at one time.

"free" is about what a bind() by this user, or that of --uid, would say. Without
an address the wildcard is meant, in both families. A plain bind needs a port on
which nothing is left, no connection and no TIME_WAIT. With --reuseaddr it is
about a program that sets SO_REUSEADDR, as most servers do; it can share the port
with what others that set it have left, and with nothing else. What no table tells,
such as the option of a connection in TIME_WAIT, is tried: wait binds the port for
a moment, without listening, and closes it. An address that is not here is waited
for; what no waiting brings, such as a privilege, is a failure at once.

The end of a socket is noticed at once, a new one within a tenth of a second.

Exit code: 0 it has come true, 1 time was up, 2 wrong usage or failure.`,
		Example: `  sockls wait listening :8080 && curl localhost:8080
  sockls wait free tcp 127.0.0.1:8080 --timeout 30s
  sockls wait free :80,443 --reuseaddr
  sockls wait listening udp 53 --timeout 0   do not wait, only ask
  sockls wait listening 5432 --json`,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			if runF != nil {
				return runF(o)
			}
			return waitRun(cmd.Context(), o)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	o.flags(cmd.Flags())
	return cmd
}

func (o *waitOptions) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.BoolVarP(&o.tcp, "tcp", "t", false, "the same as the word tcp")
	f.BoolVarP(&o.udp, "udp", "u", false, "the same as the word udp")
	f.BoolVarP(&o.ipv4, "ipv4", "4", false, "IPv4; without an address, free is meant for 0.0.0.0")
	f.BoolVarP(&o.ipv6, "ipv6", "6", false, "IPv6; without an address, free is meant for [::]")
	f.Func("timeout", "give up after `TIME`, such as 30s, 5m, or 30 for seconds; 0 asks once. Without it there is no end", func(text string) (err error) {
		o.timeout, err = parseTimeout(text)
		o.limited = true
		return err
	})
	o.program.flags(f, "free is meant for a program that sets SO_REUSEADDR",
		"free is meant for a program of `USER`, a name or a number", "wait in another network namespace")
	f.BoolVarP(&o.json, "json", "j", false, "print how it ended as JSON")
	f.BoolVar(&o.quiet, "quiet", false, "print nothing; the exit code says it")
}

// parseTimeout takes a plain number for seconds, as sleep(1) does.
func parseTimeout(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		seconds, numberErr := strconv.ParseFloat(text, 64)
		if numberErr != nil || math.IsNaN(seconds) {
			return 0, errors.New("it is a time such as 500ms, 30s or 5m, or a number of seconds")
		}
		if seconds > math.MaxInt64/float64(time.Second) {
			return 0, errors.New("it is too long; without the flag there is no end")
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	if d < 0 {
		return 0, errors.New("it is a time that has passed")
	}
	return d, nil
}

// waitRun waits, and says how it ended.
func waitRun(ctx context.Context, o *waitOptions) error {
	w, err := o.ask(ctx)
	if err != nil {
		return err
	}
	defer holdNetNS(o.namespace)()
	outcome, err := w.Run(ctx)
	var never *waiting.NeverError
	if errors.As(err, &never) {
		return o.hopeless(never)
	}
	if err != nil {
		return err
	}
	return o.tell(w, &outcome)
}

// tell prints how it ended.
func (o *waitOptions) tell(w *waiting.Wait, outcome *waiting.Outcome) error {
	switch {
	case o.json:
		if err := o.document(w, outcome); err != nil {
			return err
		}
	case !o.quiet && outcome.Met:
		for i := range outcome.Targets {
			if _, err := fmt.Fprintln(o.streams.Out, met(w.Condition, &outcome.Targets[i])); err != nil {
				return err
			}
		}
	}
	if !o.quiet {
		if !outcome.Met && !o.json {
			// There is nowhere left to report that standard error fails.
			_, _ = fmt.Fprintln(o.streams.Err, "sockls: "+unmet(w, outcome))
		}
		for _, n := range outcome.Report.Notices {
			complainOf(o.streams, n)
		}
	}
	if !outcome.Met {
		return exitError(exitTimeOut)
	}
	return nil
}

// ask makes what is to be waited for of the words.
func (o *waitOptions) ask(ctx context.Context) (*waiting.Wait, error) {
	w := &waiting.Wait{Timeout: o.timeout, Limited: o.limited, Collector: o.system, Subscribe: collector.Ends(o.namespace)}
	switch {
	case o.json:
		w.Details = holderDetails | socket.DetailUser | socket.DetailNetNS
	case !o.quiet:
		w.Details = socket.DetailOwners
	}
	condition, words, err := conditionOf(o.words)
	if err != nil {
		return nil, err
	}
	w.Condition = condition
	switch {
	case condition == waiting.Free:
	case o.reuseAddr:
		return nil, errors.New("--reuseaddr is about a program that wants the port: it goes with free")
	case o.asUser:
		return nil, errors.New("--uid is about a program that wants the port: it goes with free")
	}
	t, err := parseTarget(ctx, words)
	if err != nil {
		return nil, err
	}
	if w.Targets, err = o.targets(t, condition); err != nil {
		return nil, err
	}
	if w.Collector == nil {
		if w.Collector, err = collector.New(collector.Options{NetNS: o.namespace}); err != nil {
			return nil, err
		}
	}
	if condition == waiting.Free {
		err = o.wanted(w)
	}
	return w, err
}

// wanted is what the program does that wants the port.
func (o *waitOptions) wanted(w *waiting.Wait) error {
	var ok bool
	if w.Surveyor, ok = w.Collector.(collector.Surveyor); !ok {
		return fmt.Errorf("whether a port is free cannot be told on this system: %w", errors.ErrUnsupported)
	}
	w.Program = o.bind(w.Surveyor)
	return nil
}

// hopeless says why there is nothing to wait for.
func (o *waitOptions) hopeless(e *waiting.NeverError) error {
	reason := "bind fails with " + e.Errno + "."
	if e.Reason != nil {
		reason = e.Reason.Text
	}
	if e.Reason != nil && e.Reason.Rule == why.RulePrivileged && !o.asUser {
		reason += " --uid asks for another user's program."
	}
	return fmt.Errorf("%s is waited for in vain: %s", awaited(&e.Target), reason)
}

// conditionOf takes the condition from among the words.
func conditionOf(words []string) (waiting.Condition, []string, error) {
	all := [...]waiting.Condition{waiting.Listening, waiting.Free}
	at, condition := -1, waiting.Condition(0)
	for i, word := range words {
		for _, c := range all {
			switch {
			case word != c.String():
			case at >= 0:
				return 0, nil, fmt.Errorf("%s and %s: it is one condition that is waited for", words[at], word)
			default:
				at, condition = i, c
			}
		}
	}
	if at >= 0 {
		return condition, slices.Delete(slices.Clone(words), at, at+1), nil
	}
	if len(words) == 0 {
		return 0, nil, errors.New("wait for what? listening or free, and a port: sockls wait listening :8080")
	}
	return 0, nil, unknownWord("condition", "", words[0], []string{all[0].String(), all[1].String()})
}
