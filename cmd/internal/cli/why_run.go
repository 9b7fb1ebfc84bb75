package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/jsonout"
	"github.com/sockls/sockls/render/text"
	"github.com/sockls/sockls/render/whyout"
)

// whyRun answers for every port that was asked for.
func whyRun(ctx context.Context, o *whyOptions) error {
	colours, err := palette(o.color, o.streams)
	if err != nil {
		return err
	}
	t, err := parseTarget(ctx, o.words)
	if err != nil {
		return err
	}
	if o.surveyor == nil {
		if o.surveyor, err = openSurveyor(o.namespace); err != nil {
			return err
		}
	}
	kinds, err := o.kinds(t)
	if err != nil {
		return err
	}
	ports := t.ports
	if o.next && len(ports) == 1 && ports[0].First == ports[0].Last {
		ports = []machine.Ports{{First: ports[0].First, Last: lastPort}}
	}
	debug.SetGCPercent(gcPercentForMany) // what is found stays until it is told
	survey, err := o.surveyor.Survey(ctx, ports)
	if err != nil {
		return err
	}
	e := explaining{whyOptions: o, survey: survey, kinds: kinds}
	if o.next {
		err = e.printNext(ports, colours)
	} else {
		err = e.print(ports, colours)
	}
	e.say()
	return err
}

const lastPort = 1<<16 - 1

// openSurveyor looks at the running system, in a network namespace or in the
// one this program is in.
func openSurveyor(namespace *netns.Namespace) (collector.Surveyor, error) {
	c, err := collector.New(collector.Options{NetNS: namespace})
	if err != nil {
		return nil, err
	}
	s, ok := c.(collector.Surveyor)
	if !ok {
		return nil, fmt.Errorf("why a port is taken cannot be told on this system: %w", errors.ErrUnsupported)
	}
	return s, nil
}

// explaining is one run of why, once it is known what there is.
type explaining struct {
	*whyOptions
	survey *collector.Survey
	kinds  []why.Bind
	// open is set when other network namespaces matter: the answer is not that
	// the port is taken here.
	open bool
	// untried is why a bind could not be tried.
	untried error
}

// say prints the notices that matter for the answers.
func (e *explaining) say() {
	if e.quiet {
		return
	}
	for _, n := range e.notices() {
		if e.open || !strings.HasPrefix(n.Code, "netns-") {
			complainOf(e.streams, n)
		}
	}
}

// notices are what could not be seen or done.
func (e *explaining) notices() []socket.Notice {
	if e.untried == nil {
		return e.survey.Notices
	}
	return append(slices.Clip(e.survey.Notices), socket.Notice{
		Code: "probe-refused", Message: "it could not be tried: " + e.untried.Error(),
	})
}

// answer is that for one port and one kind of bind.
func (e *explaining) answer(port uint16, b why.Bind) (why.Answer, error) {
	b.Port = port
	situation := e.survey.Situation(b)
	if e.both() { // the other protocol has an answer of its own
		situation.Sockets = ofProto(situation.Sockets, b.Proto)
		situation.Elsewhere = ofProto(situation.Elsewhere, b.Proto)
	}
	a := why.Explain(situation)
	if e.probe && e.untried == nil {
		errno, err := e.surveyor.Try(b)
		switch {
		case errors.Is(err, collector.ErrCannotTry):
			e.untried = err // what the tables tell stands
		case err != nil:
			return a, err
		default:
			a.Settle(errno)
		}
	}
	return a, nil
}

// answers are those for one port, one for each kind of bind.
func (e *explaining) answers(port uint16) ([]why.Answer, error) {
	all := make([]why.Answer, len(e.kinds))
	for i, b := range e.kinds {
		var err error
		if all[i], err = e.answer(port, b); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// both reports whether more than one protocol is asked about.
func (e *explaining) both() bool {
	return slices.ContainsFunc(e.kinds, func(b why.Bind) bool { return b.Proto != e.kinds[0].Proto })
}

func ofProto(all []*socket.Socket, p socket.Proto) []*socket.Socket {
	var of []*socket.Socket
	for _, s := range all {
		if s.Proto == p {
			of = append(of, s)
		}
	}
	return of
}

// print answers for all ports.
func (e *explaining) print(ports []machine.Ports, colours text.Palette) error {
	var all []why.Answer
	for _, b := range e.kinds {
		for _, r := range ports {
			for port := int(r.First); port <= int(r.Last); port++ {
				a, err := e.answer(uint16(port), b)
				if err != nil {
					return err
				}
				e.open = e.open || a.Verdict == why.Free || a.Verdict == why.Unclear
				all = append(all, a)
			}
		}
	}
	if err := e.write(all, len(all) > len(e.kinds), colours); err != nil {
		return err
	}
	return whyVerdict(all)
}

// write prints answers: one after the other, or a line for each.
func (e *explaining) write(all []why.Answer, brief bool, colours text.Palette) error {
	if e.json {
		head := jsonout.Head{Host: host(), Time: e.survey.Time, NetNS: e.survey.NetNS, Notices: e.notices()}
		if len(all) == 1 {
			return jsonout.Why(e.streams.Out, head, &all[0])
		}
		return jsonout.Whys(e.streams.Out, head, all)
	}
	style := whyout.Options{Width: e.streams.Width, Palette: colours, Now: e.survey.Time}
	if brief {
		return whyout.Brief(e.streams.Out, all, style)
	}
	for i := range all {
		if i > 0 {
			if _, err := io.WriteString(e.streams.Out, "\n"); err != nil {
				return err
			}
		}
		if err := whyout.Write(e.streams.Out, &all[i], style); err != nil {
			return err
		}
	}
	return nil
}

// printNext finds the first port that every kind of bind can have, and that is
// not forwarded elsewhere.
func (e *explaining) printNext(ports []machine.Ports, colours text.Palette) error {
	for _, r := range ports {
		for port := int(r.First); port <= int(r.Last); port++ {
			all, err := e.answers(uint16(port))
			switch {
			case err != nil:
				return err
			case slices.ContainsFunc(all, func(a why.Answer) bool { return a.Verdict != why.Free || a.Forwarded() }):
				continue
			case e.json:
				return e.write(all, false, colours)
			}
			_, err = fmt.Fprintln(e.streams.Out, port)
			return err
		}
	}
	complain(e.streams, "none of these ports is free: "+portList(ports))
	return exitError(exitTaken)
}

func portList(ports []machine.Ports) string {
	names := make([]string, len(ports))
	for i, p := range ports {
		names[i] = p.String()
	}
	return strings.Join(names, ", ")
}

// whyVerdict is the exit code for all answers together: what is certain counts
// before what is not.
func whyVerdict(all []why.Answer) error {
	unclear := false
	for _, a := range all {
		switch a.Verdict {
		case why.Taken, why.Refused:
			return exitError(exitTaken)
		case why.Unclear:
			unclear = true
		}
	}
	if unclear {
		return exitError(exitCannotTell)
	}
	return nil
}
