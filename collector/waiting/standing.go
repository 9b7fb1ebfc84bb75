package waiting

import (
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// standing is how it stands with a bind of one target.
type standing struct {
	certain, doubtful []*socket.Socket // see Target.Blocking
	// judged is set where all that can be known counts: then verdict does.
	judged  bool
	verdict why.Verdict
	errno   string
	refused wish // for a verdict of Refused
}

// wish is a bind that fails whoever has the port.
type wish struct {
	bind  why.Bind
	errno string
	rule  why.Rule // "" where it is not known why
}

// inTheWay are the sockets that are to be waited for.
func (s *standing) inTheWay() []*socket.Socket {
	switch {
	case len(s.certain) > 0:
		return s.certain
	case s.judged && (s.verdict == why.Free || s.verdict == why.Refused):
		return nil
	}
	return s.doubtful
}

// result is what there is to say of it in the end.
func (s *standing) result(d *decider) (why.Verdict, string, *why.Reason) {
	switch {
	case len(s.certain) > 0:
		return why.Taken, inUse, nil
	case !s.judged:
		return why.Unclear, "", nil
	case s.verdict == why.Refused:
		return s.verdict, s.errno, d.reason(&s.refused)
	}
	return s.verdict, s.errno, nil
}

// reason explains a refusal, nil where it cannot be.
func (d *decider) reason(w *wish) *why.Reason {
	if w.rule == "" {
		return nil
	}
	for _, r := range why.Explain(d.survey.Situation(w.bind)).Reasons {
		if r.Rule == w.rule {
			return &r
		}
	}
	return nil
}

// lasts reports whether an obstacle stays however long one waits. An address or
// an interface can come.
func lasts(r why.Rule) bool {
	return r != why.RuleNoAddress && r != why.RuleNoDevice
}

// NeverError says that no waiting makes a bind succeed.
type NeverError struct {
	Target Target
	Errno  string
	Reason *why.Reason // nil where it is not known
}

// Error implements error.
func (e *NeverError) Error() string {
	if e.Reason == nil {
		return "bind: it fails with " + e.Errno + " however long one waits"
	}
	return "bind: " + e.Reason.Text
}
