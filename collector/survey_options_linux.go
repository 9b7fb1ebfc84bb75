package collector

import (
	"cmp"
	"slices"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// askOptions asks the sockets, through their holders, whether they share address
// and port: process by process, which is cheapest.
func (l *linux) askOptions(s *Survey) {
	held := slices.DeleteFunc(slices.Clone(s.Sockets), func(row *socket.Socket) bool { return len(row.Processes) == 0 })
	sorting.Stable(held, func(a, b *socket.Socket) int {
		return cmp.Compare(a.Processes[0].Process.PID, b.Processes[0].Process.PID)
	})
	e := newExtras(l.proc)
	defer e.close()
	for _, row := range held {
		e.askReuse(row)
	}
	s.Notices = append(s.Notices, e.unaskedNotice()...)
}
