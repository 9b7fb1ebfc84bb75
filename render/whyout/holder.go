package whyout

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/text"
)

// holder is a process with its descriptors of all the sockets of a reason, but of
// no more than show that there are too many.
type holder struct {
	*socket.Process
	tid int
	fds []int
}

// holders are the processes of a reason, each once, in the order in which the
// sockets name them.
func holders(r *why.Reason) []holder {
	if r.Socket == nil {
		return nil
	}
	type key struct{ pid, tid int }
	var (
		all   []holder
		index = make(map[key]int)
	)
	add := func(s *socket.Socket) {
		for i := range s.Processes {
			h := &s.Processes[i]
			k := key{h.Process.PID, h.TID}
			at, ok := index[k]
			if !ok {
				at = len(all)
				index[k] = at
				all = append(all, holder{Process: h.Process, tid: h.TID})
			}
			if fds := &all[at].fds; h.FD >= 0 && len(*fds) <= mostNames && !slices.Contains(*fds, h.FD) {
				*fds = append(*fds, h.FD)
			}
		}
	}
	add(r.Socket)
	for _, s := range r.Others {
		add(s)
	}
	return all
}

// holding prints the holders of a reason's sockets, or what there is in place.
func (p *pen) holding(number int, r *why.Reason) {
	if r.Unit != nil {
		p.name(r.Unit.Name)
		if r.Unit.Service != "" {
			p.say(", which starts ")
			p.name(r.Unit.Service)
		}
		p.flow(3, "for", labels, text.Plain)
	}
	for i := range r.HTTP {
		p.registered(&r.HTTP[i])
		p.flow(3, pick(i == 0, "for", ""), labels, text.Plain)
	}
	all := holders(r)
	if len(all) == 0 {
		p.ownerless(r)
		return
	}
	label := "by"
	var before *holder
	for i := range all {
		if i == mostHolders && len(all) > mostHolders+1 {
			p.say("and ")
			p.names(all[i:])
			p.flow(3, "", labels, text.Plain)
			return
		}
		if told, ok := p.told[all[i].PID]; ok {
			p.descriptors(&all[i])
			p.say(" (see ")
			p.count(told)
			p.say(")")
			p.flow(3, label, labels, text.Plain)
		} else {
			p.holder(label, &all[i], before)
			before = &all[i]
			p.told[all[i].PID] = number
		}
		label = ""
	}
}

// ownerless tells what is known of a socket that no process holds.
func (p *pen) ownerless(r *why.Reason) {
	s := r.Socket
	switch {
	case s == nil:
		return
	case r.Rule == why.RuleKernel:
		p.kernel(r)
	default:
		// The rules about what has lost its process say that themselves.
		lost := r.Rule == why.RuleTimeWait || r.Rule == why.RuleClosing || r.Rule == why.RuleNotAccepted ||
			s.NoProcess == socket.ReasonNone
		if lost && !s.HasUID {
			return
		}
		if !lost {
			p.say("(" + s.NoProcess.Text() + ")")
		}
		if s.HasUID {
			p.say(pick(lost, "", ", ") + "socket of user ")
			p.user(s.User, s.UID)
		}
	}
	p.flow(3, "by", labels, text.Plain)
}

// names are several processes in a line, those of one name together.
func (p *pen) names(all []holder) {
	left := len(all)
	all = slices.Clone(all[:min(len(all), mostNames)])
	sorting.Stable(all, func(a, b holder) int { return strings.Compare(a.Name, b.Name) })
	left -= len(all)
	for i := 0; i < len(all); {
		if i > 0 {
			p.say(", ")
		}
		p.name(all[i].Name)
		p.say("[")
		for first := i; i < len(all) && all[i].Name == all[first].Name; i++ {
			if i > first {
				p.say(", ")
			}
			p.count(all[i].PID)
		}
		p.say("]")
	}
	if left > 0 {
		p.say(" and ")
		p.count(left)
		p.say(" more")
	}
}

// holder prints a process with everything that is known of it and differs from
// the one before.
func (p *pen) holder(label string, h, before *holder) {
	p.descriptors(h)
	if h.User != "" || h.HasUID {
		p.say(", user ")
		p.user(h.User, h.UID)
	}
	if !h.Started.IsZero() {
		p.say(", started ")
		p.scratch = h.Started.UTC().AppendFormat(p.scratch, time.RFC3339)
		if age := p.opts.Now.Sub(h.Started); age >= 0 && !p.opts.Now.IsZero() {
			p.say(" (")
			p.scratch = appendAge(p.scratch, age)
			p.say(" ago)")
		}
	}
	p.flow(3, label, labels, text.Plain)

	mine := p.facts(h)
	var theirs []fact
	if before != nil {
		theirs = p.facts(before)
	}
	same := ""
	for _, f := range mine {
		if i := slices.IndexFunc(theirs, func(t fact) bool { return t == f }); i >= 0 {
			same += pick(same != "", ", ", "") + f.label
			continue
		}
		p.say(f.value)
		p.flow(deeper, f.label, len("directory "), text.Plain)
	}
	if same != "" {
		p.say("(same " + same + ")")
		p.flow(deeper, "", 0, text.Dim)
	}
}

// descriptors is a process with its descriptors.
func (p *pen) descriptors(h *holder) {
	p.process(h.Process)
	if h.tid != 0 {
		p.say(" thread ")
		p.count(h.tid)
	}
	if len(h.fds) == 0 {
		return // the system does not tell them
	}
	p.say(" fd ")
	slices.Sort(h.fds)
	for i, fd := range h.fds[:min(len(h.fds), mostNames)] {
		if i > 0 {
			p.say(",")
		}
		p.count(fd)
	}
	if len(h.fds) > mostNames {
		p.say(",…")
	}
}

// process is name[pid].
func (p *pen) process(h *socket.Process) {
	p.name(h.Name)
	p.say("[" + strconv.Itoa(h.PID) + "]")
}

// user is a name, or the number where there is none; a name made of digits
// cannot pass for another user's number.
func (p *pen) user(name string, uid uint32) {
	switch {
	case name == "":
		p.say(strconv.FormatUint(uint64(uid), 10))
	case strings.Trim(name, "0123456789") == "":
		p.scratch = text.AppendInQuotes(p.scratch, name)
	default:
		p.name(name)
	}
}
