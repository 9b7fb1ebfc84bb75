package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
	"github.com/sockls/sockls/render/jsonout"
	"github.com/sockls/sockls/render/text"
	"github.com/sockls/sockls/render/whyout"
)

// victim is a process that holds some of the sockets.
type victim struct {
	ending.Target
	seen *socket.Process
	// holds is the first of its sockets.
	holds  *socket.Socket
	advice *why.Remedy
	// starter may start it again; nil where nobody is known to.
	starter *ending.Starter
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

// notes are what there is to say about the process before it is ended.
func (v *victim) notes() (notes []whyout.Note) {
	if v.forbidden() {
		return nil // the refusal says it all
	}
	if v.refused != nil {
		notes = append(notes, whyout.Note{Label: "but", Text: v.reason()})
	}
	if v.advice != nil {
		notes = append(notes, whyout.Note{Label: "do", Text: v.advice.Text, Command: v.advice.Command})
	}
	return notes
}

// describe shows the sockets, the processes, and what there is to say about them.
func (k *killing) describe() error {
	if k.json {
		return nil
	}
	columns := "proto,state,local,user,process"
	if k.only != nil && !k.frees() { // whoever holds a connection may serve others too
		columns = "proto,state,local,remote,user,process"
	}
	if err := k.show(columns, k.sockets); err != nil {
		return err
	}
	for _, s := range k.sockets {
		line := "  " + placeName(s) + ": "
		switch {
		case len(s.Processes) == 0:
			line += unreachable(s)
		case s.MoreHolders:
			line += "processes that this user may not look into may hold it, too"
		default:
			continue
		}
		if err := k.write(line); err != nil {
			return err
		}
	}
	if len(k.victims) == 0 {
		return nil
	}
	colours, err := palette("auto", k.streams)
	if err != nil {
		return err
	}
	if err := k.write(""); err != nil {
		return err
	}
	told := map[*victim]bool{}
	style := whyout.Options{Width: k.streams.Width, Palette: colours, Now: k.began}
	return whyout.Holders(k.streams.Out, k.sockets, style, func(p *socket.Process) (string, []whyout.Note) {
		i := slices.IndexFunc(k.victims, func(v *victim) bool { return v.PID == p.PID && v.Started.Equal(p.Started) })
		switch v := k.victims[i]; {
		case v.process == nil:
			return "by", v.notes()
		case told[v]:
			return "", nil // a thread of it has a table of its own
		default:
			told[v] = true
			return "end", v.notes()
		}
	})
}

// unreachable tells why a socket has no process to end.
func unreachable(s *socket.Socket) string {
	switch s.NoProcess {
	case socket.ReasonHidden:
		if os.Geteuid() == 0 {
			return "a process holds it that not even root may look into here"
		}
		return "a process holds it that this user may not look into"
	case socket.ReasonOtherPIDNS:
		return "a process outside of this pid namespace holds it, and has to be ended there"
	case socket.ReasonKernel:
		return "the kernel itself holds it, and no process"
	case socket.ReasonInFlight:
		return "no process has it open: it was sent over a unix socket and not received, or an io_uring holds it"
	}
	return "who holds it could not be found out"
}

// reason is why the process is not signalled, without its pid.
func (v *victim) reason() string {
	var wrapped *ending.Error
	if errors.As(v.refused, &wrapped) {
		return wrapped.Err.Error()
	}
	return v.refused.Error()
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
		message := fmt.Sprintf("nothing was done: %s[%d] holds %s, and is never signalled: %s", v.seen.Name, v.PID, placeName(v.holds), v.reason())
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
		return append(dst, "not signalled, "+escaped(v.reason())...)
	}
	o := v.outcome
	switch last := len(o.Signals) - 1; o.Result {
	case ending.Ended:
		dst = append(dst, "ended by SIG"+ending.SignalName(o.Signals[last])...)
	case ending.Released:
		dst = append(dst, "closed it after SIG"+ending.SignalName(o.Signals[last])+", and goes on"...)
	case ending.Remains:
		if errors.Is(o.Err, ending.ErrInterrupted) {
			return append(dst, "got SIG"+ending.SignalName(o.Signals[last])+", and had not ended when this was interrupted"...)
		}
		dst = append(dst, "holds it still, in spite of SIG"+ending.SignalName(o.Signals[last])...)
		if o.Err != nil {
			dst = append(dst, "; "+escaped(o.Err.Error())...)
		}
	case ending.Gone:
		dst = append(dst, "not signalled, "+escaped(o.Err.Error())...)
	default:
		dst = append(dst, "not signalled: "+escaped(refusalText(o.Err))...)
	}
	return dst
}

// refusalText says why a process was not signalled.
func refusalText(err error) string {
	switch {
	case !errors.Is(err, syscall.EPERM):
		return err.Error()
	case os.Geteuid() == 0:
		return "the kernel does not let even root signal it from here (CAP_KILL, a user namespace or a security module)"
	}
	return "it is another user's; root can end it"
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
