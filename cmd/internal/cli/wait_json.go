package cli

import (
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/waiting"
	"github.com/sockls/sockls/render/jsonout"
)

// document prints JSON.
func (o *waitOptions) document(w *waiting.Wait, outcome *waiting.Outcome) error {
	origin := now()
	d := jsonout.Waiting{
		Head:      jsonout.Head{Host: origin.Host, Time: origin.Time, Notices: outcome.Report.Notices},
		Condition: w.Condition.String(), ReuseAddr: w.Program.ReuseAddr, Met: outcome.Met, Waited: outcome.Waited, Owners: w.Details.Has(socket.DetailOwners),
	}
	for i := range outcome.Targets {
		t := &outcome.Targets[i]
		a := jsonout.Awaited{
			Proto: t.Proto, Addresses: t.Addrs, Port: t.Port, Met: t.Met, Sockets: t.Sockets, Gone: t.Gone,
			Decided: w.Condition == waiting.Free, Verdict: t.Verdict, Errno: t.Errno, Reason: t.Reason,
		}
		if len(t.Addrs) == 0 && t.Family != socket.FamilyUnspec {
			a.Family = t.Family.String()
		}
		d.Targets = append(d.Targets, a)
	}
	return jsonout.WriteWaiting(o.streams.Out, &d)
}
