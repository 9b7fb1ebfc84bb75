package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// sourceFunc is a Source.
type sourceFunc func(ctx context.Context, w Want, deliver func(Batch)) error

func (f sourceFunc) Watch(ctx context.Context, w Want, deliver func(Batch)) error {
	return f(ctx, w, deliver)
}

// TestFeed: questions that come in any order, one call of Watch at a time, and
// the latest question is the one that is answered.
func TestFeed(t *testing.T) {
	var mu sync.Mutex
	var generations []int
	running := 0
	f := &feed{
		source: sourceFunc(func(ctx context.Context, _ Want, deliver func(Batch)) error {
			mu.Lock()
			running++
			if running > 1 {
				t.Error("two calls of Watch at the same time")
			}
			mu.Unlock()
			deliver(Batch{Fresh: true})
			<-ctx.Done()
			mu.Lock()
			running--
			mu.Unlock()
			return ctx.Err()
		}),
		send: func(msg tea.Msg) {
			mu.Lock()
			defer mu.Unlock()
			generations = append(generations, msg.(batchMsg).generation)
		},
	}
	for _, g := range []int{1, 3, 2, 5, 4} {
		f.ask(t.Context(), g, Want{})
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		mu.Lock()
		done := slices.Contains(generations, 5)
		mu.Unlock()
		if done {
			break
		}
	}
	f.end()
	mu.Lock()
	defer mu.Unlock()
	if running != 0 || !slices.IsSorted(generations) || generations[len(generations)-1] != 5 ||
		slices.Contains(generations, 2) || slices.Contains(generations, 4) {
		t.Errorf("%d still run; answered were %v", running, generations)
	}
}

// TestFeedFails: an error and a panic are told of, and nothing is after the end.
func TestFeedFails(t *testing.T) {
	for _, tt := range []struct {
		watch sourceFunc
		want  func(tea.Msg) bool
	}{
		{
			func(context.Context, Want, func(Batch)) error { return errors.New("broken") },
			func(msg tea.Msg) bool { m, ok := msg.(failedMsg); return ok && m.err.Error() == "broken" },
		},
		{
			func(context.Context, Want, func(Batch)) error { panic("broken") },
			func(msg tea.Msg) bool { m, ok := msg.(brokenMsg); return ok && strings.HasPrefix(m.value, "broken\n") },
		},
	} {
		got := make(chan tea.Msg, 1)
		f := &feed{source: tt.watch, send: func(msg tea.Msg) { got <- msg }}
		f.end() // which has never begun
		f.ask(t.Context(), 1, Want{})
		if msg := <-got; !tt.want(msg) {
			t.Errorf("told %#v", msg)
		}
		f.end()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &feed{source: sourceFunc(func(context.Context, Want, func(Batch)) error {
		t.Error("the source is asked after the end")
		return nil
	})}
	f.ask(ctx, 1, Want{})
	f.end()
}
