package netfilter

import (
	"strings"
	"testing"
)

// TestTruthTable does what truth does for rules that are worth it: those that
// programs write, and those in which the order decides.
func TestTruthTable(t *testing.T) {
	if !private(t) {
		return
	}
	w := newWorld(t)
	for _, tt := range []struct {
		name, script string
		unknown      int
	}{
		{"nothing", "", 0},
		{"redirect", nft("inet", "tcp dport 8000 redirect to :8001", "udp dport 8000 redirect to :8001"), 0},
		{"order", nft("inet", "tcp dport 8000 redirect to :8001\ntcp dport 8000-8002 redirect to :8003\nmeta l4proto tcp redirect to :8004", ""), 0},
		{"accept", nft("ip", "", "ip daddr 10.9.0.0/30 accept\nip daddr 127.0.0.1 return\nmeta l4proto udp redirect to :8004"), 0},
		{"a map", nft("ip", "dnat to tcp dport map { 8000 : 10.9.0.5, 8001-8002 : 10.9.0.1 }", "dnat ip addr . port to tcp dport map { 8003 : 10.9.0.5 . 8000 }"), 0},
		{"an interface", nft("inet", "iifname v0 tcp dport 8000 redirect to :8001", "oifname lo tcp dport 8000 redirect to :8001\noifname v0 redirect"), 4},
		{"not over lo", nft("inet", "iifname lo meta l4proto tcp redirect to :8001", ""), 0},
		{
			"return to a chain that others come after",
			nft("ip", "", "jump a", "chain a {\ntcp dport 8002 return\nmeta l4proto tcp redirect to :8004\n}") +
				"nft -f - <<'EOF'\ntable ip later {\nchain out {\ntype nat hook output priority -90\nmeta l4proto tcp dnat to 10.9.0.5:8001\n}\n}\nEOF\n", 0,
		},
		{
			"goto a chain that returns",
			nft(
				"ip", "", "jump a", "chain b {\nfib daddr type local return\nmeta l4proto tcp redirect to :8001\n}",
				"chain a {\ntcp dport vmap { 8000 : jump b, 8005 : goto b }\nmeta l4proto tcp redirect to :8002\n}",
			), 0,
		},
		{"twice", nft("ip", "", "jump a\njump a", "chain a {\ntcp dport 8000 redirect to :8001\n}"), 0},
		{
			"both in turn", nft("ip", "", "tcp dport 8000 jump a\njump a", "chain a {\nip daddr 10.9.0.1 return\nmeta l4proto tcp redirect to :8001\n}"), 0,
		},
		{"a lot", nft("ip", "", "meta l4proto tcp dnat to numgen inc mod 2 map { 0 : 10.9.0.1, 1 : 10.9.0.5 }"), 0},
		{
			"docker", `iptables-nft-restore <<'EOF'
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i lo -p tcp -m tcp --dport 8000 -j DNAT --to-destination 10.9.0.5:8001
COMMIT
EOF
`, 0,
		},
		{"both kinds of tables", nft("ip", "tcp dport 8000 redirect to :8001", "") + "iptables-legacy -t nat -A PREROUTING -p tcp --dport 8000:8002 -j REDIRECT --to-ports 8005\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			shell(t, flush+tt.script)
			forwards, notices := Read("")
			if len(notices) > 0 {
				t.Error(notices)
			}
			_, unknown := w.check(forwards, func() string { return strings.Join(tellAll(forwards), "\n") })
			if unknown != tt.unknown {
				t.Errorf("%d connections are not decided, want %d", unknown, tt.unknown)
			}
		})
	}
}
