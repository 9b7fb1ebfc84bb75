package sockdiag

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

// inetSocket is a socket of an inetKernel.
type inetSocket struct {
	entry
	protocol int
	state    uint8 // the kernel's, TCP_TIME_WAIT and TCP_NEW_SYN_RECV too
	cookie   uint64
}

// entryOf is what the bytecode sees: of a TIME_WAIT or SYN_RECV socket neither
// the locks nor the control group.
func (s *inetSocket) entryOf() entry {
	e := s.entry
	if !s.full() {
		e.locked, e.cgroup = false, 0
	}
	return e
}

func (s *inetSocket) full() bool { return s.state != 6 && s.state != 12 }

// message is the row, with the attributes that this user may see.
func (s *inetSocket) message(user bool) []byte {
	m := inetMsg{family: s.family, state: s.state, cookie: s.cookie, index: s.device, sport: be(s.sport), dport: be(s.dport)}
	if s.state == 12 {
		m.state = 3
	}
	if !user {
		m.attrs = append(m.attrs, attr(15, s.mark)...)
	}
	if s.full() {
		m.attrs = append(m.attrs, attr(21, s.cgroup)...)
	}
	m.src, m.dst = addrOf(s.src).String(), addrOf(s.dst).String()
	return m.bytes()
}

func addrOf(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}

// inetKernel is a Conn with TCP, UDP and other internet sockets, that dumps them
// as inet_diag_dump_icsk and udp_dump do.
type inetKernel struct {
	interpreter
	t        testing.TB
	sockets  []inetSocket
	noModule bool
	noCompat bool // refuses requests of both families
	tooLong  int  // from this length on requests are refused, unless 0
	log      []string
	queue    [][]byte
}

func (k *inetKernel) Send(request []byte) error {
	if k.tooLong > 0 && len(request) >= k.tooLong {
		return syscall.EMSGSIZE
	}
	r := k.parse(request)
	k.log = append(k.log, r.String())
	refuse := func(errno syscall.Errno) {
		k.queue = append(k.queue, nlmsg(nlmsgError, 0, r.seq, pack(-int32(errno), request[:16])))
	}
	if r.kind == typeTCPDiag && k.noCompat {
		refuse(syscall.EINVAL)
		return nil
	}
	if !r.dump {
		if s := k.lookup(r); s != nil {
			k.queue = append(k.queue, nlmsg(r.kind, 0, r.seq, s.message(k.user)))
			refuse(0)
		} else {
			refuse(syscall.ENOENT)
		}
		return nil
	}
	if r.program != nil {
		if errno := k.audit(r.program); errno != 0 {
			k.log[len(k.log)-1] += " " + errno.Error()
			refuse(errno)
			return nil
		}
	}
	if k.noModule {
		k.queue = append(k.queue, done(r.seq, int32(syscall.ENOENT)))
		return nil
	}
	var rows [][]byte
	for _, s := range k.list(r) {
		rows = append(rows, nlmsg(r.kind, flagMulti, r.seq, s.message(k.user)))
	}
	k.queue = append(k.queue, bytes.Join(append(rows, done(r.seq, 0)), nil))
	return nil
}

func (k *inetKernel) Receive(b []byte) (int, error) {
	if len(k.queue) == 0 {
		k.t.Error("read past the end of the answer")
		return 0, syscall.EBADF
	}
	n := copy(b, k.queue[0])
	if n < len(k.queue[0]) {
		k.t.Error("the answer is too long for the test")
	}
	k.queue = k.queue[1:]
	return n, nil
}

func (*inetKernel) Close() error { return nil }

// inetAsked is a request as the kernel reads it.
type inetAsked struct {
	seq          uint32
	kind         uint16
	dump         bool
	family       uint8
	protocol     int
	states       uint32
	sport, dport uint16
	src, dst     []byte
	device       uint32
	program      []byte
}

