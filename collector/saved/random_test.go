package saved

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// generator makes sockets of every kind, with texts that are made to hurt. It
// makes nothing that the contract does not carry:
//
//   - numbers of an end that its family has not, and an end that has none of
//     its numbers where the contract says null;
//   - V6Only of other families than IPv6, UID without HasUID;
//   - NoProcess beside processes, and either where nobody asked for owners.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 4))} }

func (g generator) one(n int) bool { return g.IntN(n) == 0 }

// text is one of the texts that break readers, or random bytes.
func (g generator) text() string {
	texts := []string{
		"nginx", "eth0", "a b", "\x00", "\x00abstract", "\x00\xff\xfe", "@real", `a"\/b`, "\xff\\xff", "{\"proto\":\"tcp\"}\n",
		"\u202e\u2028", "\U000e0001", "\U0001f4a9", "\x7f\u0085", "\ufffd", "\xed\xa0\x80", "データベース", "null", "line\nline\r\t\b\f",
	}
	if g.one(4) {
		b := make([]byte, 1+g.IntN(40))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return string(b)
	}
	return texts[g.IntN(len(texts))]
}

// maybe is a text or none.
func (g generator) maybe() string {
	if g.one(2) {
		return ""
	}
	return g.text()
}

// u32 and u64 are numbers of every size.
func (g generator) u32() uint32 { return g.Uint32() >> g.IntN(33) }
func (g generator) u64() uint64 { return g.Uint64() >> g.IntN(65) }

func (g generator) time() time.Time {
	if g.one(3) {
		return time.Time{}
	}
	return time.Unix(g.Int64N(4e9), g.Int64N(1e9)).In(time.FixedZone("east", 7200))
}

