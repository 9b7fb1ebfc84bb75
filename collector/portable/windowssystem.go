package portable

import (
	"context"
	"errors"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// windowsSystem describes Windows. Its tables name the process of each socket,
// whoever asks: the one that made it, for handles that were given to others are in
// no table. Pid 0 is nobody, and 4 the kernel. There are no queues, and no sockets
// that are bound and do not listen.
func windowsSystem() *system {
	return &system{
		name:    "Windows",
		read:    readWindows,
		owners:  "iphlpapi",
		details: socket.DetailOwners | processDetails | socket.DetailUser,
		protos:  socket.ProtoSetOf(socket.TCP, socket.UDP),
		survey:  surveyWindows,
		rules:   machine.RulesWindows,
	}
}

// readWindows asks for each table by itself. One that is not there, because the
// system does without IPv6, is an empty one; where none can be read there is no
// answer.
func readWindows(ctx context.Context, r *reading) error {
	kinds := r.query.kinds()
	var failures []error
	for _, kind := range kinds {
		rows, err := r.host.Connections(ctx, kind)
		switch {
		case errors.Is(err, ErrUnsupported):
			continue
		case err != nil:
			r.unreadable("the table of "+kind.String(), err)
			failures = append(failures, err)
			continue
		}
		r.from(kind.String())
		for i := range rows {
			row, err := normalise(kind, &rows[i])
			if err != nil {
				r.unreadable("a row of the table of "+kind.String(), err)
				continue
			}
			r.add(row)
		}
	}
	if len(failures) > 0 && len(failures) == len(kinds) {
		return errors.Join(failures...)
	}
	return nil
}