func (r inetAsked) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d/%d", r.family, r.protocol)
	if r.dump {
		fmt.Fprintf(&b, " states %x", r.states)
	} else {
		fmt.Fprintf(&b, " one, device %d", r.device)
	}
	if r.sport != 0 {
		fmt.Fprintf(&b, " sport %d", r.sport)
	}
	if r.dport != 0 {
		fmt.Fprintf(&b, " dport %d", r.dport)
	}
	if r.program != nil {
		fmt.Fprintf(&b, " program of %d", len(r.program))
	}
	return b.String()
}

func (k *inetKernel) parse(b []byte) inetAsked {
	const dumpFlags = 0x300
	r := inetAsked{seq: native.Uint32(b[8:]), kind: native.Uint16(b[4:]), dump: native.Uint16(b[6:])&dumpFlags == dumpFlags, protocol: 6}
	if int(native.Uint32(b)) != len(b) {
		k.t.Errorf("a request of %d bytes says %d", len(b), native.Uint32(b))
	}
	b = b[16:]
	var id, attrs []byte
	if r.kind == typeByFamily { // struct inet_diag_req_v2
		r.family, r.protocol, r.states = b[0], int(b[1]), native.Uint32(b[4:])
		id, attrs = b[8:], b[56:]
	} else { // struct inet_diag_req
		r.states = native.Uint32(b[52:])
		id, attrs = b[4:], b[60:]
	}
	r.sport, r.dport = uint16(id[0])<<8|uint16(id[1]), uint16(id[2])<<8|uint16(id[3])
	r.src, r.dst, r.device = id[4:20], id[20:36], native.Uint32(id[36:])
	for a, rest, ok := nextAttribute(attrs); ok; a, rest, ok = nextAttribute(rest) {
		switch a.kind {
		case 1:
			r.program = bytes.Clone(a.value)
		case 3:
			r.protocol = int(a.u32())
		}
	}
	return r
}

// list walks the tables in their order: TCP listeners, bound sockets, others.
func (k *inetKernel) list(r inetAsked) []*inetSocket {
	const listen, bound, synRecv, newSynRecv = 10, 13, 3, 12
	if r.states&(1<<synRecv) != 0 {
		r.states |= 1 << newSynRecv
	}
	var listeners, bounds, others []*inetSocket
	for i := range k.sockets {
		s := &k.sockets[i]
		if s.protocol != r.protocol || r.family != 0 && r.family != s.family {
			continue
		}
		if r.program != nil {
			if pass, _ := k.run(r.program, s.entryOf()); !pass {
				continue
			}
		}
		sport, dport := r.sport == 0 || r.sport == s.sport, r.dport == 0 || r.dport == s.dport
		switch {
		case s.protocol == 6 && s.state == listen:
			if r.states&(1<<listen) != 0 && r.dport == 0 && sport {
				listeners = append(listeners, s)
			}
		case s.protocol == 6 && s.state == 7:
			if r.states&(1<<bound) != 0 {
				bounds = append(bounds, s)
			}
		case r.states&(1<<s.state) != 0 && sport && dport:
			others = append(others, s)
		}
	}
	return append(append(listeners, bounds...), others...)
}

// lookup is inet_lookup: a connection, or else a listener that would take it.
func (k *inetKernel) lookup(r inetAsked) *inetSocket {
	same := func(want, have []byte) bool {
		if r.family == 2 {
			return bytes.Equal(want[:4], have[len(have)-4:]) && (len(have) == 4 || addrOf(have).Is4In6())
		}
		return bytes.Equal(want, have)
	}
	var listener *inetSocket
	for i := range k.sockets {
		s := &k.sockets[i]
		if s.protocol != 6 || s.sport != r.sport || s.device != 0 && s.device != r.device {
			continue
		}
		if s.state == 10 {
			listener = s
		}
		if s.state != 10 && s.state != 7 && s.dport == r.dport && same(r.src, s.src) && same(r.dst, s.dst) {
			return s
		}
	}
	return listener
}
