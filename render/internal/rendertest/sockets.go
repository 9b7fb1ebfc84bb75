package rendertest

import (
	"net/netip"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// Time is the moment at which the sockets below were "collected".
var Time = time.Date(2026, 5, 4, 13, 12, 11, 123456789, time.FixedZone("east", 7200))

func process(pid int, name string) *socket.Process {
	return &socket.Process{PID: pid, Name: name, UID: 33, HasUID: true, User: "www-data"}
}

func hold(pid, tid, fd int, name string) socket.Holder {
	return socket.Holder{Process: process(pid, name), TID: tid, FD: fd}
}

// Inet makes an endpoint from text such as "127.0.0.1:80" or "[fe80::1%eth0]:80".
func Inet(addrPort string) socket.Endpoint {
	if addrPort == "" {
		return socket.Endpoint{}
	}
	ap := netip.MustParseAddrPort(addrPort)
	return socket.Endpoint{Addr: ap.Addr(), Port: uint32(ap.Port())}
}

func inet(p socket.Proto, state socket.State, local, remote string, holders ...socket.Holder) socket.Socket {
	s := socket.Socket{
		Proto: p, State: state, Type: socket.Stream, Family: socket.IPv4,
		Local: Inet(local), Remote: Inet(remote), Processes: holders,
		Inode: 40000, Cookie: 7, HasUID: true, User: "root",
		NetNS: &socket.NetNS{Inode: 4026531840},
	}
	if p != socket.TCP && p != socket.MPTCP {
		s.Type = socket.Dgram
	}
	if s.Local.Addr.Is6() {
		s.Family, s.V6Only = socket.IPv6, socket.No
	}
	return s
}

func other(p socket.Proto, f socket.Family, t socket.Type, state socket.State, local, remote socket.Endpoint) socket.Socket {
	return socket.Socket{Proto: p, Family: f, Type: t, State: state, Local: local, Remote: remote, Inode: 50000, Cookie: 9}
}

// Sockets returns one socket of every kind and every difficulty.
func Sockets() []*socket.Socket {
	web := inet(socket.TCP, socket.Listen, "0.0.0.0:80", "",
		hold(11, 0, 6, "nginx"), hold(12, 0, 6, "nginx"), hold(12, 0, 9, "nginx"), hold(13, 0, 6, "nginx"))
	web.SendQ = 511
	web.Processes[0].Process.Command = "nginx: master process /usr/sbin/nginx"
	web.Processes[0].Process.Exe = "/usr/sbin/nginx"
	web.Processes[0].Process.Started = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

	cups := inet(socket.TCP, socket.Listen, "[::1]:631", "", hold(1, 0, 50, "systemd"), hold(400, 0, 3, "cupsd"))
	cups.V6Only = socket.Yes

	timeWait := inet(socket.TCP, socket.TimeWait, "127.0.0.1:80", "127.0.0.1:50100")
	timeWait.Inode, timeWait.HasUID, timeWait.User, timeWait.NoProcess = 0, false, "", socket.ReasonTimeWait

	waiting := inet(socket.TCP, socket.Established, "[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.2]:50101")
	waiting.Inode, waiting.NoProcess, waiting.RecvQ = 0, socket.ReasonNotAccepted, 1234567

	zoned := inet(socket.UDP, socket.Unconn, "[fe80::1%eth0]:546", "", hold(70, 0, 5, "dhclient"))
	zoned.Device = "eth0"

	device := inet(socket.UDP, socket.Unconn, "0.0.0.0:68", "", hold(71, 72, 5, "dhcp"))
	device.Device = "eth0"

	device6 := inet(socket.TCP, socket.Listen, "[::]:22", "", hold(80, 0, 3, "sshd"))
	device6.Device = "we\x1b]ird"

	forged := inet(socket.TCP, socket.Listen, "127.0.0.1:1", "", hold(90, 0, 3, "nginx[12],sshd"))
	bidi := inet(socket.TCP, socket.Listen, "127.0.0.1:2", "", hold(91, 0, 3, "\u202etxt.exe"))
	newline := inet(socket.TCP, socket.Listen, "127.0.0.1:3", "", hold(92, 0, 3, "a\ntcp  LISTEN"))
	invalid := inet(socket.TCP, socket.Listen, "127.0.0.1:4", "", hold(93, 0, 3, "\xff\\\""))
	empty := inet(socket.TCP, socket.Listen, "127.0.0.1:5", "", hold(94, 0, 3, ""))
	wide := inet(socket.TCP, socket.Listen, "127.0.0.1:6", "", hold(95, 0, 3, "データベース"))
	formula := inet(socket.TCP, socket.Listen, "127.0.0.1:7", "", hold(96, 0, 3, "=1+2"))
	formula.User, formula.UID = "1000", 1001

	bound := inet(socket.TCP, socket.Bound, "0.0.0.0:7070", "", hold(97, 0, 3, "-"))
	closed := inet(socket.TCP, socket.Close, "0.0.0.0:0", "", hold(98, 0, 3, "sh"))
	raw := inet(socket.Raw, socket.Unconn, "0.0.0.0:1", "", hold(99, 0, 3, "ping"))
	raw.Type = socket.RawType
	rawNumber := inet(socket.Raw, socket.Unconn, "[::]:200", "")
	rawNumber.NoProcess, rawNumber.Cookie, rawNumber.V6Only = socket.ReasonHidden, 0, socket.Unknown
	ping := inet(socket.Ping, socket.Unconn, "0.0.0.0:77", "", hold(100, 0, 3, "ping"))

	path := other(socket.Unix, socket.FamilyUnix, socket.Stream, socket.Listen,
		socket.Endpoint{Name: "/run/dbus/system_bus_socket"}, socket.Endpoint{})
	path.Processes = []socket.Holder{hold(1, 0, 60, "systemd")}
	odd := other(socket.Unix, socket.FamilyUnix, socket.Stream, socket.Listen,
		socket.Endpoint{Name: "/tmp/a b\nc"}, socket.Endpoint{})
	at := other(socket.Unix, socket.FamilyUnix, socket.Stream, socket.Listen,
		socket.Endpoint{Name: "@/tmp/real"}, socket.Endpoint{})
	abstract := other(socket.Unix, socket.FamilyUnix, socket.Seqpacket, socket.Listen,
		socket.Endpoint{Name: "\x00/tmp/.X11-unix/X0"}, socket.Endpoint{})
	abstractNUL := other(socket.Unix, socket.FamilyUnix, socket.Dgram, socket.Unconn,
		socket.Endpoint{Name: "\x00\x00a\xff"}, socket.Endpoint{})
	unnamed := other(socket.Unix, socket.FamilyUnix, socket.Stream, socket.Established,
		socket.Endpoint{}, socket.Endpoint{Name: "/run/dbus/system_bus_socket", Node: 50001})
	pair := other(socket.Unix, socket.FamilyUnix, socket.Dgram, socket.Unconn,
		socket.Endpoint{}, socket.Endpoint{Node: 50002})

	rows := []socket.Socket{
		web, cups, timeWait, waiting, zoned, device, device6,
		forged, bidi, newline, invalid, empty, wide, formula, bound, closed,
		raw, rawNumber, ping, path, odd, at, abstract, abstractNUL, unnamed, pair,
		other(socket.Packet, socket.FamilyPacket, socket.RawType, socket.Unconn, socket.Endpoint{Port: 0x800, Name: "eth0", Node: 2}, socket.Endpoint{}),
		other(socket.Packet, socket.FamilyPacket, socket.Dgram, socket.Unconn, socket.Endpoint{Port: 3}, socket.Endpoint{}),
		other(socket.Packet, socket.FamilyPacket, socket.Dgram, socket.Unconn, socket.Endpoint{Port: 0x22f3, Node: 5}, socket.Endpoint{}),
		other(socket.Packet, socket.FamilyPacket, socket.Dgram, socket.Unconn, socket.Endpoint{}, socket.Endpoint{}),
		other(socket.Netlink, socket.FamilyNetlink, socket.RawType, socket.Unconn, socket.Endpoint{}, socket.Endpoint{}),
		other(socket.Netlink, socket.FamilyNetlink, socket.RawType, socket.Unconn, socket.Endpoint{Node: 16, Port: 1869}, socket.Endpoint{Node: 5}),
		other(socket.Netlink, socket.FamilyNetlink, socket.RawType, socket.Unconn, socket.Endpoint{Node: 31, Port: 1869}, socket.Endpoint{Port: 12}),
		other(socket.Vsock, socket.FamilyVsock, socket.Stream, socket.Listen, socket.Endpoint{Node: 0xffffffff, Port: 1024}, socket.Endpoint{}),
		other(socket.Vsock, socket.FamilyVsock, socket.Stream, socket.Established, socket.Endpoint{Node: 3, Port: 1024}, socket.Endpoint{Node: 2, Port: 0xffffffff}),
		other(socket.XDP, socket.FamilyXDP, socket.RawType, socket.Unconn, socket.Endpoint{Name: "eth0", Node: 2, Port: 4}, socket.Endpoint{}),
		other(socket.TIPC, socket.FamilyTIPC, socket.RDM, socket.Unconn, socket.Endpoint{Node: 16781313, Port: 42}, socket.Endpoint{}),
	}
	return Pointers(rows)
}

// Pointers turns rows into what collections yield.
func Pointers(rows []socket.Socket) []*socket.Socket {
	all := make([]*socket.Socket, len(rows))
	for i := range rows {
		all[i] = &rows[i]
	}
	return all
}

// Snapshot returns Sockets with what goes around them.
func Snapshot() *socket.Snapshot {
	return &socket.Snapshot{
		Host: "box", Time: Time, Sockets: Sockets(),
		Report: socket.Report{
			Source: socket.Source{Kernel: "6.18.4", Tables: []string{"sock_diag", "/proc/net"}, Owners: "proc"},
			Notices: []socket.Notice{
				{Code: "owners-hidden", Count: 37, Message: "37 sockets belong to other users", Hint: "run as root"},
				{Code: "no-module", Message: "this kernel has no sctp"},
			},
		},
	}
}
