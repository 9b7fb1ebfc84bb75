package whyout

import (
	"io"
	"slices"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/text"
)

// Note is what there is to say about a process beside its facts.
type Note struct {
	Label, Text string
	// Command stands on a line of its own, "" for none.
	Command string
}

// Holders prints every process that holds one of the sockets, as an answer does.
// About gives the label before a process and the notes beneath it; those that are
// the same for the next one are not said again.
func Holders(w io.Writer, sockets []*socket.Socket, o Options, about func(*socket.Process) (label string, notes []Note)) error {
	if len(sockets) == 0 {
		return nil
	}
	p := newPen(o)
	all := holders(&why.Reason{Socket: sockets[0], Others: sockets[1:]})
	var (
		before *holder
		said   []Note
	)
	for i := range all {
		label, notes := about(all[i].Process)
		p.holder(label, &all[i], before)
		before = &all[i]
		for _, n := range notes {
			if slices.Contains(said, n) {
				continue
			}
			p.text(n.Text)
			p.flow(3, n.Label, labels, text.Plain)
			if n.Command != "" {
				p.text(n.Command)
				p.line(deeper, text.Established)
			}
		}
		said = notes
	}
	return p.flush(w)
}
