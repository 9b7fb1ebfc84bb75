package why_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// windowsMachine is one of which all is known.
func windowsMachine() *machine.Machine {
	return &machine.Machine{
		Rules: machine.RulesWindows, HasLocal: true, HasExcluded: true, HasHTTPQueues: true, IPv6: socket.Yes,
		Local4: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, Local6: []netip.Addr{netip.MustParseAddr("::1")},
		Excluded: []machine.Exclusion{
			{Ports: machine.Ports{First: 50000, Last: 50059}, Proto: socket.TCP, Family: socket.IPv4},
			{Ports: machine.Ports{First: 51000, Last: 51000}, Proto: socket.TCP, Family: socket.IPv4, Administered: true},
		},
		HTTPQueues: []machine.HTTPQueue{
			{PIDs: []int{1412}, Programs: []string{"svchost.exe"}, Services: []string{"WinRM"}, URLs: []machine.HTTPURL{
				{Text: "HTTP://+:5985/WSMAN/", Host: "+", Port: 5985}, {Text: "HTTP://+:80/X/", Host: "+", Port: 80},
			}},
			{PIDs: []int{4796}, Services: []string{"rm -rf /"}, URLs: []machine.HTTPURL{{Text: "HTTP://+:80/", Host: "+", Port: 80}}},
		},
	}
}

// windowsRow is a socket as the tables of Windows have it.
func windowsRow(proto socket.Proto, state socket.State, local string, pid int) *socket.Socket {
	at := netip.MustParseAddrPort(local)
	s := &socket.Socket{
		Proto: proto, State: state, Family: socket.IPv4, Type: socket.Stream,
		Local: socket.Endpoint{Addr: at.Addr(), Port: uint32(at.Port())},
	}
	if at.Addr().Is6() {
		s.Family = socket.IPv6
	}
	if pid > 0 {
		s.Processes = []socket.Holder{{Process: &socket.Process{PID: pid, Name: "a.exe"}, FD: -1}}
	} else {
		s.NoProcess = socket.ReasonUnknown
	}
	return s
}

// TestDecideWindows goes through the documented table, and what is not in it.
func TestDecideWindows(t *testing.T) {
	tests := []struct {
		name  string
		want  string // an address, "" for none
		state socket.State
		has   string
		bind  why.Bind
		verdict,
		reusing why.Verdict // with SO_REUSEADDR
	}{
		{"wildcard beside wildcard", "0.0.0.0", socket.Listen, "0.0.0.0:80", why.Bind{}, why.Taken, why.Unclear},
		{"wildcard beside an address", "0.0.0.0", socket.Listen, "10.0.0.1:80", why.Bind{}, why.Free, why.Free},
		{"address beside wildcard", "10.0.0.1", socket.Listen, "0.0.0.0:80", why.Bind{}, why.Unclear, why.Unclear},
		{"the same address", "10.0.0.1", socket.Listen, "10.0.0.1:80", why.Bind{}, why.Taken, why.Unclear},
		{"another address", "10.0.0.1", socket.Listen, "127.0.0.1:80", why.Bind{}, why.Free, why.Free},
		{"another port", "10.0.0.1", socket.Listen, "10.0.0.1:81", why.Bind{}, why.Free, why.Free},
		{"every address beside the wildcard of IPv4", "", socket.Listen, "0.0.0.0:80", why.Bind{}, why.Taken, why.Unclear},
		{"every address beside the wildcard of IPv6", "", socket.Listen, "[::]:80", why.Bind{}, why.Taken, why.Unclear},
		{"every address beside one", "", socket.Listen, "127.0.0.1:80", why.Bind{}, why.Free, why.Free},
		{"IPv6 beside IPv4", "::", socket.Listen, "0.0.0.0:80", why.Bind{}, why.Free, why.Free},
		{"both families beside IPv4", "::", socket.Listen, "0.0.0.0:80", why.Bind{V6Only: socket.No}, why.Unclear, why.Unclear},
		{"IPv4 beside IPv6", "0.0.0.0", socket.Listen, "[::]:80", why.Bind{}, why.Unclear, why.Unclear},
		{"IPv4 beside an address of IPv6", "0.0.0.0", socket.Listen, "[::1]:80", why.Bind{}, why.Free, why.Free},
		{"mapped", "::ffff:10.0.0.1", socket.Listen, "10.0.0.1:80", why.Bind{}, why.Taken, why.Unclear},
		{"a connection at the address", "10.0.0.1", socket.TimeWait, "10.0.0.1:80", why.Bind{}, why.Unclear, why.Unclear},
		{"a connection at one of all addresses", "0.0.0.0", socket.Established, "10.0.0.1:80", why.Bind{}, why.Unclear, why.Unclear},
		{"an address of another machine", "10.9.9.9", socket.Listen, "127.0.0.1:81", why.Bind{}, why.Refused, why.Refused},
		{"loopback, of which every address is here", "127.9.9.9", socket.Listen, "127.0.0.1:81", why.Bind{}, why.Free, why.Free},
		{"SO_REUSEPORT", "0.0.0.0", socket.Listen, "127.0.0.1:81", why.Bind{ReusePort: true}, why.Refused, why.Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.bind.Proto, tt.bind.Port = socket.TCP, 80
			if tt.want != "" {
				tt.bind.Addr = netip.MustParseAddr(tt.want)
			}
			sockets := []*socket.Socket{windowsRow(socket.TCP, tt.state, tt.has, 100)}
			for _, reuse := range []bool{false, true} {
				want := tt.verdict
				if tt.bind.ReuseAddr = reuse; reuse {
					want = tt.reusing
				}
				if d := why.Decide(tt.bind, windowsMachine(), sockets); d.Verdict != want {
					t.Errorf("SO_REUSEADDR %v: %v, want %v (%+v)", reuse, d.Verdict, want, d)
				}
			}
		})
	}
}

