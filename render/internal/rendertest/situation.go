package rendertest

import (
	"net/netip"
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/collector/workload"
)

// Situation is a port with everything that was found about it, under a name.
type Situation struct {
	Name string
	why.Situation
}

// began is when the processes below were started.
var began = time.Date(2026, 5, 1, 7, 0, 0, 0, time.UTC)

// host is the machine of most situations.
func host() *machine.Machine {
	first := uint16(1024)
	return &machine.Machine{
		UnprivilegedPorts: &first, Ephemeral: &machine.Ports{First: 32768, Last: 60999},
		Reserved:      []machine.Ports{{First: 40000, Last: 40010}, {First: 50051, Last: 50051}},
		NonlocalBind4: socket.No, NonlocalBind6: socket.No, IPv6: socket.Yes, V6Only: socket.No,
		AcceptL3TCP: socket.No, AcceptL3UDP: socket.No,
		Local4:   []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.168.1.10/32"), netip.MustParsePrefix("10.0.0.5/32")},
		Local6:   []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("2001:db8::5")},
		HasLocal: true, HasLinks: true,
		Links: []machine.Link{
			{Index: 1, Name: "lo", Up: true, Addr: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")}},
			{Index: 2, Name: "eth0", Up: true, Addr: []netip.Prefix{
				netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fe80::1/64"), netip.MustParsePrefix("2001:db8::5/64"),
			}},
			{Index: 3, Name: "wg0", Kind: "wireguard", Up: true, Addr: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/24")}},
		},
	}
}

// wish is a bind of root's to an address such as "0.0.0.0:80" or, for a port
// alone, ":80".
func wish(proto socket.Proto, at string) why.Bind {
	b := why.Bind{Proto: proto, Privileged: socket.Yes}
	if at[0] == ':' {
		b.Port = netip.MustParseAddrPort("0.0.0.0" + at).Port()
		return b
	}
	ap := netip.MustParseAddrPort(at)
	b.Addr, b.Port = ap.Addr(), ap.Port()
	return b
}

// by is a process as it is found in full.
func by(pid int, name, command string, parents ...socket.Ancestor) *socket.Process {
	return &socket.Process{
		PID: pid, Name: name, Command: command, User: "root", HasUID: true, Started: began,
		Dir: "/", Parents: append(parents, socket.Ancestor{PID: 1, Name: "systemd"}),
	}
}

func in(unit string, p *socket.Process) *socket.Process {
	p.Workload = &socket.Workload{Cgroup: "/system.slice/" + unit, Unit: unit}
	return p
}

// shell is a process that somebody has started by hand.
func shell(pid int, name, command string) *socket.Process {
	p := by(pid, name, command, socket.Ancestor{PID: 700, Name: "bash"}, socket.Ancestor{PID: 690, Name: "sshd"})
	p.User, p.UID, p.Dir = "ana", 1000, "/home/ana/shop"
	p.Workload = &socket.Workload{Cgroup: "/user.slice/user-1000.slice/session-3.scope", Unit: "session-3.scope"}
	return p
}

// of makes a socket with holders whose descriptor is 6.
func of(proto socket.Proto, state socket.State, local, remote string, holders ...*socket.Process) *socket.Socket {
	s := inet(proto, state, local, remote)
	s.User, s.Details = "", &socket.Details{}
	for _, p := range holders {
		s.Processes = append(s.Processes, socket.Holder{Process: p, FD: 6})
		s.UID, s.User = p.UID, p.User
	}
	return &s
}

func nobody(why socket.Reason, s *socket.Socket) *socket.Socket {
	s.NoProcess = why
	return s
}

// gone is a socket that has lost its file.
func gone(why socket.Reason, timer socket.TimerKind, ms uint32, s *socket.Socket) *socket.Socket {
	s.Inode, s.HasUID, s.NoProcess = 0, false, why
	s.Details.Timer = &socket.Timer{Kind: timer, Expires: ms}
	return s
}

func options(addr, port socket.Tri, s *socket.Socket) *socket.Socket {
	s.Details.Reuse = &socket.Reuse{Address: addr, Port: port}
	return s
}

func chosen(auto socket.Tri, s *socket.Socket) *socket.Socket {
	s.Details.Extended = &socket.Extended{Autobound: auto}
	return s
}

func v6only(s *socket.Socket) *socket.Socket {
	s.V6Only = socket.Yes
	return s
}

func on(device string, s *socket.Socket) *socket.Socket {
	s.Device = device
	return s
}

func within(name string, inode uint64, s *socket.Socket) *socket.Socket {
	s.NetNS = &socket.NetNS{Inode: inode, Name: name}
	return s
}

// unit is a socket unit of the system.
func unit(name, service string, listen ...workload.Listen) workload.SocketUnit {
	return workload.SocketUnit{Name: name, Service: service, Listen: listen}
}

// situation puts one together.
func situation(name string, b why.Bind, sockets ...*socket.Socket) Situation {
	return Situation{name, why.Situation{Bind: b, Now: Time, Sockets: sockets, Machine: host()}}
}

// with changes a situation.
func (s Situation) with(change func(*why.Situation)) Situation {
	change(&s.Situation)
	return s
}
