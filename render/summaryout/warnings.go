package summaryout

import (
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/text"
)

// warnings says in words what is about to fail or does, for those who do not
// know what the numbers mean.
func (p *pen) warnings(r *summary.Result, l *summary.Limits) {
	first := true
	warn := func(what string) {
		if first {
			p.add("\n")
		}
		first = false
		p.paint(text.Warn, "! "+what)
		p.add("\n")
	}
	e := &r.Ephemeral
	for i := range e.Worst {
		d := &e.Worst[i]
		if !e.Scarce(d) {
			break // the others have used less
		}
		free := e.Free(d)
		what := "ephemeral range " + percent(e.Size-free, e.Size) + " used towards " + target(d) + ": " + many(free, "port") + " left"
		if d.TimeWait > 0 {
			what += ", " + strconv.Itoa(d.TimeWait) + " in TIME_WAIT"
		}
		warn(what)
	}
	if e.ScarceUDP() {
		warn("ephemeral range " + percent(e.UDP, e.Size) + " used by UDP: " + many(e.Size-e.UDP, "port") + " left")
	}
	if n := l.TimeWait; n.Known && int64(r.TimeWait)*10 >= n.N*9 && r.TimeWait > 0 {
		warn("TIME_WAIT is at " + percent(r.TimeWait, int(n.N)) + " of tcp_max_tw_buckets (" + strconv.FormatInt(n.N, 10) + ")")
	}
	full := r.Listeners.Full
	for _, s := range r.Listeners.Worst {
		if !summary.Full(s) {
			break
		}
		full--
		fate := "new connections are turned away"
		if s.Proto == socket.Unix {
			fate = "connect() waits"
		}
		warn("accept queue full: " + listener(s) + "; " + fate)
	}
	if full > 0 {
		warn("accept queue full: " + strconv.Itoa(full) + " more")
	}
}
