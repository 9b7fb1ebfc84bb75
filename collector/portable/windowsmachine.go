package portable

import (
	"context"
	"sync"
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// netsh tells what no interface for programs does.
func netsh() Program { return Program{"netsh", []string{"netsh.exe"}, 10 * time.Second} }

// surveyWindows asks netsh for the ports that Windows keeps from programs, those
// that it chooses from, and what is registered with http.sys. Each takes a tenth of
// a second, so all are asked at once.
func surveyWindows(ctx context.Context, host Host, m *machine.Machine) []socket.Notice {
	var (
		wait     sync.WaitGroup
		lists    = [...]excludedList{{TCP4, nil, nil}, {TCP6, nil, nil}, {UDP4, nil, nil}, {UDP6, nil, nil}}
		dynamic  machine.Ports
		unknown  error
		queues   []machine.HTTPQueue
		noQueues error
	)
	for i := range lists {
		wait.Go(func() { lists[i].ask(ctx, host) })
	}
	wait.Go(func() {
		var text []byte
		if text, unknown = host.Run(ctx, netsh(), "interface", "ipv4", "show", "dynamicport", "tcp"); unknown == nil {
			dynamic, unknown = parseDynamic(text)
		}
	})
	wait.Go(func() {
		var text []byte
		if text, noQueues = host.Run(ctx, netsh(), "http", "show", "servicestate", "view=requestq"); noQueues == nil {
			queues, noQueues = parseHTTPQueues(text)
		}
	})
	wait.Wait()

	var notices []socket.Notice
	m.HasExcluded = true
	for i := range lists {
		l := &lists[i]
		if l.err != nil && m.HasExcluded {
			m.HasExcluded = false
			notices = append(notices, socket.Notice{
				Code:    "excluded-ports-unreadable",
				Message: "the ports that Windows keeps from programs could not be read: " + l.err.Error(),
			})
		}
		m.Excluded = append(m.Excluded, l.ranges...)
	}
	if unknown == nil {
		m.Ephemeral = &dynamic
	} else {
		notices = append(notices, socket.Notice{
			Code: "dynamic-ports-unreadable", Message: "the ports that Windows chooses from could not be read: " + unknown.Error(),
		})
	}
	if m.HasHTTPQueues = noQueues == nil; m.HasHTTPQueues {
		m.HTTPQueues = queues
		nameQueues(ctx, host, m.HTTPQueues)
	}
	return notices
}

// excludedList is what is kept of one table.
type excludedList struct {
	kind   Kind
	ranges []machine.Exclusion
	err    error
}

func (l *excludedList) ask(ctx context.Context, host Host) {
	family := "ipv4"
	if l.kind.Family() == socket.IPv6 {
		family = "ipv6"
	}
	var text []byte
	text, l.err = host.Run(ctx, netsh(), "interface", family, "show", "excludedportrange", "protocol="+l.kind.Proto().String())
	if l.err != nil {
		return
	}
	l.ranges, l.err = parseExcluded(text)
	for i := range l.ranges {
		l.ranges[i].Proto, l.ranges[i].Family = l.kind.Proto(), l.kind.Family()
	}
}

// nameQueues finds the names of the processes of queues, as far as they are known.
func nameQueues(ctx context.Context, host Host, queues []machine.HTTPQueue) {
	for i := range queues {
		q := &queues[i]
		q.Programs = make([]string, len(q.PIDs))
		for j, pid := range q.PIDs {
			if f, err := host.Process(ctx, int32(pid), 0); err == nil { // it may be gone by now
				q.Programs[j] = f.Name
			}
		}
	}
}