func (g generator) addr(f socket.Family) netip.Addr {
	var b [16]byte
	for i := range b {
		b[i] = byte(g.Uint32() >> (8 * g.IntN(4)))
	}
	if f == socket.IPv4 {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	switch g.IntN(4) {
	case 0:
		return netip.AddrFrom16(netip.AddrFrom4([4]byte(b[:4])).As16())
	case 1:
		b[0], b[1] = 0xfe, 0x80
		return netip.AddrFrom16(b).WithZone(g.maybe())
	case 2:
		return netip.IPv6Unspecified()
	}
	return netip.AddrFrom16(b)
}

func (g generator) end(s *socket.Socket, remote bool) socket.Endpoint {
	if remote && g.one(3) {
		return socket.Endpoint{}
	}
	switch s.Proto {
	case socket.Unix:
		e := socket.Endpoint{Name: g.maybe()}
		if remote {
			e.Node = 1 + g.u32()/2
		}
		return e
	case socket.Netlink, socket.Vsock, socket.TIPC:
		return socket.Endpoint{Node: g.u32(), Port: g.u32()}
	case socket.Packet, socket.XDP:
		return socket.Endpoint{Name: g.maybe(), Node: g.u32(), Port: g.u32()}
	case socket.Raw:
		return socket.Endpoint{Addr: g.addr(s.Family), Port: g.u32()}
	}
	return socket.Endpoint{Addr: g.addr(s.Family), Port: g.u32() & 0xffff}
}

// socket makes one; owners tells whether processes were asked for.
func (g generator) socket(owners bool) *socket.Socket {
	protos := socket.Protos()
	s := &socket.Socket{
		Proto: protos[g.IntN(len(protos))],
		Type:  socket.Type(g.IntN(6)),
		State: socket.States()[g.IntN(len(socket.States()))],
		RecvQ: g.u32(), SendQ: g.u32(), Inode: g.u64(), Cookie: g.u64(),
		Device: g.maybe(), User: g.maybe(),
	}
	switch {
	case s.Proto.Inet():
		s.Family = []socket.Family{socket.IPv4, socket.IPv6}[g.IntN(2)]
	default:
		s.Family = socket.FamilyUnix + socket.Family(s.Proto-socket.Unix)
	}
	s.Local, s.Remote = g.end(s, false), g.end(s, true)
	if s.Family == socket.IPv6 {
		s.V6Only = socket.Tri(g.IntN(3))
	}
	if g.one(2) {
		s.UID, s.HasUID = g.u32(), true
	}
	if g.one(3) {
		s.NetNS = &socket.NetNS{Inode: g.u64(), Name: g.maybe()}
	}
	if g.one(3) {
		var hosts socket.Hosts
		if !s.Local.IsZero() {
			hosts.Local = g.maybe()
		}
		if !s.Remote.IsZero() {
			hosts.Remote = g.maybe()
		}
		if hosts != (socket.Hosts{}) {
			s.Hosts = &hosts
		}
	}
	if owners {
		g.owners(s)
	}
	g.details(s)
	return s
}

func (g generator) owners(s *socket.Socket) {
	for range g.IntN(4) {
		p := &socket.Process{
			PID: g.IntN(1 << 22), Name: g.maybe(), Command: g.maybe(), Exe: g.maybe(),
			Context: g.maybe(), User: g.maybe(), Started: g.time(),
		}
		if g.one(2) {
			p.UID, p.HasUID = g.u32(), true
		}
		g.belonging(p)
		s.Processes = append(s.Processes, socket.Holder{Process: p, TID: g.IntN(2) * g.IntN(1<<22), FD: g.IntN(1 << 20)})
	}
	if len(s.Processes) == 0 {
		s.NoProcess = socket.Reason(g.IntN(int(socket.ReasonUnknown) + 1))
	}
}

// belonging is what a process belongs to, as the details were asked for.
func (g generator) belonging(p *socket.Process) {
	p.Dir = g.maybe()
	if g.one(2) {
		p.InnerPID = g.IntN(1 << 22)
	}
	if g.one(2) {
		p.Parents = []socket.Ancestor{}
		for range g.IntN(3) {
			p.Parents = append(p.Parents, socket.Ancestor{PID: g.IntN(1 << 22), Name: g.maybe()})
		}
	}
	if g.one(3) {
		return
	}
	p.Workload = &socket.Workload{Cgroup: g.maybe(), Unit: g.maybe(), Container: g.container()}
	if g.one(3) {
		p.Workload.Manager, p.Workload.HasManager = g.u32(), true
	}
	if g.one(3) {
		p.Workload.Proxy = &socket.Proxy{
			Proto:     socket.Protos()[g.IntN(len(socket.Protos()))],
			Host:      netip.AddrPortFrom(g.addr(socket.IPv4), uint16(g.u32())),
			Inside:    netip.AddrPortFrom(g.addr(socket.IPv6), uint16(g.u32())),
			Container: g.container(),
		}
	}
}

func (g generator) container() *socket.Container {
	if g.one(3) {
		return nil
	}
	return &socket.Container{Runtime: g.maybe(), ID: g.maybe(), Name: g.maybe(), Pod: g.maybe()}
}

// details sets some of the facts of some groups, those that a socket in that
// state can have.
func (g generator) details(s *socket.Socket) {
	words := []string{"off", "on", "keepalive", "time-wait", "persist", "open", "loss", "cubic", "1,3,5-7", "none", "receive,send", "1.3", "hw"}
	random := socket.Socket{Proto: s.Proto, Family: s.Family}
	for _, group := range fact.Groups() {
		if !g.one(3) {
			continue
		}
		for _, f := range fact.Of(group) {
			switch {
			case g.one(3):
			case f.Kind != fact.Text:
				n := int64(g.u64())
				if f.Kind == fact.Flag {
					n &= 1
				}
				f.SetNumber(&random, n)
			case g.one(2):
				f.SetText(&random, g.text())
			default:
				f.SetText(&random, words[g.IntN(len(words))])
			}
		}
	}
	random.State = s.State
	for _, f := range fact.All() {
		switch {
		case f.Group == fact.NoGroup:
		case f.Kind == fact.Text:
			if text, ok := f.Text(&random); ok {
				f.SetText(s, text)
			}
		default:
			if n, ok := f.Number(&random); ok {
				f.SetNumber(s, n)
			}
		}
	}
}
