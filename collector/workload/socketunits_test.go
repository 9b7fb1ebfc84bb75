package workload

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

var comparableAddr = cmpopts.EquateComparable(netip.Addr{})

func tcp(at string) Listen { return listenAt(socket.TCP, at) }
func udp(at string) Listen { return listenAt(socket.UDP, at) }

func listenAt(p socket.Proto, at string) Listen {
	x := netip.MustParseAddrPort(at)
	return Listen{Proto: p, Addr: x.Addr(), Port: x.Port()}
}

// TestSocketSection reads one file, or several that are separated by a line of
// dashes, as a unit and its drop-ins.
func TestSocketSection(t *testing.T) {
	t.Parallel()
	const name = "web@blue\\x2dgreen-1.socket"
	tests := []struct {
		name, text string
		service    string
		listen     []Listen
	}{
		{"bare port", "[Socket]\nListenStream=80\n", "", []Listen{{Proto: socket.TCP, Port: 80}}},
		{"all forms", "[Socket]\nListenStream=127.0.0.1:80\nListenDatagram = [::1]:53\nListenStream=[fe80::1%eth0]:81\nListenStream=/run/x\nListenStream=@x\nListenStream=vsock:2:1024\nListenStream=0\nListenStream=65536\nListenStream=name:80\n", "", []Listen{tcp("127.0.0.1:80"), udp("[::1]:53"), tcp("[fe80::1%eth0]:81")}},
		{"other protocols", "[Socket]\nListenStream=1\nSocketProtocol=mptcp\n", "", []Listen{{Proto: socket.MPTCP, Port: 1}}},
		{"udplite", "[Socket]\nListenStream=2\nListenDatagram=1\nSocketProtocol=udplite\n", "", []Listen{{Proto: socket.UDPLite, Port: 1}}},
		{"sctp", "[Socket]\nListenStream=2\nListenSequentialPacket=3\nListenDatagram=1\nSocketProtocol=sctp\n", "", []Listen{{Proto: socket.SCTP, Port: 2}, {Proto: socket.SCTP, Port: 3}}},
		{"other sections", "ListenStream=1\n[Unit]\nListenStream=2\n[Socket]\nListenStream=3\n[Install]\nListenStream=4\n[Socket]\nListenStream=5\n", "", []Listen{{Proto: socket.TCP, Port: 3}, {Proto: socket.TCP, Port: 5}}},
		{"comments and continued lines", "[Socket]\n#ListenStream=1\n;ListenStream=2\n  # ListenStream=3\nListenStream=\\\n# in between\n  4\nDescription=a \\\nListenStream=5\n", "", []Listen{{Proto: socket.TCP, Port: 4}}},
		{"reset by any of them", "[Socket]\nListenStream=1\nListenDatagram=2\nListenFIFO=\nListenStream=3\n", "", []Listen{{Proto: socket.TCP, Port: 3}}},
		{"reset by a drop-in", "[Socket]\nListenStream=1\n---\n[Socket]\nListenStream=\nListenStream=2\n---\n[Socket]\nListenStream=3\n", "", []Listen{{Proto: socket.TCP, Port: 2}, {Proto: socket.TCP, Port: 3}}},
		{"a drop-in begins outside of all sections", "[Socket]\nListenStream=1\n---\nListenStream=2\n", "", []Listen{{Proto: socket.TCP, Port: 1}}},
		{"IPv6 only", "[Socket]\nListenStream=1\nBindIPv6Only=ipv6-only\n", "", []Listen{{Proto: socket.TCP, Port: 1, V6Only: socket.Yes}}},
		{"both", "[Socket]\nBindIPv6Only=both\nListenStream=1\n", "", []Listen{{Proto: socket.TCP, Port: 1, V6Only: socket.No}}},
		{"back to the default", "[Socket]\nBindIPv6Only=both\nBindIPv6Only=default\nBindIPv6Only=nonsense\nListenStream=1\n", "", []Listen{{Proto: socket.TCP, Port: 1}}},
		{"a service", "[Socket]\nListenStream=1\nService=other.service\n", "other.service", []Listen{{Proto: socket.TCP, Port: 1}}},
		{"accept", "[Socket]\nListenStream=1\nAccept=yes\n", "web@.service", []Listen{{Proto: socket.TCP, Port: 1}}},
		{"accept taken back", "[Socket]\nListenStream=1\nAccept=on\nAccept=0\nAccept=maybe\n", "", []Listen{{Proto: socket.TCP, Port: 1}}},
		{"specifiers", "[Socket]\nListenStream=127.0.0.1:8%%\nListenStream=%p:80\nListenStream=%H:80\nListenStream=1%\nListenStream=[fe80::1%eth0]:2\nService=%p-%I-%N.service\n", "web-blue-green/1-web@blue\\x2dgreen-1.service", []Listen{tcp("[fe80::1%eth0]:2")}},
		{"carriage returns", "[Socket]\r\nListenStream=1\r\n", "", []Listen{{Proto: socket.TCP, Port: 1}}},
		{"no end", "[Socket]\nListenStream=1\\", "", []Listen{{Proto: socket.TCP, Port: 1}}},
		{"nothing", "", "", nil},
		{"not of the internet", "[Socket]\nListenStream=/run/x\n", "", nil},
	}
	for _, tt := range tests {
		var s socketSection
		for _, text := range strings.Split(tt.text, "---\n") {
			s.read(text)
		}
		u, ok := s.unit(name, true)
		want := SocketUnit{Name: name, Service: "web@blue\\x2dgreen-1.service", User: true, Listen: tt.listen}
		if tt.service != "" {
			want.Service = tt.service
		}
		if diff := cmp.Diff(want, u, comparableAddr); diff != "" || ok != (len(tt.listen) > 0) {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, ok, diff)
		}
	}
}

