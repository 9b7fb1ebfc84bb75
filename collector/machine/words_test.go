package machine

import (
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

func TestForwardString(t *testing.T) {
	at := netip.MustParseAddrPort
	for _, tt := range []struct {
		f    Forward
		want string
	}{
		{
			Forward{Source: "nftables", Where: "ip nat PREROUTING", Proto: socket.TCP, Ports: []Ports{{8080, 8080}}, Incoming: true, Target: at("10.0.0.2:80")},
			"nftables ip nat PREROUTING: tcp dport 8080 -> 10.0.0.2:80",
		},
		{
			Forward{Source: "iptables", Where: "nat OUTPUT", Family: socket.IPv6, Outgoing: true, Target: at("[fd00::2]:0")},
			"ip6tables nat OUTPUT: ipv6 from here -> fd00::2",
		},
		{
			Forward{Source: "nftables", Where: "inet t c", Local: true, Incoming: true, Outgoing: true, Partial: true, Interface: "eth0"},
			"nftables inet t c: any to this machine on eth0 (some) -> this machine",
		},
		{
			Forward{
				Source: "ipvs", Proto: socket.UDP, Family: socket.IPv4, To: prefixes("10.0.0.1/32", "10.1.0.0/16"),
				NotTo: prefixes("10.1.1.0/24"), NotInterfaces: []string{"a", "b*"}, Target: netip.AddrPortFrom(netip.Addr{}, 53),
				Incoming: true,
			},
			"ipvs: udp to 10.0.0.1, 10.1.0.0/16 not to 10.1.1.0/24 not on a, b* -> port 53",
		},
		{
			Forward{
				Source: "x", Ports: []Ports{{1, 2}, {4, 4}, {6, 6}, {8, 8}, {10, 10}}, Incoming: true,
				Target: at("1.1.1.1:1"), Targets: []netip.AddrPort{at("1.1.1.1:1"), at("1.1.1.2:1")},
			},
			"x: any dport 1-2, 4, 6, 8, … -> 1.1.1.1:1, 1.1.1.2:1",
		},
		{Forward{Source: "x", Elsewhere: true, Incoming: true}, "x: any -> elsewhere"},
	} {
		if got := tt.f.String(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
