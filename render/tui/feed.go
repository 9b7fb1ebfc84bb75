package tui

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	tea "charm.land/bubbletea/v2"
)

// feed runs the source: one call of Watch at a time, for what was asked for last.
type feed struct {
	source Source
	send   func(tea.Msg)

	mu     sync.Mutex
	latest int
	stop   context.CancelFunc
	done   chan struct{} // closed when the call before has returned
}

// ask puts a question in the place of the last one. Questions may come in any
// order; the one of the highest generation counts.
func (f *feed) ask(ctx context.Context, generation int, w Want) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if generation <= f.latest || ctx.Err() != nil {
		return
	}
	f.latest = generation
	if f.stop != nil {
		f.stop()
	}
	before, done := f.done, make(chan struct{})
	ctx, stop := context.WithCancel(ctx)
	f.stop, f.done = stop, done
	go func() {
		defer close(done)
		defer stop()
		defer func() {
			if r := recover(); r != nil {
				f.send(brokenMsg{fmt.Sprintf("%v\n%s", r, debug.Stack())})
			}
		}()
		if before != nil {
			<-before
		}
		if ctx.Err() != nil {
			return
		}
		err := f.source.Watch(ctx, w, func(b Batch) { f.send(batchMsg{generation, b}) })
		if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			f.send(failedMsg{err})
		}
	}()
}

// end stops the source and waits for it.
func (f *feed) end() {
	f.mu.Lock()
	done := f.done
	if f.stop != nil {
		f.stop()
	}
	f.mu.Unlock()
	if done != nil {
		<-done
	}
}
