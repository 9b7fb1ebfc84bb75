package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
	"github.com/sockls/sockls/render/jsonout"
	"github.com/sockls/sockls/render/text"
)

// victim is a process that holds some of the sockets.
type victim struct {
	ending.Target
	seen *socket.Process
	// holds is the first of its sockets.
	holds  *socket.Socket
	advice *why.Remedy
	// process is nil where it is not to be signalled; refused then tells why.
	process *ending.Process
	refused error
	outcome *ending.Outcome
}

var errManager = errors.New("it is a service manager, which holds the port for a service")

// enlist makes victims of all who hold the sockets.
func (k *killing) enlist() {
	var units []workload.SocketUnit
	for _, target := range ending.Targets(k.sockets) {
		v := &victim{Target: target}
		for _, s := range k.sockets {
			i := slices.IndexFunc(s.Processes, func(h socket.Holder) bool {
				return h.Process.PID == target.PID && h.Process.Started.Equal(target.Started)
			})
			if i >= 0 {
				v.seen, v.holds = s.Processes[i].Process, s
				break
			}
		}
		if why.Manager(v.seen) {
			if v.PID != 1 {
				v.refused = errManager
			}
			if units == nil {
				units, _ = workload.SocketUnits("") // those that cannot be read give no advice
			}
		}
		k.victims = append(k.victims, v)
	}
	for _, v := range k.victims {
		if r, ok := why.Stop(v.holds, v.seen, units); ok {
			v.advice = &r
		}
	}
}

// name is the process as it is called in a line of text, escaped.
func (v *victim) name() string {
	return string(text.AppendQuoted(nil, v.seen.Name)) + fmt.Sprintf("[%d]", v.PID)
}

// hint is the advice in one line, escaped.
func (v *victim) hint() string {
	line := escaped(v.advice.Text)
	if v.advice.Command != "" {
		line = strings.TrimSuffix(line, ".") + ": " + escaped(v.advice.Command)
	}
	return line
}

// describe shows the sockets, the processes, and what there is to say about them.
func (k *killing) describe() error {
	if k.json {
		return nil
	}
	if err := k.show("proto,state,local,user,process", k.sockets); err != nil {
		return err
	}
	for _, s := range k.sockets {
		if len(s.Processes) == 0 {
			if err := k.say("  " + placeName(s) + ": " + unreachable(s)); err != nil {
				return err
			}
		} else if s.MoreHolders {
			if err := k.say("  " + placeName(s) + ": processes that this user may not look into may hold it, too"); err != nil {
				return err
			}
		}
	}
	if len(k.victims) == 0 {
		return nil
	}
	rows := make([]*socket.Socket, len(k.victims))
	columns := "pid,name,process-user,started,"
	for i, v := range k.victims {
		rows[i] = &socket.Socket{Proto: v.holds.Proto, Processes: []socket.Holder{{Process: v.seen}}}
	}
	belongs := func(column func(*socket.Workload) bool) bool {
		return slices.ContainsFunc(k.victims, func(v *victim) bool { return v.seen.Workload != nil && column(v.seen.Workload) })
	}
	if belongs(func(w *socket.Workload) bool { return w.Unit != "" }) {
		columns += "unit,"
	}
	if belongs(func(w *socket.Workload) bool { return w.Container != nil }) {
		columns += "container,"
	}
	if err := k.say(""); err != nil {
		return err
	}
	if err := k.show(columns+"command", rows); err != nil {
		return err
	}
	for _, v := range k.victims {
		if v.refused != nil && !v.forbidden() {
			if err := k.say("  " + v.name() + ": " + escaped(v.refused.Error())); err != nil {
				return err
			}
		}
		if v.advice != nil && !v.forbidden() {
			if err := k.say("  " + v.name() + ": " + v.hint()); err != nil {
				return err
			}
		}
	}
	return nil
}

// unreachable tells why a socket has no process to end.
func unreachable(s *socket.Socket) string {
	switch s.NoProcess {
	case socket.ReasonHidden:
		if os.Geteuid() == 0 {
			return "a process holds it that not even root may look into here"
		}
		return "a process holds it that this user may not look into; root can end it"
	case socket.ReasonOtherPIDNS:
		return "a process outside of this pid namespace holds it, and has to be ended there"
	case socket.ReasonKernel:
		return "the kernel itself holds it, and no process"
	case socket.ReasonInFlight:
		return "no process has it open: it was sent over a unix socket and not received, or an io_uring holds it"
	}
	return "who holds it could not be found out"
}

// forbidden reports whether the process is one that is never signalled, so that
// what holds the port cannot be made to let go.
func (v *victim) forbidden() bool {
	var refusal ending.Refusal
	return errors.As(v.refused, &refusal) || errors.Is(v.refused, errManager)
}

// refusal is why nothing is done at all, where that is so.
func (k *killing) refusal() error {
	for _, v := range k.victims {
		if !v.forbidden() {
			continue
		}
		reason := v.refused
		var wrapped *ending.Error
		if errors.As(reason, &wrapped) {
			reason = wrapped.Err
		}
		message := fmt.Sprintf("nothing was done: %s[%d] holds %s, and is never signalled: %v", v.seen.Name, v.PID, placeName(v.holds), reason)
		if v.advice != nil {
			message += ". " + v.advice.Text
			if v.advice.Command != "" {
				message = strings.TrimSuffix(message, ".") + ": " + v.advice.Command
			}
		}
		return errors.New(message)
	}
	return nil
}

// appendOutcome says what became of the process.
func (v *victim) appendOutcome(dst []byte) []byte {
	dst = append(dst, v.name()+": "...)
	if v.outcome == nil {
		return append(dst, "not signalled, "+escaped(v.refused.Error())...)
	}
	o := v.outcome
	switch last := len(o.Signals) - 1; o.Result {
	case ending.Ended:
		dst = append(dst, "ended by SIG"+ending.SignalName(o.Signals[last])...)
	case ending.Released:
		dst = append(dst, "closed it after SIG"+ending.SignalName(o.Signals[last])+", and goes on"...)
	case ending.Remains:
		dst = append(dst, "holds it still, in spite of SIG"+ending.SignalName(o.Signals[last])...)
		if o.Err != nil {
			dst = append(dst, "; "+escaped(o.Err.Error())...)
		}
	case ending.Gone:
		dst = append(dst, "not signalled, "+escaped(o.Err.Error())...)
	default:
		dst = append(dst, "not signalled: "+escaped(o.Err.Error())...)
	}
	return dst
}

// json is the process in the document.
func (v *victim) json() jsonout.EndedProcess {
	p := jsonout.EndedProcess{PID: v.PID, Advice: v.advice}
	o := v.outcome
	if o == nil && v.refused != nil {
		failed := ending.Failed(v.PID, v.refused)
		o = &failed
	}
	if o == nil {
		return p
	}
	p.Result = string(o.Result)
	for _, sig := range o.Signals {
		p.Signals = append(p.Signals, ending.SignalName(sig))
	}
	if o.Err != nil {
		p.Error = o.Err.Error()
	}
	return p
}
