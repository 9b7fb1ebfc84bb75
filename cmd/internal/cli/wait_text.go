package cli

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
	"github.com/sockls/sockls/collector/waiting"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/text"
)

// met is the line about a target of which it is true, and who has come or gone.
func met(c waiting.Condition, t *waiting.TargetOutcome) string {
	if c == waiting.Free {
		return awaited(&t.Target) + " free" + departed(t)
	}
	var lines []string
	for _, group := range places(t.Sockets) {
		lines = append(lines, placeName(group)+" listening"+by(": ", group))
	}
	return strings.Join(lines, "\n")
}

// departed tells what was in the way.
func departed(t *waiting.TargetOutcome) string {
	var names []string
	for _, s := range places(t.Gone) {
		if who := column("process", s); !slices.Contains(names, who) {
			names = append(names, who)
		}
	}
	remains := ""
	if slices.ContainsFunc(t.Last, func(s *socket.Socket) bool { return s.State == socket.TimeWait }) {
		remains = "the last TIME_WAIT is over"
	}
	switch {
	case len(names) > 0 && remains != "":
		return "; " + strings.Join(names, ", ") + " has closed it, and " + remains
	case len(names) > 0:
		return "; " + strings.Join(names, ", ") + " has closed it"
	case remains != "":
		return "; " + remains
	case len(t.Last) > 0:
		return "; what was there is gone" + by(" ", t.Last[0])
	}
	return ""
}

// fewSockets is how many are told of when time is up.
const fewSockets = 5

// unmet says what time was up for. It is made of texts that are safe to print.
func unmet(w *waiting.Wait, o *waiting.Outcome) string {
	var missing []string
	for i := range o.Targets {
		t := &o.Targets[i]
		switch {
		case t.Met:
		case w.Condition == waiting.Listening:
			missing = append(missing, "nothing listens on "+awaited(&t.Target))
		default:
			missing = append(missing, awaited(&t.Target)+held(t))
		}
	}
	if n := len(missing) - fewSockets; n > 1 {
		missing = append(missing[:fewSockets], fmt.Sprintf("and so on for %d more", n))
	}
	if len(missing) == 0 { // each was met, and none when the others were
		missing = append(missing, "it was never true of all at one time")
	}
	all := strings.Join(missing, "; ")
	if w.Timeout > 0 {
		all = "after " + w.Timeout.String() + " " + all
	}
	return all
}

// held says what keeps a program from binding a target.
func held(t *waiting.TargetOutcome) string {
	switch sockets := inTheWay(t.Sockets); {
	case t.Verdict == why.Refused && t.Reason != nil:
		return " cannot be bound (" + t.Errno + "): " + strings.TrimSuffix(t.Reason.Text, ".")
	case t.Verdict == why.Refused:
		return " cannot be bound (" + t.Errno + ")"
	case t.Verdict == why.Unclear && sockets == "":
		return " may be in use: not all sockets could be read, and this user cannot try it"
	case t.Verdict == why.Unclear:
		return " may be held by " + sockets + ", which cannot be told, nor tried by this user"
	case sockets == "":
		return " is in use (" + t.Errno + "), and nothing is to be seen that has it"
	default:
		return " is held by " + sockets
	}
}

// inTheWay lists what keeps a port.
func inTheWay(sockets []*socket.Socket) string {
	var list []string
	for _, s := range places(sockets) {
		one := column("local", s) + " " + s.State.String() + by(" ", s)
		if d := s.Details; d != nil && d.Timer != nil && d.Timer.Kind == socket.TimerTimeWait {
			left := time.Duration(d.Timer.Expires) * time.Millisecond
			one += fmt.Sprintf(" (%ds left)", int64(left.Round(time.Second)/time.Second))
		}
		list = append(list, one)
	}
	if n := len(list) - fewSockets; n > 1 {
		list = append(list[:fewSockets], fmt.Sprintf("%d more", n))
	}
	return strings.Join(list, ", ")
}

// by names the processes of a socket, or says why there are none.
func by(before string, s *socket.Socket) string {
	if s.NoProcess == socket.ReasonTimeWait {
		return "" // its state says it
	}
	if who := column("process", s); who != "" {
		return before + who
	}
	return ""
}

// places makes one row of sockets at the same place and in the same state, such
// as the listeners of a reuseport group, with the processes of all. Those that
// people look for come first.
func places(sockets []*socket.Socket) []*socket.Socket {
	type place struct {
		proto socket.Proto
		state socket.State
		local socket.Endpoint
	}
	at := map[place]*socket.Socket{}
	var all []*socket.Socket
	for _, s := range sockets {
		p := place{s.Proto, s.State, s.Local}
		if first, ok := at[p]; ok {
			first.Processes = append(first.Processes, s.Processes...)
			continue
		}
		row := *s
		row.Processes = slices.Clone(s.Processes)
		at[p] = &row
		all = append(all, &row)
	}
	for _, s := range all {
		sorting.Stable(s.Processes, func(a, b socket.Holder) int { return a.Process.PID - b.Process.PID })
	}
	sorting.Stable(all, socket.Compare)
	return all
}

// awaited names a target.
func awaited(t *waiting.Target) string {
	port := ":" + strconv.Itoa(int(t.Port))
	switch {
	case len(t.Addrs) > 0:
	case t.Family == socket.IPv4:
		return t.Proto.String() + " *" + port + " (IPv4)"
	case t.Family == socket.IPv6:
		return t.Proto.String() + " *" + port + " (IPv6)"
	default:
		return t.Proto.String() + " *" + port
	}
	var all []string
	for _, a := range t.Addrs {
		all = append(all, netip.AddrPortFrom(a, t.Port).String())
	}
	// The zone can be anything.
	return t.Proto.String() + " " + string(text.AppendEscaped(nil, strings.Join(all, ", ")))
}
