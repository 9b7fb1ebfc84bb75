//go:build !linux

package collector

import (
	"context"
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/probe"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

var _ Surveyor = (*elsewhere)(nil)

// Survey implements Surveyor. There are no network namespaces, no forwards and no
// socket units that could be read.
func (e *elsewhere) Survey(ctx context.Context, ports []machine.Ports) (*Survey, error) {
	s := &Survey{Time: time.Now(), Root: e.Root()}
	q := Query{
		Protos: socket.ProtoSetOf(socket.TCP, socket.UDP), IPv4: true, IPv6: true, States: socket.AllStates,
		Details: surveyed & e.Known(), Filter: onPorts(ports),
	}
	report, err := e.Collect(ctx, q, func(row *socket.Socket) error {
		s.Sockets = append(s.Sockets, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.Unseen = incomplete(report.Notices)
	var notices []socket.Notice
	s.Machine, notices = e.Machine(ctx)
	s.Notices = append(report.Notices, notices...)
	return s, nil
}

// May implements Surveyor. Who is not root may have privileged ports on some of
// these systems, at some addresses.
func (e *elsewhere) May(uid uint32) socket.Tri {
	if uid == 0 {
		return socket.Yes
	}
	return socket.Unknown
}

// Try implements Surveyor.
func (e *elsewhere) Try(b why.Bind) (errno string, err error) { return probe.Bind(b) }
