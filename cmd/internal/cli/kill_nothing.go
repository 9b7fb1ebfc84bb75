package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// nothing tells why there is nobody to end: what matches and does not listen.
func (k *killing) nothing(ctx context.Context) string {
	if k.only != nil {
		return "it is closed already"
	}
	where := ""
	if k.choosesNetNS {
		where = " in that network namespace"
	}
	q := k.asked
	q.States, q.Details = socket.AllStates, filter.Details(q.Filter)
	var (
		bound, others int
		port          uint32 // of all that are bound, 0 for several
	)
	_, err := collector.Gather(ctx, k.collector, q, func(s *socket.Socket) {
		switch {
		case s.Local.Port == 0 || socket.ListeningStates.Has(s.State):
		case s.State != socket.Bound:
			others++
		default:
			if bound++; bound == 1 {
				port = s.Local.Port
			} else if port != s.Local.Port {
				port = 0
			}
		}
	})
	if err != nil {
		return "nothing that matches listens" + where
	}
	if bound+others == 0 {
		return "nothing matches" + where + ": no socket listens there, is bound there or has a connection"
	}
	message := "nothing that matches listens" + where
	if bound > 0 {
		message += "; " + counted(bound, "socket is", "sockets are") + " bound and not listening, which takes a filter that says so"
		if command := k.boundCommand(port); command != "" {
			message += ": " + command
		}
	}
	if others > 0 {
		message += "; " + counted(others, "connection does match, and is", "connections do match, and are") + " a matter for sockls close"
	}
	return message
}

// boundCommand is the command line for what is bound to a port, "" for none.
func (k *killing) boundCommand(port uint32) string {
	flag, ok := k.netnsFlag()
	if port == 0 || !ok {
		return ""
	}
	return fmt.Sprintf("sockls kill%s 'state bound and port %d'", flag, port)
}

// endsByItself reports whether a socket is but what the kernel keeps of one.
func endsByItself(s *socket.Socket) bool {
	return s.NoProcess == socket.ReasonTimeWait || s.NoProcess == socket.ReasonOrphan
}

// nobody tells why there are sockets and no process that can be ended.
func (k *killing) nobody() string {
	if k.only != nil && len(k.sockets) > 0 && endsByItself(k.sockets[0]) {
		return "no process holds it any more, so there is none to end: the kernel keeps it for a while, and sockls close ends it"
	}
	for _, s := range k.sockets {
		if s.NoProcess != socket.ReasonHidden || len(s.Processes) > 0 {
			continue
		}
		if os.Geteuid() == 0 {
			return "who holds it is hidden even from root here: run it outside of this container or sandbox"
		}
		return "who holds it is hidden from this user: run it as root"
	}
	if len(k.victims) == 0 {
		return "there is no process here that could be ended for it"
	}
	return "there is no process to end"
}
