package portable

import (
	"context"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// aixSystem describes AIX, whose netstat lists sockets and nobody who holds them;
// rmsock, which tells of one at a time, takes it away from a process that has gone,
// so it is not asked.
func aixSystem() *system {
	return &system{
		name: "AIX", rules: machine.RulesOther,
		read: func(ctx context.Context, r *reading) error {
			n := netstat{bare: socket.IPv6, dual: socket.Yes, vague: true}
			p := Program{"netstat", []string{"/usr/bin/netstat", "/usr/sbin/netstat"}, tableLimit}
			// Sockets of both families are in each part, so all is asked for at once.
			r.readNetstat(ctx, n, p, [][]string{nil}, "-a", "-n")
			return r.answered()
		},
		details: socket.DetailQueues,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
	}
}
