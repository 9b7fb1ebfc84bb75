package whyout

import (
	"io"
	"slices"

	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/text"
)

// Brief prints many answers, each in one line: the port, the verdict and, where
// there is something to say, who has it. Ports in a row that are free and of
// which there is nothing to say share a line; for that, answers for TCP stand
// apart from those for UDP, and those for one address from those for another.
func Brief(w io.Writer, answers []why.Answer, o Options) error {
	p := newPen(o)
	runs := runsOf(answers)
	ports, verdicts := 0, 0
	for i := range runs {
		p.ports(&runs[i])
		ports = max(ports, text.Width(p.scratch))
		p.scratch = p.scratch[:0]
		verdicts = max(verdicts, len(runs[i].first.Verdict.String()))
	}
	for i := range runs {
		p.brief(&runs[i], ports, verdicts)
	}
	return p.flush(w)
}

// run is answers that say the same of ports in a row.
type run struct{ first, last *why.Answer }

// runsOf sorts answers by what was asked but for the port, and joins runs.
func runsOf(answers []why.Answer) []run {
	var (
		kinds []why.Bind
		runs  []run
	)
	for i := range answers {
		if k := kind(&answers[i]); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	for _, k := range kinds {
		open := false
		for i := range answers {
			a := &answers[i]
			if kind(a) != k {
				continue
			}
			if open && follows(runs[len(runs)-1].last, a) {
				runs[len(runs)-1].last = a
				continue
			}
			runs = append(runs, run{first: a, last: a})
			open = silent(a)
		}
	}
	return runs
}

// kind is what was asked, but for the port.
func kind(a *why.Answer) why.Bind {
	k := a.Bind
	k.Port = 0
	return k
}

// silent reports whether there is nothing to say but that it is free.
func silent(a *why.Answer) bool {
	return a.Verdict == why.Free && sharing(a) == nil &&
		len(reasonsOf(a, why.RuleForward)) == 0 && len(reasonsOf(a, why.RuleOtherNetNS)) == 0
}

// follows reports whether b asks for the port after a's, and says as little.
func follows(a, b *why.Answer) bool {
	next := a.Bind
	next.Port++
	return next == b.Bind && a.Tried == b.Tried && silent(b)
}

// ports are those of a run, and their address.
func (p *pen) ports(r *run) {
	b := &r.first.Bind
	p.say(b.Proto.String() + " ")
	if b.Addr.IsValid() {
		p.address(b.Addr, b.Port)
	} else {
		p.count(int(b.Port))
	}
	if last := r.last.Bind.Port; last != b.Port {
		p.say("-")
		p.count(int(last))
	}
}

func (p *pen) brief(r *run, ports, verdicts int) {
	a := r.first
	p.ports(r)
	at := text.Width(p.scratch)
	p.out = append(p.out, p.scratch...)
	p.scratch = p.scratch[:0]
	p.blanks(ports - at + 2)
	verdict := a.Verdict.String()
	p.paint(verdictRole(a.Verdict), verdict)
	at = ports + 2 + len(verdict)

	p.remark(a)
	if len(p.scratch) > 0 {
		gap := verdicts - len(verdict) + 2
		p.blanks(gap)
		if room := p.opts.Width - at - gap; p.opts.Width > 0 {
			p.out = text.Truncate(p.out, p.scratch, max(room, 1))
		} else {
			p.out = append(p.out, p.scratch...)
		}
		p.scratch = p.scratch[:0]
	}
	p.out = append(p.out, '\n')
}

// remark is what there is to say beside the verdict.
func (p *pen) remark(a *why.Answer) {
	first := leading(a)
	switch {
	case a.Verdict == why.Free:
		p.freeRemark(a)
	case first == nil:
	case first.Socket != nil:
		p.deed(first)
	case a.Verdict == why.Unclear:
		p.say(doubt(first.Rule))
	default:
		p.say(obstacle(first.Rule))
	}
}

func (p *pen) freeRemark(a *why.Answer) {
	if shared := sharing(a); shared != nil {
		p.say("to be shared with ")
		p.who(shared)
		return
	}
	if elsewhere := reasonsOf(a, why.RuleOtherNetNS); len(elsewhere) > 0 {
		p.say("here; taken in ")
		p.whereabouts(elsewhere[0].Socket)
		p.say(" by ")
		p.who(elsewhere[0])
		return
	}
	if len(reasonsOf(a, why.RuleForward)) > 0 {
		p.say("but what arrives may be sent elsewhere before")
	}
}
