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
	signal.Notify(stopping, syscall.SIGTSTP)
	signal.Notify(continuing, syscall.SIGCONT)
	s.sleep = func() {
		select {
		case stopping <- syscall.SIGTSTP:
		default:
		}
	}
	go func() {
		for {
			select {
			case sig := <-ending:
				s.got.CompareAndSwap(nil, &sig)
				p.Quit()
			case <-stopping:
				sleep(p, stopping, continuing)
			case <-continuing:
				// Nobody can see SIGSTOP coming. Somebody else has had the
				// terminal since, and has left it in another state.
				if p.ReleaseTerminal() == nil {
					wake(p)
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

// sleep gives the terminal back and stops the program until it is continued.
//
// The group is told as the terminal would tell it. The program stops itself by
// SIGSTOP: once Go has caught SIGTSTP, it never gives it back to the system, and
// the signal then does nothing.
func sleep(p *tea.Program, stopping, continuing chan os.Signal) {
	if p.ReleaseTerminal() != nil {
		return
	}
	drain(continuing)
	_ = syscall.Kill(0, syscall.SIGTSTP)
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-continuing
	drain(stopping)
	wake(p)
}

// wake takes the terminal again.
func wake(p *tea.Program) {
	_ = p.RestoreTerminal()
	p.Send(tea.ClearScreen())
}

func drain(signals chan os.Signal) {
	select {
	case <-signals:
	default:
	}
}
