package whyout

import (
	"io"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/text"
)

// Options choose what an answer looks like.
type Options struct {
	// Width is the width of the terminal, 0 when lines are not to be broken.
	Width   int
	Palette text.Palette
	// Now is the time that ages are counted to.
	Now time.Time
}

// Write prints one answer.
func Write(w io.Writer, a *why.Answer, o Options) error {
	p := newPen(o)
	p.verdict(a)
	p.flow(0, "", 0, verdictRole(a.Verdict))
	part := socket.Yes
	all, shown := kindsOf(a), map[kindred]int{}
	for i := range a.Reasons {
		r := &a.Reasons[i]
		k := kindred{r.Blocking, r.Rule}
		shown[k]++
		switch more := all[k] - mostReasons; {
		case more < 2 || shown[k] <= mostReasons:
		case shown[k] == mostReasons+1:
			p.out = append(p.out, '\n')
			p.say("… and ")
			p.count(more)
			p.say(" more like these; --json tells of all")
			p.flow(0, "", 0, text.Dim)
			continue
		default:
			continue
		}
		p.out = append(p.out, '\n')
		if r.Blocking != part {
			part = r.Blocking
			p.heading(a, part)
		}
		p.reason(i+1, r)
	}
	p.changes(a)
	return p.flush(w)
}

// kindred is what reasons have in common that read alike: a port can be taken a
// thousand times, once for each address.
type kindred struct {
	blocking socket.Tri
	rule     why.Rule
}

func kindsOf(a *why.Answer) map[kindred]int {
	all := map[kindred]int{}
	for i := range a.Reasons {
		all[kindred{a.Reasons[i].Blocking, a.Reasons[i].Rule}]++
	}
	return all
}

// Summary is the first line of an answer, unbroken.
func Summary(a *why.Answer) string {
	p := newPen(Options{})
	p.verdict(a)
	return string(p.scratch)
}

// heading goes before reasons that do not certainly block.
func (p *pen) heading(a *why.Answer, blocking socket.Tri) {
	if blocking == socket.Unknown {
		p.say("May be in the way:")
	} else {
		p.say("Good to know:")
	}
	p.line(0, text.Header)
}

// changes end the answer.
func (p *pen) changes(a *why.Answer) {
	if len(a.Changes) == 0 {
		return
	}
	p.out = append(p.out, '\n')
	for i := range a.Changes {
		c := &a.Changes[i]
		p.say("With ")
		p.text(c.Option)
		switch c.Verdict {
		case why.Unclear:
			p.say(": cannot be told.")
		default:
			p.say(": " + c.Verdict.String() + ".")
		}
		p.flow(0, "", 0, text.Plain)
	}
}

func verdictRole(v why.Verdict) text.Role {
	if v == why.Free {
		return text.Listen
	}
	return text.Warn
}
