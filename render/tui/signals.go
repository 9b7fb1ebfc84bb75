package tui

import (
	"os"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
)

// signals are those that end, stop and continue the program.
type signals struct {
	program *tea.Program
	got     atomic.Pointer[os.Signal] // the one that ends it
	broken  error                     // the terminal could not be had back
	// away is set while a question has the terminal, in the state in which the
	// screen has found it.
	away atomic.Bool
	// asleep is set from before the program stops itself until it is continued,
	// which woken tells.
	asleep   atomic.Bool
	woken    chan struct{}
	stopping chan os.Signal
}

// continuedMsg says that the program was stopped by what nobody can see coming.
type continuedMsg struct{}

// filter sees each message before the model does. It is called where messages are
// worked on, so nothing else happens to the terminal meanwhile.
func (s *signals) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.SuspendMsg:
		// This is not left to bubbletea, whose signal would be caught.
		if !s.canSleep() || s.release() != nil {
			return nil
		}
		s.sleep()
	case continuedMsg:
		// Somebody else has had the terminal, and left it in another state.
		if s.release() != nil {
			return nil
		}
	default:
		return msg
	}
	if s.broken = s.program.RestoreTerminal(); s.broken != nil {
		return tea.QuitMsg{}
	}
	return tea.ClearScreen()
}

// release gives the terminal back. What draws on it stops its clock some time after
// it has been told to; were the terminal taken again before that, the new clock
// would be stopped, and nothing drawn any more.
func (s *signals) release() error {
	err := s.program.ReleaseTerminal()
	time.Sleep(clockStops)
	return err
}

const clockStops = 20 * time.Millisecond

// ended takes the signal that ends the screen.
func (s *signals) ended(sig os.Signal) {
	s.got.CompareAndSwap(nil, &sig)
	go s.program.Quit()
}

// patience is how long after a signal the screen may take to end. It takes longer
// where the terminal does not take what is written to it, or a question waits for
// its answer.
const patience = 2 * time.Second
