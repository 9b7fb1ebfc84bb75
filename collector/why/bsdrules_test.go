package why

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// resting makes a socket of user 501 at an address, with a peer where one is given.
func resting(state socket.State, local, remote string) *socket.Socket {
	at := netip.MustParseAddrPort(local)
	s := &socket.Socket{
		Proto: socket.TCP, State: state, Family: socket.IPv4, Type: socket.Stream, UID: 501, HasUID: true,
		Local: socket.Endpoint{Addr: at.Addr(), Port: uint32(at.Port())},
	}
	if at.Addr().Is6() {
		s.Family = socket.IPv6
	}
	if remote != "" {
		to := netip.MustParseAddrPort(remote)
		s.Remote = socket.Endpoint{Addr: to.Addr(), Port: uint32(to.Port())}
	}
	return s
}

func TestDecideBSD(t *testing.T) {
	const (
		star, one, two, six = "0.0.0.0:8080", "192.0.2.1:8080", "192.0.2.2:8080", "[::]:8080"
		peer                = "198.51.100.1:9"
	)
	listener := func(at string) *socket.Socket { return resting(socket.Listen, at, "") }
	open := resting(socket.Established, one, peer)
	past := resting(socket.TimeWait, one, peer)
	only := listener(six)
	only.V6Only = socket.Yes
	group := resting(socket.Unconn, "224.0.0.251:8080", "")
	group.Proto = socket.UDP
	tests := []struct {
		name string
		bind string // an address, "" for none, and options
		with *socket.Socket
		want Verdict
	}{
		{"nobody", "", nil, Free},
		{"the same wildcard", star, listener(star), Taken},
		{"no address beside the wildcard of IPv4", "", listener(star), Taken},
		{"no address beside the wildcard of IPv6", "", listener(six), Taken},
		{"no address beside one", "", listener(one), Taken},
		{"no address beside one, reusing", "addr", listener(one), Free},
		{"an address beside the wildcard", one, listener(star), Taken},
		{"an address beside the wildcard, reusing", one + " addr", listener(star), Free},
		{"an address beside the wildcard of another user, reusing", one + " addr other", listener(star), Unclear},
		{"an address beside the wildcard, root reusing", one + " addr root", listener(star), Free},
		{"the same address", one, listener(one), Taken},
		{"the same address, reusing", one + " addr", listener(one), Taken},
		{"the same address, sharing", one + " port", listener(one), Unclear},
		{"another address", two, listener(one), Free},
		{"a connection", one, open, Taken},
		{"a connection, reusing", one + " addr", open, Free},
		{"a connection, from the wildcard", "", open, Taken},
		{"what is left of one", "", past, Taken},
		{"what is left of one, reusing", "addr", past, Free},
		{"IPv4 beside one of IPv6 that may serve both", star, listener(six), Unclear},
		{"IPv4 beside one for IPv6 only", star, only, Free},
		{"IPv6 beside one of IPv4", six, listener(star), Unclear},
		{"IPv6 only beside one of IPv4", six + " v6only", listener(star), Free},
		{"multicast, reusing", "224.0.0.251:8080 addr udp", group, Unclear},
		{"an interface", "device", nil, Refused},
		{"an address that is not here", "203.0.113.9:8080", nil, Refused},
		{"an address that may be a broadcast address", "192.0.2.255:8080", nil, Unclear},
		{"a low port", "0.0.0.0:80", nil, Unclear},
		{"a low port for root", "0.0.0.0:80 root", nil, Free},
	}
	m := &machine.Machine{
		Rules: machine.RulesBSD, HasLinks: true, HasLocal: true, IPv6: socket.Yes,
		Links: []machine.Link{{Index: 1, Name: "em0", Addr: []netip.Prefix{
			netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("192.0.2.2/24"),
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := Bind{Proto: socket.TCP, Port: 8080, UID: 501, Privileged: socket.Unknown}
			for _, word := range strings.Fields(tt.bind) {
				switch word {
				case "addr":
					b.ReuseAddr = true
				case "port":
					b.ReusePort = true
				case "udp":
					b.Proto = socket.UDP
				case "v6only":
					b.V6Only = socket.Yes
				case "device":
					b.Device = "em0"
				case "other":
					b.UID = 502
				case "root":
					b.UID, b.Privileged = 0, socket.Yes
				default:
					at := netip.MustParseAddrPort(word)
					b.Addr, b.Port = at.Addr(), at.Port()
				}
			}
			var sockets []*socket.Socket
			if tt.with != nil {
				sockets = append(sockets, tt.with)
			}
			if d := Decide(b, m, sockets); d.Verdict != tt.want {
				t.Errorf("%v, want %v: %+v", d.Verdict, tt.want, d)
			}
			other := *m
			other.Rules = machine.RulesOther
			// Of what is not known of a system nothing is said for certain.
			if d := Decide(b, &other, sockets); d.Verdict != tt.want && d.Verdict != Unclear {
				t.Errorf("on another system %v", d.Verdict)
			}
			answer := Explain(Situation{Bind: b, Machine: m, Sockets: sockets})
			for _, r := range answer.Reasons {
				if r.Text == "" || strings.Contains(r.Text, "namespace") || strings.Contains(r.Text, "Linux") || strings.Contains(r.Text, "CAP_") {
					t.Errorf("%s: %q", r.Rule, r.Text)
				}
				for _, remedy := range r.Remedies {
					if strings.Contains(remedy.Text+remedy.Command, "sysctl") || strings.Contains(remedy.Command, "systemctl") {
						t.Errorf("%s: %+v", r.Rule, remedy)
					}
				}
			}
		})
	}
}

func TestAirPlay(t *testing.T) {
	held := func(port uint16, name, exe string) *socket.Socket {
		s := resting(socket.Listen, netip.AddrPortFrom(netip.IPv6Unspecified(), port).String(), "")
		s.Processes = []socket.Holder{{FD: 9, Process: &socket.Process{PID: 612, Name: name, Exe: exe}}}
		return s
	}
	const program = "/System/Library/CoreServices/ControlCenter.app/Contents/MacOS/ControlCenter"
	tests := []struct {
		name  string
		rules machine.Rules
		s     *socket.Socket
		want  bool
	}{
		{"by its program", machine.RulesMac, held(5000, "ControlCenter", program), true},
		{"by its name", machine.RulesMac, held(7000, "ControlCenter", ""), true},
		{"by its name cut short", machine.RulesMac, held(7000, "ControlCe", ""), true},
		{"another port", machine.RulesMac, held(7001, "ControlCenter", program), false},
		{"another program of that name", machine.RulesMac, held(5000, "ControlCenter", "/tmp/ControlCenter"), false},
		{"another system", machine.RulesBSD, held(5000, "ControlCenter", program), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := Explain(Situation{
				Bind:    Bind{Proto: socket.TCP, Port: uint16(tt.s.Local.Port), UID: 501},
				Machine: &machine.Machine{Rules: tt.rules}, Sockets: []*socket.Socket{tt.s},
			})
			if a.Verdict != Taken || len(a.Reasons) == 0 {
				t.Fatalf("%+v", a)
			}
			r := a.Reasons[0]
			named := strings.Contains(r.Text, "AirPlay Receiver") && strings.Contains(r.Remedies[0].Text, "AirPlay Receiver")
			if named != tt.want {
				t.Errorf("%q %+v", r.Text, r.Remedies)
			}
		})
	}
}
