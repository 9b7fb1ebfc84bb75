package sockdiag

import (
	"errors"
	"syscall"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// plan is what to ask for, as far as the kernel is known to understand it.
func (d *dump) plan(r Request) *planner {
	return newPlanner(r, d.ops, func(name string) (uint32, bool) {
		index, ok := r.ifIndex(name)
		// An alternative name of an interface is the device of no row.
		return index, ok && (index == 0 || d.dec.device(index) == name)
	})
}

// ifIndex is the index of an interface, 0 for none.
func (r Request) ifIndex(name string) (uint32, bool) {
	if name == "" || r.IfIndex == nil {
		return 0, name == ""
	}
	return r.IfIndex(name)
}

// interfaces are the indexes of all interfaces, not ok where they are not known:
// every namespace has one, the loopback interface.
func (r Request) interfaces() (indexes []uint32, ok bool) {
	if r.Interfaces == nil {
		return nil, false
	}
	indexes = r.Interfaces()
	return indexes, len(indexes) > 0
}

// errPlanAgain is a plan that the kernel turned out not to understand before it
// gave a row.
var errPlanAgain = errors.New("the kernel takes no program")

// inet asks for the sockets of an internet protocol.
func (d *dump) inet(r Request) error {
	before := d.ops
	defer func() {
		if d.tooLong { // another program may not be
			d.ops = before
		}
	}()
	for {
		p := d.plan(r)
		walks := p.walks()
		if id, ok := p.tuple(walks); ok {
			if answered, err := d.lookup(r, id, walks[0]); answered {
				return err
			}
		}
		err := d.walkAll(p, walks)
		if !errors.Is(err, errPlanAgain) {
			return err
		}
	}
}

func (d *dump) walkAll(p *planner, walks []walk) error {
	for _, w := range walks {
		d.recent.keep = w.auto == socket.No
		if err := d.walk(p, w); err != nil {
			return err
		}
	}
	d.recent.keep = false
	return nil
}

// walk reads the tables of TCP once for both families where the kernel can, and
// once for each where it cannot.
func (d *dump) walk(p *planner, w walk) error {
	rows := d.rows
	if w.ipv4 && w.ipv6 {
		err := d.ask(p, w, tcpRequest)
		if err == nil || d.rows > rows || d.broken || errors.Is(err, errPlanAgain) {
			return err
		}
		d.bad = 0
	}
	number := protocolNumber(p.Proto)
	if w.ipv4 {
		if err := d.ask(p, w, func(q inetQuery) request { return inetRequest(afInet, number, q) }); err != nil {
			return err
		}
	}
	if w.ipv6 {
		return d.ask(p, w, func(q inetQuery) request { return inetRequest(afInet6, number, q) })
	}
	return nil
}

func protocolNumber(p socket.Proto) int {
	switch p {
	case socket.TCP:
		return protoTCP
	case socket.MPTCP:
		return protoMPTCP
	case socket.UDP:
		return protoUDP
	case socket.UDPLite:
		return protoUDPLite
	}
	return protoSCTP
}

// ask sends one request. Where the kernel refuses the program, it is asked again
// with less of it: what it then lets through is judged by the caller.
func (d *dump) ask(p *planner, w walk, build func(inetQuery) request) error {
	q := inetQuery{states: kernelStates(w.states), extensions: extensions(p.Details)}
	switch p.Proto {
	case socket.TCP:
		q.states = tcpStates(w.states)
	case socket.SCTP:
		q.states = sctpStates(w.states)
	}
	if q.states == 0 {
		return nil
	}
	decode := func(b []byte, s *socket.Socket) bool { return d.dec.decodeInet(b, p.Proto, s) }
	for tries := 0; ; tries++ {
		var test filter.Expr
		var used opset
		test, q.id.sport, q.id.dport = p.condition(w).split(p.Proto, w)
		q.program, used = compile(test, d.ops)
		d.auto = w.auto
		err := d.run(build(q), decode)
		d.auto = socket.Unknown
		if err == nil || d.broken {
			return err
		}
		fewer := weaker(used, err)
		if fewer == used || tries == 0 && d.run(build(inetQuery{}), decode) != nil {
			return err // it would refuse without a program, too
		}
		d.tooLong = d.tooLong || errors.Is(err, syscall.EMSGSIZE)
		d.ops &= ^used | fewer
		p.weaken(d.ops)
		if w.auto != socket.Unknown && !d.ops.has(opProgram) {
			if d.rows == 0 {
				return errPlanAgain
			}
			w.auto = socket.Unknown
		}
	}
}

// weaker leaves out one thing that can be the reason why the kernel refused a
// program. It does not say what displeases it, so the newest goes first.
func weaker(used opset, err error) opset {
	switch {
	case errors.Is(err, syscall.EPERM):
		return used &^ opMark
	case errors.Is(err, syscall.EMSGSIZE): // of net.core.wmem_default
		return used &^ opProgram
	case errors.Is(err, syscall.EINVAL):
		for _, op := range [...]opset{opCgroup, opPortEqual, opMark, opDevice, opProgram} {
			if used.has(op) {
				return used &^ op
			}
		}
	}
	return used
}

// autobound marks a row of a dump that was for one side only.
func (d *details) autobound(s *socket.Socket, side socket.Tri) {
	if s.Details == nil {
		d.all = socket.Details{}
		s.Details = &d.all
	}
	d.extend().Autobound = side
}
