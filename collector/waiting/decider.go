package waiting

import (
	"context"
	"errors"
	"os"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// decider tells whether a program can bind the targets. A look at the tables
// shows what certainly is in the way; where nothing certainly is, a survey finds
// out what they do not show, the options of sockets and what the machine allows;
// and what that leaves open is tried.
//
// A survey takes its time, so what it has told of a socket is kept for the looks
// to come: the options of one that is bound hardly ever change, and what remains
// of a connection has its cookie and its options.
type decider struct {
	surveyor collector.Surveyor
	targets  []Target
	program  why.Bind
	ports    []machine.Ports

	standings []standing
	at        map[place][]*socket.Socket // those of the last look
	survey    *collector.Survey          // the last one; nil as long as there was none
	options   map[key]*socket.Reuse      // of the sockets that it has seen, nil where not known
	// passed is set as long as nothing certain has come since the survey.
	passed bool
	// foreseen is set once it is known that waiting may help.
	foreseen bool
	// last is the target that settle failed at.
	last int
}

func newDecider(w *Wait, ranges filter.Ranges) *decider {
	d := &decider{surveyor: w.Surveyor, targets: w.Targets, program: w.Program, standings: make([]standing, len(w.Targets))}
	for _, r := range ranges {
		d.ports = append(d.ports, machine.Ports{First: uint16(r.First), Last: uint16(r.Last)})
	}
	return d
}

// weigh sorts the sockets of a look into what is in the way and what may be, and
// reports whether anything certainly is.
func (d *decider) weigh(rows []*socket.Socket) (certain bool) {
	var m *machine.Machine
	if d.survey != nil {
		m = d.survey.Machine
		d.recall(rows)
	}
	d.at = byPlace(rows)
	for i := range d.targets {
		t, s := &d.targets[i], &d.standings[i]
		*s = standing{}
		s.certain, s.doubtful = t.Blocking(d.program, m, d.at[t.place()])
		certain = certain || len(s.certain) > 0
	}
	d.passed = d.passed && !certain
	return certain
}

// recall enters the options that a survey has found.
func (d *decider) recall(rows []*socket.Socket) {
	for _, s := range rows {
		known := d.options[keyOf(s)]
		if known == nil {
			continue
		}
		if s.Details == nil {
			s.Details = &socket.Details{}
		}
		s.Details.Reuse = known
	}
}

// stale reports whether a survey would tell more than the last one: when nothing
// is in the way any more, or something new may be.
func (d *decider) stale() bool {
	if d.survey == nil || !d.passed {
		return true
	}
	for i := range d.standings {
		for _, s := range d.standings[i].doubtful {
			if _, seen := d.options[keyOf(s)]; !seen {
				return true
			}
		}
	}
	return false
}

// inspect makes a survey.
func (d *decider) inspect(ctx context.Context) (err error) {
	if d.survey, err = d.surveyor.Survey(ctx, d.ports); err != nil {
		return err
	}
	d.passed = true
	before := d.options
	d.options = make(map[key]*socket.Reuse, len(d.survey.Sockets))
	for _, s := range d.survey.Sockets {
		known := before[keyOf(s)]
		if s.Details != nil && s.Details.Reuse != nil {
			known = s.Details.Reuse
		}
		d.options[keyOf(s)] = known
	}
	return nil
}

// settle decides where nothing certain is in the way. That of one target is
// enough to know that it is not time yet, and is asked for first the next time.
func (d *decider) settle() (done bool, err error) {
	for n := range d.targets {
		i := (d.last + n) % len(d.targets)
		if err := d.judge(i); err != nil {
			return false, err
		}
		if d.standings[i].verdict != why.Free {
			d.last = i
			return false, nil
		}
	}
	return true, nil
}

// conclude decides about the targets that settle has not come to.
func (d *decider) conclude(ctx context.Context) error {
	for i := range d.standings {
		if s := &d.standings[i]; s.judged || len(s.certain) > 0 {
			continue
		}
		if d.survey == nil {
			if err := d.inspect(ctx); err != nil {
				return err
			}
		}
		if err := d.judge(i); err != nil {
			return err
		}
	}
	return nil
}

// judge decides about a target by what the survey has found, and by trying. Of
// the addresses that a name stands for, those that are not here do not count as
// long as one is: programs bind what they can.
func (d *decider) judge(i int) error {
	t, s := &d.targets[i], &d.standings[i]
	s.judged = true
	var refusal wish
	free, hopeless := false, true
	for _, b := range t.wishes(d.program) {
		decision := why.Decide(b, d.survey.Machine, d.at[t.place()])
		if decision.Verdict == why.Free && !d.survey.Unseen {
			free = true
			continue
		}
		errno, err := d.try(b)
		switch {
		case errors.Is(err, collector.ErrCannotTry):
			s.verdict = why.Unclear
			return nil
		case err != nil:
			return err
		case errno == "":
			free = true
		case errno == inUse:
			s.verdict, s.errno = why.Taken, errno
			return nil
		case decision.Verdict == why.Refused:
			hopeless = hopeless && lasts(decision.Obstacle)
			refusal = wish{b, errno, decision.Obstacle}
		default: // a security module's doing, say
			hopeless, refusal = false, wish{b, errno, ""}
		}
	}
	if free {
		s.verdict = why.Free
		return nil
	}
	s.verdict, s.errno, s.refused = why.Refused, refusal.errno, refusal
	if hopeless {
		return &NeverError{Target: *t, Errno: refusal.errno, Reason: d.reason(&refusal)}
	}
	return nil
}

const inUse = "EADDRINUSE"

// try binds for a moment. The user of the socket matters to SO_REUSEPORT only,
// and what the program may do is told by Bind.Privileged.
func (d *decider) try(b why.Bind) (errno string, err error) {
	b.UID = uint32(os.Geteuid())
	return d.surveyor.Try(b)
}

// foresee finds out, once, whether waiting for what is in the way will have been
// of any use. The kernel refuses what it refuses to everybody before it looks at
// the port, so this is known even now; a low port is refused if any is.
func (d *decider) foresee(ctx context.Context) error {
	if d.foreseen {
		return nil
	}
	d.foreseen = true
	lowest := map[socket.Proto]int{}
	for i := range d.targets {
		first, ok := lowest[d.targets[i].Proto]
		if !ok || d.targets[i].Port < d.targets[first].Port {
			lowest[d.targets[i].Proto] = i
		}
	}
	for i := range d.targets {
		if lowest[d.targets[i].Proto] != i || !d.refused(&d.targets[i]) {
			continue
		}
		if d.survey == nil {
			if err := d.inspect(ctx); err != nil {
				return err
			}
			d.passed = false
		}
		if err := d.judge(i); err != nil {
			return err
		}
	}
	return nil
}

// refused reports whether none of the binds fails for the sake of the port.
func (d *decider) refused(t *Target) bool {
	for _, b := range t.wishes(d.program) {
		if errno, err := d.try(b); err != nil || errno == "" || errno == inUse {
			return false
		}
	}
	return true
}