func TestWindowsExcluded(t *testing.T) {
	held := []*socket.Socket{windowsRow(socket.TCP, socket.Listen, "0.0.0.0:50010", 4)}
	unread := windowsMachine()
	unread.HasExcluded = false
	tests := []struct {
		name    string
		m       *machine.Machine
		proto   socket.Proto
		port    uint16
		sockets []*socket.Socket
		verdict why.Verdict
		errno   string
		rules   []why.Rule
	}{
		{"kept", windowsMachine(), socket.TCP, 50010, nil, why.Refused, "EACCES", []why.Rule{why.RuleExcluded}},
		{"kept, and held", windowsMachine(), socket.TCP, 50010, held, why.Taken, "", []why.Rule{why.RuleExcluded, why.RuleKernel}},
		{"kept of the other protocol", windowsMachine(), socket.UDP, 50010, nil, why.Free, "", nil},
		{"reserved for who asks", windowsMachine(), socket.TCP, 51000, nil, why.Free, "", []why.Rule{why.RuleReserved}},
		{"not known", unread, socket.TCP, 50010, nil, why.Unclear, "", []why.Rule{why.RuleExcluded}},
	}
	for _, tt := range tests {
		a := why.Explain(why.Situation{Bind: why.Bind{Proto: tt.proto, Port: tt.port}, Machine: tt.m, Sockets: tt.sockets})
		var rules []why.Rule
		for _, r := range a.Reasons {
			rules = append(rules, r.Rule)
		}
		if a.Verdict != tt.verdict || a.Errno != tt.errno || !cmp.Equal(rules, tt.rules) {
			t.Errorf("%s: %v %q %v", tt.name, a.Verdict, a.Errno, rules)
		}
	}
}

// TestWindowsHTTP looks for who is behind a socket of the kernel.
func TestWindowsHTTP(t *testing.T) {
	a := why.Explain(why.Situation{
		Bind: why.Bind{Proto: socket.TCP, Port: 80}, Machine: windowsMachine(),
		Sockets: []*socket.Socket{windowsRow(socket.TCP, socket.Listen, "[::]:80", 4), windowsRow(socket.TCP, socket.Listen, "0.0.0.0:80", 4)},
	})
	if a.Verdict != why.Taken || len(a.Reasons) == 0 || a.Reasons[0].Rule != why.RuleKernel {
		t.Fatalf("%+v", a)
	}
	for _, r := range a.Reasons {
		var urls []string
		for _, q := range r.HTTP {
			for _, u := range q.URLs {
				urls = append(urls, u.Text)
			}
		}
		if diff := cmp.Diff([]string{"HTTP://+:80/X/", "HTTP://+:80/"}, urls); diff != "" {
			t.Error(diff)
		}
		want := []why.Remedy{
			{Text: "Stop the service that has registered the URL, as administrator.", Command: "net stop WinRM"},
			{Text: "See who has registered what.", Command: "netsh http show servicestate view=requestq"},
		}
		if diff := cmp.Diff(want, r.Remedies); diff != "" {
			t.Error(diff)
		}
	}
}

// TestWindowsWords keeps the words of other systems out of all answers.
func TestWindowsWords(t *testing.T) {
	for _, state := range []socket.State{socket.Listen, socket.Established, socket.TimeWait, socket.FinWait1, socket.SynRecv} {
		for _, has := range []string{"0.0.0.0:80", "10.0.0.1:80", "[::]:80"} {
			for _, pid := range []int{0, 4, 100} {
				for _, want := range []netip.Addr{{}, netip.IPv4Unspecified(), netip.MustParseAddr("10.0.0.1"), netip.IPv6Unspecified()} {
					a := why.Explain(why.Situation{
						Bind: why.Bind{Proto: socket.TCP, Port: 80, Addr: want}, Machine: windowsMachine(), Unseen: true,
						Sockets: []*socket.Socket{windowsRow(socket.TCP, state, has, pid)},
					})
					for _, text := range words(&a) {
						for _, foreign := range []string{"root", "sudo", "sysctl", "kernel chose", "kernel chooses", "systemctl", "ip ", "namespace", "CAP_", "SO_REUSEPORT", "minute"} {
							if strings.Contains(text, foreign) {
								t.Errorf("%v at %s of %d, wanted %v: %q", state, has, pid, want, text)
							}
						}
					}
				}
			}
		}
	}
}

// words are all that an answer says and does.
func words(a *why.Answer) (all []string) {
	for _, r := range a.Reasons {
		all = append(all, r.Text)
		for _, m := range r.Remedies {
			all = append(all, m.Text, m.Command)
		}
	}
	for _, c := range a.Changes {
		all = append(all, c.Option)
	}
	return all
}
