package tui

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/socket"
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
	case m.opts.Kill == nil || e == nil:
		return nil
	case !e.closed.IsZero():
		m.say("it is closed already")
		return nil
	}
	return tea.Exec(&killing{kill: m.opts.Kill, socket: e.now}, func(err error) tea.Msg { return killedMsg{err} })
}

func (m *model) killed(msg killedMsg) {
	if msg.err != nil {
		m.say(msg.err.Error())
	}
}

// killing is a Kill with the terminal to itself.
type killing struct {
	kill   func(s *socket.Socket, in io.Reader, out, err io.Writer) error
	socket *socket.Socket
	in     io.Reader
	out    io.Writer
	errs   io.Writer
}

func (k *killing) SetStdin(r io.Reader)  { k.in = r }
func (k *killing) SetStdout(w io.Writer) { k.out = w }
func (k *killing) SetStderr(w io.Writer) { k.errs = w }

// Run does it, and waits for the user to have read what it says.
func (k *killing) Run() error {
	err := k.kill(k.socket, k.in, k.out, k.errs)
	fmt.Fprint(k.out, "\nEnter goes back to the screen. ")
	_, readErr := bufio.NewReader(k.in).ReadString('\n')
	if errors.Is(readErr, io.EOF) {
		readErr = nil
	}
	return errors.Join(err, readErr)
}
