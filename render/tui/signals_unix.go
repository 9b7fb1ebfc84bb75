//go:build !windows

package tui

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// start takes the signals, and returns what leaves them to the system again.
func (s *signals) start() (stop func()) {
	ending, stopping, continuing := make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan os.Signal, 1)
	done := make(chan struct{})
	s.stopping, s.woken = stopping, make(chan struct{}, 1)
	for _, sig := range [...]os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) { // as nohup has it
			signal.Notify(ending, sig)
		}
	}
	signal.Notify(stopping, syscall.SIGTSTP)
	signal.Notify(continuing, syscall.SIGCONT)
	go func() {
		var late <-chan time.Time
		interrupts := 0
		for {
			select {
			case sig := <-ending:
				// The first ^C at a question is for what is being asked.
				if interrupts++; sig == syscall.SIGINT && s.away.Load() && interrupts == 1 {
					continue
				}
				s.ended(sig)
				late = time.After(patience)
				if s.away.Load() && sig == syscall.SIGINT {
					late = time.After(0)
				}
			case <-late:
				die(*s.got.Load())
			case <-stopping:
				switch {
				case s.away.Load():
					_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
				case !s.asleep.Load():
					go s.program.Send(tea.SuspendMsg{})
				}
			case <-continuing:
				switch {
				case s.asleep.CompareAndSwap(true, false):
					s.woken <- struct{}{}
				case !s.away.Load():
					go s.program.Send(continuedMsg{})
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

// die ends the program by a signal, as if it had not been caught.
func die(sig os.Signal) {
	signal.Reset(sig)
	if number, ok := sig.(syscall.Signal); ok {
		_ = syscall.Kill(os.Getpid(), number)
	}
}

// canSleep reports whether there is anybody to continue the program: its parent
// belongs to the same session, as a shell does. What a terminal or sshd has
// started would be stopped for ever.
func (s *signals) canSleep() bool {
	parent := os.Getppid()
	if parent <= 0 {
		return false // outside of this pid namespace
	}
	theirs, err := unix.Getsid(parent)
	if err != nil {
		return false
	}
	ours, err := unix.Getsid(0)
	return err == nil && theirs == ours
}

// sleep stops the program until it is continued. The terminal is given back
// already.
//
// The group is told as the terminal would tell it, which the program itself does
// not hear. It stops itself by SIGSTOP: once Go has caught SIGTSTP, it never gives
// it back to the system, and the signal then does nothing.
func (s *signals) sleep() {
	s.asleep.Store(true)
	signal.Ignore(syscall.SIGTSTP)
	_ = syscall.Kill(0, syscall.SIGTSTP)
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-s.woken
	signal.Notify(s.stopping, syscall.SIGTSTP)
}
