package why

import (
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// Settle enters what a real bind has told: the name of the error it failed
// with, "" for none. That counts, whatever the tables have said.
func (a *Answer) Settle(errno string) {
	a.Tried, a.Errno = true, errno
	switch errno {
	case "":
		a.Verdict = Free
	case "EADDRINUSE":
		a.Verdict = Taken
	default:
		a.Verdict = Refused
	}
	a.settleReasons()
	for i := range a.Reasons {
		r := &a.Reasons[i]
		r.Remedies = slices.DeleteFunc(r.Remedies, func(m Remedy) bool { return m.Text == probeText })
	}
	a.Changes = slices.DeleteFunc(a.Changes, func(c Change) bool { return c.Verdict == a.Verdict })
}

// settleReasons concludes what can be concluded about what may have been in the
// way: nothing was if bind succeeded, and one thing was if it is the only one.
func (a *Answer) settleReasons() {
	unknown := -1
	for i := range a.Reasons {
		r := &a.Reasons[i]
		switch {
		case a.Verdict == Free && r.Blocking != socket.No:
			r.Blocking, r.Remedies = socket.No, nil
			r.Text = sentences(r.Text, "It is not in the way, as trying has shown.")
		case r.Blocking == socket.Yes:
			return
		case r.Blocking == socket.Unknown && unknown >= 0:
			return // one of several
		case r.Blocking == socket.Unknown:
			unknown = i
		}
	}
	if a.Verdict == Taken && unknown >= 0 {
		r := &a.Reasons[unknown]
		r.Blocking = socket.Yes
		r.Text = sentences(r.Text, "It is in the way, as trying has shown.")
	}
}

// Forwarded reports whether what arrives at the port is sent elsewhere, as far
// as that is known.
func (a *Answer) Forwarded() bool {
	return slices.ContainsFunc(a.Reasons, func(r Reason) bool { return r.Rule == RuleForward })
}