// TestSocketUnits has a tree with all that decides which file counts.
func TestSocketUnits(t *testing.T) {
	t.Parallel()
	port := func(n string) string { return "[Socket]\nListenStream=127.0.0.1:" + n + "\n" }
	root := writeTree(t, map[string]string{
		// Precedence.
		"usr/lib/systemd/system/a.socket":                  port("1"),
		"etc/systemd/system/a.socket":                      port("2"),
		"run/systemd/system/a.socket":                      port("3"),
		"run/systemd/generator/b.socket":                   port("4"),
		"usr/local/lib/systemd/system/b.socket":            port("5"),
		"run/systemd/generator.late/c.socket":              port("6"),
		"usr/lib/systemd/system/c.socket":                  port("7"),
		"run/systemd/transient/d.socket":                   port("8"),
		"etc/systemd/system/d.socket":                      port("9"),
		"lib":                                              "-> usr/lib",
		"etc/systemd/system/sockets.target.wants/a.socket": "-> /usr/lib/systemd/system/a.socket",
		// Masked, in both ways, and an alias.
		"usr/lib/systemd/system/masked.socket": port("10"),
		"etc/systemd/system/masked.socket":     "-> /dev/null",
		"usr/lib/systemd/system/empty.socket":  port("11"),
		"run/systemd/system/empty.socket":      "",
		"usr/lib/systemd/system/real.socket":   port("12"),
		"etc/systemd/system/alias.socket":      "-> /usr/lib/systemd/system/real.socket",
		"etc/systemd/system/linked.socket":     "-> /opt/app/linked.socket",
		"opt/app/linked.socket":                port("13"),
		"etc/systemd/system/renamed.socket":    "-> ../../../opt/app/other.socket",
		"opt/app/other.socket":                 port("14"),
		"etc/systemd/system/dangling.socket":   "-> /opt/app/nothing.socket",
		"etc/systemd/system/loop.socket":       "-> loop.socket",
		// Templates.
		"usr/lib/systemd/system/t@.socket":                      "[Socket]\nListenStream=127.0.0.1:%i\n",
		"etc/systemd/system/sockets.target.wants/t@15.socket":   "-> /usr/lib/systemd/system/t@.socket",
		"etc/systemd/system/x.service.requires/t@16.socket":     "-> /usr/lib/systemd/system/t@.socket",
		"etc/systemd/system/t@17.socket":                        port("18"),
		"etc/systemd/system/sockets.target.wants/gone@1.socket": "-> /usr/lib/systemd/system/gone@.socket",
		"etc/systemd/system/t@.socket.d/50.conf":                "[Socket]\nService=t.service\n",
		"etc/systemd/system/t@15.socket.d/60.conf":              "[Socket]\nListenStream=127.0.0.1:19\n",
		// Drop-ins.
		"usr/lib/systemd/system/p-q-r.socket":           port("20"),
		"usr/lib/systemd/system/p-q-r.socket.d/10.conf": port("21"),
		"etc/systemd/system/p-q-r.socket.d/10.conf":     port("22"),
		"run/systemd/system/p-q-r.socket.d/20.conf":     port("23"),
		"etc/systemd/system/p-q-.socket.d/15.conf":      port("24"),
		"etc/systemd/system/p-.socket.d/20.conf":        port("25"),
		"etc/systemd/system/p-.socket.d/30.conf":        port("26"),
		"usr/lib/systemd/system/p-q-r.socket.d/30.conf": "-> /dev/null",
		"etc/systemd/system/p-q-r.socket.d/40.conf.bak": port("27"),
		"etc/systemd/system/alone.socket.d/10.conf":     port("28"),
		"etc/systemd/system/socket.d/05.conf":           "[Socket]\nBindIPv6Only=both\n",
		"etc/systemd/system/nothing.service":            port("29"),
		"etc/systemd/system/unix.socket":                "[Socket]\nListenStream=/run/x\n",
		// Users.
		"usr/lib/systemd/user/m.socket":                 port("30"),
		"etc/systemd/user/n.socket":                     port("31"),
		"home/ann/.config/systemd/user/n.socket":        port("32"),
		"home/ann/.local/share/systemd/user/own.socket": port("33"),
	})
	units, err := SocketUnits(root, "/home/ann", "/home/nobody")
	if err == nil || !strings.Contains(err.Error(), "loop.socket") {
		t.Errorf("the link that leads to itself: %v", err)
	}
	both := func(ls ...Listen) []Listen {
		for i := range ls {
			ls[i].V6Only = socket.No
		}
		return ls
	}
	at := func(port string) Listen { return tcp("127.0.0.1:" + port) }
	want := []SocketUnit{
		{Name: "a.socket", Service: "a.service", Listen: both(at("2"))},
		{Name: "b.socket", Service: "b.service", Listen: both(at("4"))},
		{Name: "c.socket", Service: "c.service", Listen: both(at("7"))},
		{Name: "d.socket", Service: "d.service", Listen: both(at("8"))},
		{Name: "linked.socket", Service: "linked.service", Listen: both(at("13"))},
		{Name: "p-q-r.socket", Service: "p-q-r.service", Listen: both(at("20"), at("22"), at("24"), at("23"))},
		{Name: "real.socket", Service: "real.service", Listen: both(at("12"))},
		{Name: "renamed.socket", Service: "renamed.service", Listen: both(at("14"))},
		{Name: "t@15.socket", Service: "t.service", Listen: both(at("15"), at("19"))},
		{Name: "t@16.socket", Service: "t.service", Listen: both(at("16"))},
		{Name: "t@17.socket", Service: "t.service", Listen: both(at("18"))},
		{Name: "m.socket", Service: "m.service", User: true, Listen: []Listen{at("30")}},
		{Name: "n.socket", Service: "n.service", User: true, Listen: []Listen{at("31")}},
		{Name: "n.socket", Service: "n.service", User: true, Listen: []Listen{at("32")}},
		{Name: "own.socket", Service: "own.service", User: true, Listen: []Listen{at("33")}},
	}
	if diff := cmp.Diff(want, units, comparableAddr); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
	got := Candidates(units, socket.TCP, netip.MustParseAddr("127.0.0.1"), 31)
	if len(got) != 1 || got[0].Name != "n.socket" {
		t.Errorf("candidates %+v", got)
	}
}

