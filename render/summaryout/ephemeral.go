package summaryout

import (
	"strconv"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/text"
)

// Result prints the second part: sockets by protocol and state, ephemeral ports,
// TIME_WAIT, accept queues, and at last what is wrong. Some tells that not all
// sockets were to be counted.
func (t *Text) Result(r *summary.Result, l *summary.Limits, some bool) error {
	p := &t.p
	if t.begun {
		p.add("\n")
	}
	if some {
		p.paint(text.Dim, "(from here on: of the sockets that were asked for)")
		p.add("\n")
	}
	p.matrix(r)
	p.add("\n")
	p.ephemeral(&r.Ephemeral)
	p.timeWait(r, l)
	p.listeners(&r.Listeners)
	p.warnings(r, l)
	return t.flush()
}

func (p *pen) ephemeral(e *summary.Ephemeral) {
	if !e.Known {
		p.paint(text.Header, "Local ports")
		p.add(" used: TCP " + strconv.Itoa(e.TCP) + ", UDP " + strconv.Itoa(e.UDP) + " (which are ephemeral is not known)\n")
	} else {
		p.paint(text.Header, "Ephemeral ports")
		p.add(" used: TCP " + strconv.Itoa(e.TCP))
		if e.Held > 0 {
			p.add(" (" + strconv.Itoa(e.Held) + " bound)")
		}
		p.add(", UDP " + strconv.Itoa(e.UDP) + " of " + strconv.Itoa(e.Size) +
			" (" + strconv.Itoa(int(e.First)) + "-" + strconv.Itoa(int(e.Last)) + ")\n")
	}
	if len(e.Worst) == 0 {
		return
	}
	rows := [][]cell{{right("USED"), right("FREE"), right("FULL"), right("TIME_WAIT"), {text: "FROM -> TO"}}}
	for i := range rows[0] {
		rows[0][i].role = text.Header
	}
	for i := range e.Worst {
		d := &e.Worst[i]
		used := right(strconv.Itoa(d.Used))
		if d.Missed > 0 {
			used.text = ">=" + used.text
		}
		free, full := right("-"), right("-")
		if e.Known {
			n := e.Free(d)
			free.text, full.text = strconv.Itoa(n), percent(e.Size-n, e.Size)
		}
		if e.Scarce(d) {
			used.role, free.role, full.role = text.Warn, text.Warn, text.Warn
		}
		rows = append(rows, []cell{used, free, full, right(percent(d.TimeWait, d.Used)), way(d)})
	}
	p.table(rows)
}

// way is where connections come from and go to.
func way(d *summary.Destination) cell {
	s := socket.Socket{Proto: socket.TCP, Local: socket.Endpoint{Addr: d.Local}}
	from := lookup("local-address")
	return cell{text: string(from.Append(nil, &s)) + " ->", more: target(d)}
}

// target is where connections go to.
func target(d *summary.Destination) string {
	s := socket.Socket{Proto: socket.TCP, Remote: socket.Endpoint{Addr: d.Remote, Port: uint32(d.Port)}}
	remote := lookup("remote")
	return string(remote.Append(nil, &s))
}

// lookup finds a column that exists.
func lookup(name string) field.Field {
	f, _ := field.Lookup(name)
	return f
}

func (p *pen) timeWait(r *summary.Result, l *summary.Limits) {
	p.add("\n")
	p.paint(text.Header, "TIME_WAIT")
	p.add(" ")
	p.number(r.TimeWait)
	p.add(" of ")
	p.number(r.TCP)
	p.add(" TCP sockets (" + percent(r.TimeWait, r.TCP) + ")")
	if l.TimeWait.Known {
		p.add(", at most ")
		p.count(l.TimeWait)
	}
	if l.TimeWaitReuse.Known {
		p.add("; tcp_tw_reuse ")
		switch l.TimeWaitReuse.N {
		case 0:
			p.add("off")
		case 1:
			p.add("on")
		case 2:
			p.add("on for loopback")
		default:
			p.count(l.TimeWaitReuse)
		}
	}
	p.add("\n\n")
}

func (p *pen) listeners(l *summary.Listeners) {
	p.paint(text.Header, "Accept queues")
	p.add(" of ")
	p.add(many(l.Total, "listener"))
	p.add(": ")
	role := text.Plain
	if l.Full > 0 {
		role = text.Warn
	}
	p.paint(role, strconv.Itoa(l.Full)+" full")
	p.add(", ")
	p.number(l.NearlyFull)
	p.add(" nearly full")
	if l.Unknown > 0 {
		p.add(", ")
		p.number(l.Unknown)
		p.add(" not known")
	}
	p.add("\n")
	if len(l.Worst) == 0 {
		return
	}
	rows := [][]cell{{right("WAITING"), right("BACKLOG"), {text: "LISTENER"}}}
	for i := range rows[0] {
		rows[0][i].role = text.Header
	}
	for _, s := range l.Worst {
		waiting := right(strconv.FormatUint(uint64(s.RecvQ), 10))
		if summary.Full(s) {
			waiting.role = text.Warn
		}
		rows = append(rows, []cell{waiting, right(strconv.FormatUint(uint64(s.SendQ), 10)), {text: listener(s)}})
	}
	p.table(rows)
}

// listener names a socket by its protocol and local end.
func listener(s *socket.Socket) string {
	local := lookup("local")
	return string(local.Append(append([]byte(s.Proto.String()), ' '), s))
}

// many chooses between "1 listener" and "2 listeners".
func many(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
