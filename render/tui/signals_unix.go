//go:build !windows

package tui

import (
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
)

// start takes the signals, and returns what leaves them to the system again.
func (s *signals) start(p *tea.Program) (stop func()) {
	ending, stopping, continuing := make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan os.Signal, 1)
	done := make(chan struct{})
	signal.Notify(ending, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	s.listen = func() { signal.Notify(stopping, syscall.SIGTSTP) }
	s.forget = func() { signal.Reset(syscall.SIGTSTP) }
	s.listen()
	signal.Notify(continuing, syscall.SIGCONT)
	go func() {
		for {
			select {
			case sig := <-ending:
				s.got.CompareAndSwap(nil, &sig)
				p.Quit()
			case <-stopping:
				p.Send(tea.SuspendMsg{})
			case <-continuing:
				// Nobody can see SIGSTOP coming. Somebody else had the terminal
				// since, and has left it in another state.
				if !s.asleep.Load() && p.ReleaseTerminal() == nil {
					_ = p.RestoreTerminal()
					p.Send(repaintMsg{})
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(ending)
		signal.Stop(stopping)
		signal.Stop(continuing)
		close(done)
	}
}
