package field

import (
	"cmp"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// processFields are the columns about the holders of the socket.
var processFields = []Field{
	{
		Name: "process", Header: "PROCESS", JSONKey: "processes", Shrink: 2, Min: 10, Reserve: 16,
		Help:    "every process that holds the socket, name[pid,pid/thread], or (why there is none)",
		Details: socket.DetailOwners,
		Value:   appendProcesses, Shorten: shortenList, Role: processRole,
		Compare: firstProcess(func(a, b *socket.Process) int {
			if c := strings.Compare(a.Name, b.Name); c != 0 {
				return c
			}
			return cmp.Compare(a.PID, b.PID)
		}),
	},
	{
		Name: "pid", Header: "PID", JSONKey: "processes[].pid", Shrink: 1, Min: 10, Reserve: 7,
		Help:    "process ids",
		Details: socket.DetailOwners,
		Value:   eachProcess(always, appendPID), Shorten: shortenList,
		Compare: firstProcess(func(a, b *socket.Process) int { return cmp.Compare(a.PID, b.PID) }),
	},
	{
		Name: "tid", Header: "TID", JSONKey: "processes[].tid", Shrink: 1, Min: 10,
		Help:    "thread ids, where a thread's own descriptor table holds the socket",
		Details: socket.DetailOwners,
		Value: func(dst []byte, s *socket.Socket) []byte {
			return eachHolder(dst, s, func(h *socket.Holder) (int, bool) { return h.TID, h.TID != 0 })
		},
		Shorten: shortenList,
		Compare: func(a, b *socket.Socket) int {
			return compareHolder(a, b, func(h *socket.Holder) int { return h.TID })
		},
	},
	{
		Name: "fd", Header: "FD", JSONKey: "processes[].fd", Shrink: 1, Min: 10,
		Help:    "descriptor numbers of all holders",
		Details: socket.DetailOwners,
		Value: func(dst []byte, s *socket.Socket) []byte {
			return eachHolder(dst, s, func(h *socket.Holder) (int, bool) { return h.FD, h.FD >= 0 })
		},
		Shorten: shortenList,
		Compare: func(a, b *socket.Socket) int {
			return compareHolder(a, b, func(h *socket.Holder) int { return h.FD })
		},
	},
	{
		Name: "name", Header: "NAME", JSONKey: "processes[].name", Shrink: 2, Min: 6, Reserve: 15,
		Help:    "process names",
		Details: socket.DetailOwners,
		Value: eachProcess(always, func(dst []byte, p *socket.Process) []byte {
			return text.AppendQuoted(dst, p.Name)
		}),
		Compare: firstProcess(func(a, b *socket.Process) int { return strings.Compare(a.Name, b.Name) }),
	},
	{
		Name: "command", Header: "COMMAND", JSONKey: "processes[].command", Shrink: 3, Min: 10, Reserve: 20,
		Help:    "command lines of the processes",
		Details: socket.DetailOwners | socket.DetailCommand,
		Value:   eachText(func(p *socket.Process) string { return p.Command }),
		Compare: firstProcess(func(a, b *socket.Process) int { return strings.Compare(a.Command, b.Command) }),
	},
	{
		Name: "exe", Header: "EXE", JSONKey: "processes[].exe", Shrink: 3, Min: 10, Reserve: 20,
		Help:    "program paths of the processes",
		Details: socket.DetailOwners | socket.DetailExe,
		Value:   eachText(func(p *socket.Process) string { return p.Exe }),
		Compare: firstProcess(func(a, b *socket.Process) int { return strings.Compare(a.Exe, b.Exe) }),
	},
	{
		Name: "started", Header: "STARTED", JSONKey: "processes[].started", Shrink: 1, Min: 20, Reserve: 20,
		Help:    "when the processes started, UTC",
		Details: socket.DetailOwners | socket.DetailStarted,
		Value:   eachProcess(hasStarted, appendStarted), Shorten: shortenList,
		Compare: firstProcess(func(a, b *socket.Process) int { return a.Started.Compare(b.Started) }),
	},
	{
		Name: "process-user", Header: "PROCESS-USER", JSONKey: "processes[].user", Shrink: 1, Min: 12,
		Help:    "users that the processes run as",
		Details: socket.DetailOwners | socket.DetailProcessUser,
		Value:   eachProcess(hasUser, appendProcessUser),
		Compare: firstProcess(func(a, b *socket.Process) int {
			if c := strings.Compare(a.User, b.User); c != 0 {
				return c
			}
			return cmp.Compare(a.UID, b.UID)
		}),
	},
	{
		Name: "context", Header: "CONTEXT", JSONKey: "processes[].context", Shrink: 2, Min: 10, Reserve: 20,
		Help:    "security contexts of the processes",
		Details: socket.DetailOwners | socket.DetailContext,
		Value:   eachText(func(p *socket.Process) string { return p.Context }),
		Compare: firstProcess(func(a, b *socket.Process) int { return strings.Compare(a.Context, b.Context) }),
	},
	{
		Name: "cwd", Header: "CWD", JSONKey: "processes[].cwd", Shrink: 3, Min: 10, Reserve: 20,
		Help:    "working directories of the processes",
		Details: socket.DetailOwners | socket.DetailDir,
		Value:   eachText(func(p *socket.Process) string { return p.Dir }),
		Compare: firstProcess(func(a, b *socket.Process) int { return strings.Compare(a.Dir, b.Dir) }),
	},
	{
		Name: "parents", Header: "PARENTS", JSONKey: "processes[].parents", Shrink: 3, Min: 10, Reserve: 24,
		Help:    "ancestors of the processes, the nearest first: name[pid]/name[pid]",
		Details: socket.DetailOwners | socket.DetailParents,
		Value:   eachProcess(hasParents, appendParents), Shorten: shortenList,
		Compare: firstProcess(compareParents),
	},
	{
		Name: "unit", Header: "UNIT", JSONKey: "processes[].unit", Shrink: 2, Min: 10, Reserve: 20,
		Help:    "systemd units that the processes belong to, those of a user as user@UID.service/UNIT",
		Details: socket.DetailOwners | socket.DetailWorkload,
		Value:   eachProcess(hasUnit, appendUnit), Shorten: shortenList,
		Compare: firstProcess(compareUnit),
	},
	{
		Name: "container", Header: "CONTAINER", JSONKey: "processes[].container", Shrink: 2, Min: 10, Reserve: 20,
		Help:    "containers that the processes run in: engine and name, or the first digits of the id",
		Details: socket.DetailOwners | socket.DetailWorkload,
		Value:   eachProcess(hasContainer, appendContainer), Shorten: shortenList,
		Compare: firstProcess(compareContainer),
	},
	{
		Name: "inner-pid", Header: "INNER-PID", JSONKey: "processes[].inner_pid", Shrink: 1, Min: 10,
		Help:    "process ids within the pid namespaces that the processes are in, where that is another one",
		Details: socket.DetailOwners | socket.DetailWorkload,
		Value:   eachProcess(hasInnerPID, appendInnerPID), Shorten: shortenList,
		Compare: firstProcess(func(a, b *socket.Process) int { return cmp.Compare(a.InnerPID, b.InnerPID) }),
	},
	{
		Name: "reason", Header: "REASON", JSONKey: "no_process", Shrink: 1, Min: 8,
		Help:    "why no process holds the socket: time-wait, orphan, not-accepted, kernel, hidden, in-flight, other-pid-namespace, unknown",
		Details: socket.DetailOwners,
		Value: func(dst []byte, s *socket.Socket) []byte {
			if len(s.Processes) > 0 {
				return dst
			}
			return append(dst, s.NoProcess.String()...)
		},
		Role:    func(*socket.Socket) text.Role { return text.Dim },
		Compare: func(a, b *socket.Socket) int { return cmp.Compare(a.NoProcess, b.NoProcess) },
	},
}

// compareHolder orders sockets by a number of their first holder; those
// without a holder come last.
func compareHolder(a, b *socket.Socket, number func(*socket.Holder) int) int {
	if len(a.Processes) == 0 || len(b.Processes) == 0 {
		return cmp.Compare(len(b.Processes), len(a.Processes))
	}
	return cmp.Compare(number(&a.Processes[0]), number(&b.Processes[0]))
}
