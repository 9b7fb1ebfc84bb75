package why

import (
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// TestThere: what is to be pasted into a shell does not fall upon another
// namespace.
func TestThere(t *testing.T) {
	named := &Place{Spec: "web", Path: "/run/netns/web"}
	odd := &Place{Spec: "we b", Path: "/run/netns/we b"}
	tests := []struct {
		place         *Place
		command, want string
	}{
		{named, "", ""},
		{named, "sockls kill -t :8080", "sockls kill -t :8080 -N web"},
		{named, "sudo sockls why tcp 8080", "sudo sockls why tcp 8080 -N web"},
		{named, "ip link delete vxlan0", "nsenter --net=/run/netns/web ip link delete vxlan0"},
		{named, "sysctl -w net.ipv4.ip_nonlocal_bind=1", "nsenter --net=/run/netns/web sysctl -w net.ipv4.ip_nonlocal_bind=1"},
		{named, "systemctl stop web.service", "systemctl stop web.service"},
		{named, "kill 10", "kill 10"},
		{odd, "sockls kill -t :8080", ""},
		{odd, "nft -a list ruleset", ""},
		{odd, "kill 10", "kill 10"},
		{&Place{Spec: "web", Path: "run/netns/web"}, "ip -br link", ""},
		{&Place{Spec: "web", Path: "/run/../web"}, "ip -br link", ""},
	}
	for _, tt := range tests {
		if got := tt.place.there(tt.command); got != tt.want {
			t.Errorf("%q in %q: %q, want %q", tt.command, tt.place.Spec, got, tt.want)
		}
	}

	a := Explain(Situation{
		Bind: bind("0.0.0.0:8080"), Machine: plainMachine(), Away: named,
		Sockets: []*socket.Socket{sock(socket.Listen, "0.0.0.0:8080", "", reuse(socket.No, socket.No))},
	})
	found := false
	for _, r := range a.Reasons {
		for _, m := range r.Remedies {
			if found = found || m.Command != ""; strings.HasPrefix(m.Command, "sockls") && !strings.HasSuffix(m.Command, " -N web") {
				t.Errorf("%q is about this namespace", m.Command)
			}
		}
	}
	if !found {
		t.Errorf("no command among %+v", a.Reasons)
	}
}

// TestKernels: an interface that is up has its port on the wildcard, and with
// nobody else; so a socket there is its own, even for a user who cannot see that
// no process has it.
func TestKernels(t *testing.T) {
	hidden := without(socket.ReasonHidden, 5)
	tests := []struct {
		name string
		s    *socket.Socket
		want bool
	}{
		{"known", sock(socket.Unconn, "0.0.0.0:4789", "", as(socket.UDP), without(socket.ReasonKernel, 5)), true},
		{"unknown", sock(socket.Unconn, "0.0.0.0:4789", "", as(socket.UDP), without(socket.ReasonUnknown, 5)), true},
		{"hidden", sock(socket.Unconn, "0.0.0.0:4789", "", as(socket.UDP), hidden), true},
		{"outside", sock(socket.Unconn, "[::]:4789", "", as(socket.UDP), without(socket.ReasonOtherPIDNS, 5)), true},
		{"hidden, one address", sock(socket.Unconn, "127.0.0.1:4789", "", as(socket.UDP), hidden), false},
		{"hidden, TCP", sock(socket.Listen, "0.0.0.0:4789", "", hidden), false},
		{"hidden, of a service", sock(socket.Unconn, "0.0.0.0:2049", "", as(socket.UDP), hidden), false},
		{"in flight", sock(socket.Unconn, "0.0.0.0:4789", "", as(socket.UDP), without(socket.ReasonInFlight, 5)), false},
		{"of a process", sock(socket.Unconn, "0.0.0.0:4789", "", as(socket.UDP)), false},
	}
	m := plainMachine()
	m.KernelPorts = []machine.KernelPort{
		{Proto: socket.UDP, Port: 4789, Kind: "vxlan", Link: "vxlan0"},
		{Proto: socket.UDP, Port: 2049, Kind: "nfsd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bind("0.0.0.0:8080")
			b.Proto, b.Port = tt.s.Proto, uint16(tt.s.Local.Port)
			a := Explain(Situation{Bind: b, Machine: m, Sockets: []*socket.Socket{tt.s}})
			got := false
			for _, r := range a.Reasons {
				if r.Socket == tt.s {
					got = r.Rule == RuleKernel
				}
			}
			if got != tt.want {
				t.Errorf("the kernel's is %v, want %v", got, tt.want)
			}
		})
	}
}
