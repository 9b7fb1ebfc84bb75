//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"
)

// total bounds the whole run, whatever the programs under test do.
const total = 20 * time.Minute

// The first argument chooses among the processes this program can be: the
// one a person starts, an arena, the pen of an open one, a holder, a peer.
const (
	modeArena  = "arena"
	modePen    = "pen"
	modeHolder = "holder"
	modeDump   = "dump"
)

type options struct {
	only   *regexp.Regexp
	rounds int
	quick  bool
	bin    string
}

func main() {
	// PR_SET_PDEATHSIG, which ends an arena when this process dies, is tied
	// to the thread that started it. The main thread lives to the end.
	runtime.LockOSThread()
	if err := dispatch(os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(2)
	}
}

func dispatch(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case modeArena:
			return serveArena(os.Stdin, os.Stdout)
		case modePen:
			return servePen(os.Stdin, os.Stdout)
		case modeHolder:
			return hold(args[1:])
		case modeDump:
			return dump()
		}
	}
	opts, err := parseFlags(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, total)
	defer cancel()
	return bench(ctx, opts)
}

func parseFlags(args []string) (options, error) {
	var opts options
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := set.String("only", "", "run only the works whose `regex` matches \"TABLE: SOCKLS ARGUMENTS vs PEER\"")
	set.IntVar(&opts.rounds, "rounds", 0, "measured rounds of every work (0: 33 for quick works, 11 for others, fewer for slow ones)")
	set.BoolVar(&opts.quick, "quick", false, "only tables of up to 10k sockets, done in a minute")
	set.StringVar(&opts.bin, "bin", "", "measure this sockls instead of building one")
	if err := set.Parse(args); err != nil {
		return opts, err
	}
	if set.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if opts.rounds < 0 {
		return opts, fmt.Errorf("rounds %d: must not be negative", opts.rounds)
	}
	var err error
	opts.only, err = regexp.Compile(*only)
	return opts, err
}

// bench runs every selected work and prints the report. Works that could not
// run are part of the report; failed ones make the exit status 2.
func bench(ctx context.Context, opts options) error {
	works := selectWorks(opts.only, opts.quick)
	if len(works) == 0 {
		return errors.New("no work matches")
	}
	bin, clean, err := program(ctx, opts.bin)
	if err != nil {
		return err
	}
	defer clean()
	limits, err := readLimits()
	if err != nil {
		return err
	}
	where := machine(ctx)
	var results []result
	for _, t := range tables {
		var mine []work
		for _, w := range works {
			if w.Table == t.Name {
				mine = append(mine, w)
			}
		}
		if len(mine) == 0 {
			continue
		}
		if reason := t.obstacle(limits); reason != "" {
			for _, w := range mine {
				results = append(results, result{Work: w, Skipped: reason})
			}
			continue
		}
		results = append(results, stage(ctx, request{Table: t, Works: mine, Program: bin, Rounds: opts.rounds})...)
	}
	if err := report(os.Stdout, where, results); err != nil {
		return err
	}
	for _, r := range results {
		if r.Failed != "" {
			return errors.New("some works failed")
		}
	}
	return nil
}
