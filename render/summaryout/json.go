package summaryout

import (
	"io"
	"strconv"
	"time"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
	"github.com/sockls/sockls/render/jsonout"
)

// Document is all that the JSON form tells. Counters and Result are nil for a
// part that was not asked for or could not be had.
type Document struct {
	Host string
	Time time.Time
	socket.Report
	Counters *summary.Counters
	Result   *summary.Result
	Limits   summary.Limits
}

// JSON writes the summary as one document: the top is that of a listing, and
// "summary" stands in the place of "sockets". Numbers that are not known are
// null.
func JSON(w io.Writer, d *Document) error {
	top := jsonout.AppendHead(nil, &socket.Snapshot{Host: d.Host, Time: d.Time, Report: d.Report})
	o := object{append(top, "\"summary\": {"...)}
	o.part("counters", d.Counters != nil, func() { o.counters(d.Counters) })
	o.part("sockets", d.Result != nil, func() { o.sockets(d.Result) })
	o.part("ephemeral", d.Result != nil, func() { o.ephemeral(&d.Result.Ephemeral) })
	o.part("time_wait", d.Result != nil, func() { o.timeWait(d.Result, &d.Limits) })
	o.part("listeners", d.Result != nil, func() { o.listeners(&d.Result.Listeners) })
	o.add("\n  }\n}\n")
	_, err := w.Write(o.out)
	return err
}

// object puts a JSON object together.
type object struct{ out []byte }

// It is called in so many places that to inline it takes 16 KB.
//
//go:noinline
func (o *object) add(s string) { o.out = append(o.out, s...) }

// part adds what is told on a line of its own, null where it is not there.
func (o *object) part(key string, there bool, write func()) {
	if o.out[len(o.out)-1] != '{' {
		o.add(",")
	}
	o.add("\n    \"" + key + "\": ")
	if !there {
		o.add("null")
		return
	}
	write()
}

// member begins a member of the object that is open.
func (o *object) member(key string) {
	if o.out[len(o.out)-1] != '{' {
		o.add(",")
	}
	o.add(`"` + key + `":`)
}

func (o *object) number(key string, n int) {
	o.member(key)
	o.out = strconv.AppendInt(o.out, int64(n), 10)
}

func (o *object) count(key string, n summary.Count) {
	o.member(key)
	o.add(known(n, "null"))
}

// numberIf is null where the number means nothing.
func (o *object) numberIf(key string, n int, ok bool) {
	o.count(key, summary.Count{N: int64(n), Known: ok})
}

func (o *object) open(key string) {
	o.member(key)
	o.add("{")
}

func (o *object) counters(c *summary.Counters) {
	o.add("{")
	o.count("sockets", c.Sockets)
	o.open("tcp")
	o.count("total", c.Total())
	o.count("established", c.Established)
	o.count("closed", c.Closed())
	o.count("orphaned", c.Orphaned)
	o.count("time_wait", c.TimeWait)
	o.add("}")
	o.open("transports")
	for _, t := range []struct {
		name       string
		ipv4, ipv6 summary.Count
	}{
		{"raw", c.IPv4.Raw, c.IPv6.Raw},
		{"udp", c.IPv4.UDP, c.IPv6.UDP},
		{"tcp", c.IPv4.TCP, c.IPv6.TCP},
		{"inet", c.IPv4.Inet(), c.IPv6.Inet()},
		{"fragments", c.IPv4.Fragments, c.IPv6.Fragments},
	} {
		o.open(t.name)
		o.count("total", summary.Sum(t.ipv4, t.ipv6))
		o.count("ipv4", t.ipv4)
		o.count("ipv6", t.ipv6)
		o.add("}")
	}
	o.add("}")
	o.open("protocols")
	for i := range c.Protos {
		o.protocol(&c.Protos[i])
		o.add("}")
	}
	o.add("}")
	o.open("turned_away")
	o.count("listen_overflows", c.Drops.ListenOverflows)
	o.count("listen_drops", c.Drops.ListenDrops)
	o.count("request_queue_full", c.Drops.RequestQueueFull)
	o.count("time_wait_overflows", c.Drops.TimeWaitOverflows)
	o.add("}}")
}

// protocol begins the object of a protocol.
func (o *object) protocol(p *summary.ProtoCount) {
	o.open(p.Proto.String())
	o.number("total", p.Total)
	o.numberIf("ipv4", p.IPv4, p.Proto.Inet())
	o.numberIf("ipv6", p.IPv6, p.Proto.Inet())
}

func (o *object) states(states []summary.StateCount) {
	o.open("states")
	for _, s := range states {
		o.number(s.State.String(), s.Total)
	}
	o.add("}")
}

func (o *object) sockets(r *summary.Result) {
	o.add("{")
	o.number("total", r.Total)
	o.states(r.States)
	o.open("protocols")
	for i := range r.Protos {
		o.protocol(&r.Protos[i])
		o.states(r.Protos[i].States)
		o.add("}")
	}
	o.add("}}")
}

func (o *object) ephemeral(e *summary.Ephemeral) {
	o.add("{")
	o.numberIf("first", int(e.First), e.Known)
	o.numberIf("last", int(e.Last), e.Known)
	o.numberIf("size", e.Size, e.Known)
	o.numberIf("bound", e.Held, e.Known)
	o.number("tcp", e.TCP)
	o.number("udp", e.UDP)
	o.number("forgotten", e.Forgotten)
	o.member("destinations")
	o.add("[")
	for i := range e.Worst {
		d := &e.Worst[i]
		o.element(i, "{")
		o.ends(d)
		o.number("used", d.Used)
		o.number("time_wait", d.TimeWait)
		o.number("missed", d.Missed)
		o.numberIf("free", e.Free(d), e.Known)
		o.add("}")
	}
	o.add("]}")
}

// element begins element i of an array.
func (o *object) element(i int, s string) {
	if i > 0 {
		o.add(",")
	}
	o.add("\n      " + s)
}

// ends adds "local" and "remote" as the object of a socket has them; the port is
// not part of the local one.
func (o *object) ends(d *summary.Destination) {
	if d.Local.IsValid() {
		o.open("local")
		o.out = jsonout.AppendAddress(o.out, d.Local)
		o.add("}")
	} else {
		o.member("local")
		o.add("null")
	}
	s := socket.Socket{Proto: socket.TCP, Remote: socket.Endpoint{Addr: d.Remote, Port: uint32(d.Port)}}
	o.out = jsonout.AppendEndpoint(o.out, "remote", &s, &s.Remote)
}

func (o *object) timeWait(r *summary.Result, l *summary.Limits) {
	o.add("{")
	o.number("count", r.TimeWait)
	o.number("tcp", r.TCP)
	o.count("limit", l.TimeWait)
	o.count("tcp_tw_reuse", l.TimeWaitReuse)
	o.add("}")
}

func (o *object) listeners(l *summary.Listeners) {
	o.add("{")
	o.number("total", l.Total)
	o.number("full", l.Full)
	o.number("nearly_full", l.NearlyFull)
	o.number("unknown", l.Unknown)
	o.member("worst")
	o.add("[")
	for i, s := range l.Worst {
		o.element(i, `{"full":`)
		o.out = strconv.AppendBool(o.out, summary.Full(s))
		o.member("socket")
		o.out = jsonout.AppendSocket(o.out, s, len(s.Processes) > 0)
		o.add("}")
	}
	o.add("]}")
}
