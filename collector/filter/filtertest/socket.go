package filtertest

import (
	"math/rand/v2"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// All are all details there are.
const All = ^socket.Detail(0)

// RandomSocket makes a socket with all details: an internet socket in three of
// four cases. Every internet socket tells its mark, its cgroup and whether the
// kernel chose its port.
func RandomSocket(rng *rand.Rand) *socket.Socket {
	s := &socket.Socket{
		Details: &socket.Details{Extended: &socket.Extended{}},
		V6Only:  socket.Tri(rng.IntN(3)),
		Inode:   rng.Uint64N(4),
		Cookie:  1 + rng.Uint64N(1000),
		RecvQ:   rng.Uint32N(4), SendQ: rng.Uint32N(4),
		UID: rng.Uint32N(3), HasUID: rng.IntN(4) > 0,
		User:   pick(rng, []string{"", "root", "nginx"}),
		Device: pick(rng, append([]string{""}, devices...)),
	}
	for _, f := range fact.All() {
		switch {
		case rng.IntN(2) == 0:
		case f.Kind == fact.Text && f.SetText != nil:
			f.SetText(s, pick(rng, words))
		case f.Kind != fact.Text && f.SetNumber != nil:
			f.SetNumber(s, rng.Int64N(2))
		}
	}
	if s.Details.Extended == nil {
		s.Details.Extended = &socket.Extended{}
	}
	switch rng.IntN(8) {
	case 0:
		unixSocket(rng, s)
	case 1:
		otherSocket(rng, s)
	default:
		InetSocket(rng, s)
	}
	holders(rng, s)
	return s
}

// InetSocket makes s an internet socket, with ends, state and what goes along.
func InetSocket(rng *rand.Rand, s *socket.Socket) {
	s.Proto = pick(rng, []socket.Proto{socket.TCP, socket.TCP, socket.TCP, socket.UDP, socket.MPTCP, socket.Raw})
	s.Family = pick(rng, []socket.Family{socket.IPv4, socket.IPv6})
	s.Type = socket.Stream
	s.State = pick(rng, []socket.State{
		socket.Established, socket.SynSent, socket.SynRecv, socket.TimeWait, socket.CloseWait, socket.Listen, socket.Bound,
	})
	if s.Proto == socket.UDP || s.Proto == socket.Raw {
		s.Type = socket.Dgram
		s.State = pick(rng, []socket.State{socket.Established, socket.Unconn})
	}
	s.Local = inetEnd(rng, s.Family)
	s.Remote = socket.Endpoint{}
	if s.State != socket.Listen && s.State != socket.Unconn && s.State != socket.Bound {
		s.Remote = inetEnd(rng, s.Family)
	}
	x := s.Details.Extended
	x.Mark, x.HasMark = rng.Uint32N(4), true
	x.CgroupID, x.CgroupPath = 1+rng.Uint64N(3), pick(rng, cgroups)
	x.Autobound = socket.TriOf(rng.IntN(2) == 0)
}

func inetEnd(rng *rand.Rand, family socket.Family) socket.Endpoint {
	e := socket.Endpoint{Port: rng.Uint32N(4)}
	if rng.IntN(2) == 0 {
		e.Port = rng.Uint32N(1 << 16)
	}
	for {
		e.Addr = pick(rng, addresses)
		if e.Addr.Is4() != (family == socket.IPv4) {
			continue
		}
		if e.Addr.IsLinkLocalUnicast() && e.Addr.Is6() {
			e.Addr = e.Addr.WithZone("eth0")
		}
		return e
	}
}

func unixSocket(rng *rand.Rand, s *socket.Socket) {
	s.Proto, s.Family, s.Type = socket.Unix, socket.FamilyUnix, socket.Stream
	s.State = pick(rng, []socket.State{socket.Established, socket.Listen, socket.Unconn})
	names := []string{"", "/run/a", "/run/dd", "/a*b", "\x00abc", "\x000a1f2"}
	s.Local.Name, s.Remote.Name = pick(rng, names), pick(rng, names)
	s.Remote.Node = rng.Uint32N(3)
}

func otherSocket(rng *rand.Rand, s *socket.Socket) {
	s.Family = pick(rng, []socket.Family{socket.FamilyPacket, socket.FamilyNetlink, socket.FamilyVsock})
	s.Type, s.State = socket.RawType, socket.Unconn
	s.Local = socket.Endpoint{Port: rng.Uint32N(5), Node: rng.Uint32N(5)}
	switch s.Family {
	case socket.FamilyPacket:
		s.Proto, s.Local.Name = socket.Packet, pick(rng, []string{"", "lo", "eth0"})
	case socket.FamilyNetlink:
		s.Proto = socket.Netlink
	default:
		s.Proto, s.Type = socket.Vsock, socket.Stream
	}
}

func work(rng *rand.Rand) *socket.Workload {
	if rng.IntN(3) == 0 {
		return nil
	}
	w := &socket.Workload{Unit: pick(rng, append([]string{"nginx.service"}, words...))}
	if rng.IntN(2) == 0 {
		w.Container = &socket.Container{Name: pick(rng, words), ID: pick(rng, words), Pod: pick(rng, words)}
	}
	return w
}

func holders(rng *rand.Rand, s *socket.Socket) {
	s.Processes, s.NoProcess = nil, socket.ReasonNone
	for range rng.IntN(3) {
		s.Processes = append(s.Processes, socket.Holder{FD: 3, Process: &socket.Process{
			PID: 1 + rng.IntN(5), Name: pick(rng, []string{"nginx", "b", "a-very-long-pro", "odd name"}),
			Command: pick(rng, words), Exe: pick(rng, words),
			User: pick(rng, words), UID: rng.Uint32N(3), HasUID: rng.IntN(2) == 0,
			Context: pick(rng, words), Dir: pick(rng, words), Workload: work(rng),
		}})
	}
	if len(s.Processes) == 0 {
		s.NoProcess = socket.Reason(rng.IntN(int(socket.ReasonUnknown) + 1))
	}
}
