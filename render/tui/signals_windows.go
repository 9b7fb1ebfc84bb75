package tui

import (
	"os"
	"os/signal"
)

// start takes the signals, and returns what leaves them to the system again.
func (s *signals) start() (stop func()) {
	ending, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(ending, os.Interrupt)
	go func() {
		for {
			select {
			case sig := <-ending:
				if !s.away.Load() {
					s.ended(sig)
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(ending)
		close(done)
	}
}

// canSleep reports that nothing stops programs here.
func (s *signals) canSleep() bool { return false }

// sleep is for systems on which programs are stopped.
func (s *signals) sleep() {}