func TestListens(t *testing.T) {
	t.Parallel()
	any6, only6, any4 := Listen{Proto: socket.TCP, Port: 80}, Listen{Proto: socket.TCP, Port: 80, V6Only: socket.Yes}, tcp("0.0.0.0:80")
	tests := []struct {
		l     Listen
		proto socket.Proto
		at    string
		want  bool
	}{
		{any6, socket.TCP, "[::]:80", true},
		{any6, socket.TCP, "0.0.0.0:80", true},
		{any6, socket.TCP, "127.0.0.1:80", false},
		{any6, socket.TCP, "[::]:81", false},
		{any6, socket.UDP, "[::]:80", false},
		{only6, socket.TCP, "[::]:80", true},
		{only6, socket.TCP, "0.0.0.0:80", false},
		{any4, socket.TCP, "0.0.0.0:80", true},
		{any4, socket.TCP, "[::]:80", false},
		{tcp("[::ffff:10.0.0.1]:80"), socket.TCP, "10.0.0.1:80", true},
		{tcp("[fe80::1%eth0]:80"), socket.TCP, "[fe80::1%eth0]:80", true},
		{tcp("[fe80::1%eth0]:80"), socket.TCP, "[fe80::1%eth1]:80", false},
		{tcp("[fe80::1%eth0]:80"), socket.TCP, "[fe80::1]:80", true},
		{Listen{Proto: socket.MPTCP, Port: 80}, socket.TCP, "[::]:80", true},
		{any6, socket.MPTCP, "[::]:80", false},
	}
	for _, tt := range tests {
		u := SocketUnit{Listen: []Listen{tt.l}}
		at := netip.MustParseAddrPort(tt.at)
		if got := u.Listens(tt.proto, at.Addr(), at.Port()); got != tt.want {
			t.Errorf("%+v at %s %s: %v", tt.l, tt.proto, tt.at, got)
		}
	}
	if u := (SocketUnit{Listen: []Listen{any4}}); !u.Listens(socket.TCP, netip.Addr{}, 80) {
		t.Error("no address is not every address")
	}
}

func FuzzSocketSection(f *testing.F) {
	f.Add("[Socket]\nListenStream=80\nListenDatagram=[::1]:53\nService=a.service\nAccept=yes\n", "a@b.socket")
	f.Add("[Socket]\nListenStream=%i\nListenStream=\\\n#\n", "x@1.socket")
	f.Add("[Socket]\n\\\n\\", ".socket")
	f.Fuzz(func(t *testing.T, text, name string) {
		var s socketSection
		s.read(text)
		u, ok := s.unit(name, false)
		if ok != (len(u.Listen) > 0) || len(u.Listen) > strings.Count(text, "Listen") {
			t.Errorf("%v, %+v", ok, u)
		}
		if slices.ContainsFunc(u.Listen, func(l Listen) bool { return l.Port == 0 || l.Proto == socket.ProtoUnknown }) {
			t.Errorf("%+v", u)
		}
	})
}
