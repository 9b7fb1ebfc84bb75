package tui

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// target is the socket that keys are about, nil where there is none.
func (m *model) target() *entry {
	if m.mode == inDetail {
		return m.detail.entry
	}
	return m.selected()
}

// copyRow hands the row to the terminal's clipboard (OSC 52), as one line with a
// tab between the cells. The texts are escaped as they are on the screen.
func (m *model) copyRow() tea.Cmd {
	e := m.target()
	if e == nil {
		m.say("choose a socket first")
		return nil
	}
	var row []byte
	for j := range m.columns {
		if j > 0 {
			row = append(row, '\t')
		}
		row = m.columns[j].append(row, e)
	}
	m.say("copied, if the terminal allows it")
	return tea.SetClipboard(string(row))
}

// killedMsg tells how ending a process went.
type killedMsg struct{ err error }

// kill ends what holds the socket. It asks for itself, on the terminal as it was
// before the screen came.
func (m *model) kill() tea.Cmd {
	e := m.target()
	switch {
	case m.opts.Kill == nil:
		return nil
	case e == nil:
		m.say("choose a socket first: a group is not killed as a whole")
		return nil
	case !e.closed.IsZero():
		m.say("it is closed already")
		return nil
	}
	k := &killing{kill: m.opts.Kill, socket: e.now, terminal: m.terminal, signals: m.signals}
	return tea.Exec(k, func(err error) tea.Msg { return killedMsg{err} })
}

func (m *model) killed(msg killedMsg) {
	if msg.err != nil {
		m.say(msg.err.Error())
	}
}

// killing is a Kill with the terminal to itself: the one of the screen, and none
// of what bubbletea takes for it.
type killing struct {
	kill     func(s *socket.Socket, in io.Reader, out, err io.Writer) error
	socket   *socket.Socket
	terminal Terminal
	signals  *signals
}

// SetStdin, SetStdout and SetStderr are those of tea.ExecCommand.
func (k *killing) SetStdin(io.Reader)  {}
func (k *killing) SetStdout(io.Writer) {}
func (k *killing) SetStderr(io.Writer) {}

// Run does it, and waits for the user to have read what it says. Messages go to
// the terminal too: standard error may be a file, and it is the user who is asked.
func (k *killing) Run() error {
	k.signals.away.Store(true)
	defer k.signals.away.Store(false)
	in, out := k.terminal.In, k.terminal.Out
	err := k.kill(k.socket, in, out, out)
	if k.signals.got.Load() != nil {
		return err // nobody waits for the screen any more
	}
	if err != nil {
		// It may be long, and the screen has one line for it.
		_, writeErr := fmt.Fprintf(out, "%s\n", text.AppendEscaped(nil, err.Error()))
		err = writeErr
	}
	_, writeErr := fmt.Fprint(out, "\nEnter goes back to the screen. ")
	_, readErr := bufio.NewReader(in).ReadString('\n')
	if errors.Is(readErr, io.EOF) {
		readErr = nil
	}
	return errors.Join(err, writeErr, readErr)
}
