package whyout

import (
	"bytes"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/text"
)

const (
	mostReasons = 5 // of one kind
	mostSockets = 4 // of one reason
	mostHolders = 4 // of which everything is told
	mostNames   = 20

	inner  = 9 // where the texts beneath a reason's own lines begin
	labels = inner - 3
	deeper = inner + 2 // where what belongs to these begins
)

// reason prints one reason as a block.
func (p *pen) reason(number int, r *why.Reason) {
	mark := strconv.Itoa(number) + "."
	p.titles(mark, r)
	if r.Rule != why.RuleAccidental {
		p.holding(number, r)
	} else {
		p.names(holders(r))
		p.flow(3, "by", labels, text.Plain)
	}
	if f := r.Forward; f != nil && f.Comment != "" {
		p.text(f.Comment)
		p.flow(3, "note", labels, text.Plain)
	}
	if r.Text != "" {
		p.text(r.Text)
		p.flow(3, "why", labels, text.Plain)
	}
	label := "do"
	for i := range r.Remedies {
		m := &r.Remedies[i]
		p.text(m.Text)
		p.flow(3, label, labels, text.Plain)
		label = ""
		if m.Command != "" {
			p.text(m.Command)
			p.line(deeper, text.Established)
		}
	}
}

// titles are the first lines of a block, one for each socket; of those that
// read the same there is one.
func (p *pen) titles(mark string, r *why.Reason) {
	p.title(r)
	first := string(p.scratch)
	same := 1
	for same <= len(r.Others) {
		p.scratch = p.scratch[:0]
		if p.socket(r, r.Others[same-1]); string(p.scratch) != first {
			break
		}
		same++
	}
	p.scratch = append(p.scratch[:0], first...)
	if same > 1 {
		p.say(", ")
		p.count(same)
		p.say(" sockets")
	}
	p.opening(mark)
	rest := r.Others[same-1:]
	for i, s := range rest {
		if i == mostSockets-1 && len(rest) > mostSockets {
			p.say("… and ")
			p.count(len(rest) - i)
			p.say(" more")
			p.flow(3, "", 0, text.Dim)
			return
		}
		p.socket(r, s)
		p.flow(3, "", 0, text.Header)
	}
}

// opening prints the first line of a block behind its number.
func (p *pen) opening(mark string) {
	line := append([]byte(nil), p.scratch...)
	p.scratch = append(append(append(p.scratch[:0], mark...), ' '), line...)
	if len(mark) < 2 {
		p.scratch = append(p.scratch, ' ')
	}
	// The lines that follow stand beneath the text, not beneath the number.
	p.hanging(len(mark)+1, text.Header)
}

// hanging is flow for a text whose first columns stand out to the left.
func (p *pen) hanging(columns int, role text.Role) {
	rest := p.scratch
	at := 0
	for len(rest) > 0 {
		n := p.fit(rest, at)
		p.blanks(at)
		p.out = p.opts.Palette.Append(p.out, role, bytes.TrimRight(rest[:n], " "))
		p.out = append(p.out, '\n')
		rest, at = bytes.TrimLeft(rest[n:], " "), columns
	}
	p.scratch = p.scratch[:0]
}

// title is what a reason is, in a line.
func (p *pen) title(r *why.Reason) {
	switch {
	case r.Socket != nil:
		p.socket(r, r.Socket)
	case r.Forward != nil:
		p.text(r.Forward.String())
	case r.Kernel != nil:
		p.kernelPort(r)
	default:
		p.say(title(r.Rule))
	}
}

func title(r why.Rule) string {
	switch r {
	case why.RulePrivileged:
		return "privileged port"
	case why.RuleNoAddress:
		return "address not here"
	case why.RuleNoDevice:
		return "interface not here"
	case why.RuleNoScope:
		return "link-local address without an interface"
	case why.RuleBadAddress:
		return "impossible address"
	case why.RuleNoIPv6:
		return "no IPv6"
	case why.RuleNoOption:
		return "option not here"
	case why.RuleExcluded:
		return "excluded port range"
	case why.RuleUnseen:
		return "sockets that are not shown"
	case why.RuleReserved:
		return "reserved port"
	case why.RuleEphemeral:
		return "ephemeral port"
	}
	return string(r)
}

// socket is one socket in a line.
func (p *pen) socket(r *why.Reason, s *socket.Socket) {
	if r.Rule == why.RuleOtherProto {
		p.say(s.Proto.String() + " ")
	}
	p.say(s.State.String() + " ")
	p.here(s)
	if !s.Remote.IsZero() {
		p.say(" -> ")
		p.there(s)
	}
	if ms := left(s); ms > 0 {
		p.say(", ")
		p.count(ms)
		p.say(" s left")
	}
	if r.Rule == why.RuleOtherNetNS {
		p.say(" in ")
		p.namespace(s)
	}
	switch {
	case s.State == socket.Listen && s.SendQ > 0 && s.RecvQ >= s.SendQ:
		p.say(", its accept queue is full")
	}
}
