package tui

import (
	"os"
	"os/signal"

	tea "charm.land/bubbletea/v2"
)

// start takes the signals, and returns what leaves them to the system again.
func (s *signals) start(p *tea.Program) (stop func()) {
	ending, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(ending, os.Interrupt)
	s.sleep = func() {}
	go func() {
		select {
		case sig := <-ending:
			s.got.CompareAndSwap(nil, &sig)
			p.Quit()
		case <-done:
		}
	}()
	return func() {
		signal.Stop(ending)
		close(done)
	}
}
