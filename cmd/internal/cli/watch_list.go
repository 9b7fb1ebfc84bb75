package cli

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// listWatch is the listing again and again: what watch does, by the flags that hands
// have on the line already.
func listWatch(ctx context.Context, o *listOptions) error {
	for _, clash := range []struct {
		given bool
		flag  string
	}{
		{o.json, "--json"},
		{o.csv, "--csv"},
		{o.summary != "", "--summary"},
		{o.saves, "--save"},
		{o.from != "", "--from"},
		{o.resolve, "--resolve"},
		{o.strict, "--strict"},
		{o.explainFilter, "--explain-filter"},
	} {
		if clash.given {
			return fmt.Errorf("--watch goes on and on, and %s does not go with it; --jsonl prints an object for each event", clash.flag)
		}
	}
	w := &watchOptions{
		listOptions: *o, interval: o.every, paced: o.every != watchInterval, queue: watchQueue,
		streamed: o.jsonl || o.quiet,
	}
	return watchRun(ctx, w)
}

// intervalFlag is the time from one look to the next. It implements pflag.Value.
type intervalFlag struct {
	interval *time.Duration
	given    *bool
}

// String implements pflag.Value.
func (f *intervalFlag) String() string { return "" }

// Type implements pflag.Value.
func (f *intervalFlag) Type() string { return "time" }

// Set implements pflag.Value.
func (f *intervalFlag) Set(text string) error {
	d, err := parseTimeout(text)
	if err != nil {
		return err
	}
	if d < shortestInterval {
		return errors.New("it is 10ms or more")
	}
	*f.interval, *f.given = d, true
	return nil
}
