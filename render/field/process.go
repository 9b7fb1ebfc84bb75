package field

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
	"github.com/sockls/sockls/render/text"
)

// appendProcesses appends every process that holds the socket. Holders come
// ordered by pid, thread and descriptor; processes of one name are put into
// one pair of brackets, where the name first occurs. Where there is none, the
// reason stands in its place.
func appendProcesses(dst []byte, s *socket.Socket) []byte {
	holders := s.Processes
	if len(holders) == 0 {
		return appendReason(dst, s)
	}
	if !sameName(holders) {
		holders = groupByName(holders)
	}
	for start := 0; start < len(holders); {
		end := start + 1
		for end < len(holders) && holders[end].Process.Name == holders[start].Process.Name {
			end++
		}
		if start > 0 {
			dst = append(dst, ',')
		}
		dst = appendGroup(dst, holders[start:end])
		start = end
	}
	return dst
}

// appendGroup appends name[pid,pid/tid]. A process that holds the socket by
// several descriptors of one table is named once.
func appendGroup(dst []byte, group []socket.Holder) []byte {
	dst = text.AppendQuoted(dst, group[0].Process.Name)
	for i, h := range group {
		if i > 0 && h.Process.PID == group[i-1].Process.PID && h.TID == group[i-1].TID {
			continue
		}
		if i == 0 {
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(h.Process.PID), 10)
		if h.TID != 0 {
			dst = strconv.AppendInt(append(dst, '/'), int64(h.TID), 10)
		}
	}
	return append(dst, ']')
}

// sameName is the common case, which needs no regrouping: one process, or a
// server and the workers it forked.
func sameName(holders []socket.Holder) bool {
	for i := 1; i < len(holders); i++ {
		if holders[i].Process.Name != holders[0].Process.Name {
			return false
		}
	}
	return true
}

// groupByName returns a copy in which holders of one name are neighbours.
func groupByName(holders []socket.Holder) []socket.Holder {
	first := make(map[string]int)
	for i := range holders {
		if _, ok := first[holders[i].Process.Name]; !ok {
			first[holders[i].Process.Name] = i
		}
	}
	holders = slices.Clone(holders)
	sorting.Stable(holders, func(a, b socket.Holder) int {
		return cmp.Compare(first[a.Process.Name], first[b.Process.Name])
	})
	return holders
}

// appendReason stands where no process can be named: in parentheses and bare,
// which no process name ever is.
func appendReason(dst []byte, s *socket.Socket) []byte {
	if s.NoProcess == socket.ReasonNone {
		return dst
	}
	dst = append(dst, '(')
	dst = append(dst, s.NoProcess.Text()...)
	return append(dst, ')')
}

func processRole(s *socket.Socket) text.Role {
	if len(s.Processes) == 0 {
		return text.Dim
	}
	return text.Plain
}

// eachProcess makes a Value that lists one fact of each process, in pid order
// and joined by commas, so that the lists of two columns run in parallel. When
// no process has the fact there is no value.
func eachProcess(has func(*socket.Process) bool, value func([]byte, *socket.Process) []byte) func([]byte, *socket.Socket) []byte {
	return func(dst []byte, s *socket.Socket) []byte {
		some := false
		for i := range s.Processes {
			some = some || has(s.Processes[i].Process)
		}
		if !some {
			return dst
		}
		for i := range s.Processes {
			p := s.Processes[i].Process
			if i > 0 {
				if p.PID == s.Processes[i-1].Process.PID {
					continue
				}
				dst = append(dst, ',')
			}
			dst = value(dst, p)
		}
		return dst
	}
}

// eachText is eachProcess for text; a process without it shows "".
func eachText(value func(*socket.Process) string) func([]byte, *socket.Socket) []byte {
	return eachProcess(
		func(p *socket.Process) bool { return value(p) != "" },
		func(dst []byte, p *socket.Process) []byte { return text.AppendQuoted(dst, value(p)) },
	)
}

// eachHolder lists one number of each holder, leaving out zeroes.
func eachHolder(dst []byte, s *socket.Socket, number func(*socket.Holder) (int, bool)) []byte {
	start := len(dst)
	for i := range s.Processes {
		n, ok := number(&s.Processes[i])
		if !ok {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	return dst
}

func always(*socket.Process) bool { return true }

func appendPID(dst []byte, p *socket.Process) []byte {
	return strconv.AppendInt(dst, int64(p.PID), 10)
}

func hasStarted(p *socket.Process) bool { return !p.Started.IsZero() }

// appendStarted prints whole seconds: the kernel counts start times in clock
// ticks, and finer digits would be noise.
func appendStarted(dst []byte, p *socket.Process) []byte {
	if p.Started.IsZero() {
		return append(dst, '"', '"')
	}
	return p.Started.UTC().AppendFormat(dst, time.RFC3339)
}

func hasUser(p *socket.Process) bool { return p.User != "" || p.HasUID }

func appendProcessUser(dst []byte, p *socket.Process) []byte {
	return appendUser(dst, p.User, p.UID, p.HasUID)
}

// appendUser appends the name, or the number where there is no name. A name
// made of digits is quoted so that it cannot pass for another user's number.
func appendUser(dst []byte, name string, uid uint32, known bool) []byte {
	switch {
	case name != "" && name[0] <= '9' && strings.Trim(name, "0123456789") == "":
		return text.AppendInQuotes(dst, name)
	case name != "":
		return text.AppendQuoted(dst, name)
	case known:
		return strconv.AppendUint(dst, uint64(uid), 10)
	}
	return append(dst, '"', '"')
}

// firstProcess orders sockets by a fact of their first process; those without
// a process come last.
func firstProcess(compare func(a, b *socket.Process) int) func(a, b *socket.Socket) int {
	return func(a, b *socket.Socket) int {
		if len(a.Processes) == 0 || len(b.Processes) == 0 {
			return cmp.Compare(len(b.Processes), len(a.Processes))
		}
		return compare(a.Processes[0].Process, b.Processes[0].Process)
	}
}
