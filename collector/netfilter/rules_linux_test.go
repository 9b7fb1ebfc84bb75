package netfilter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ruleCase are rules as a tool takes them, and what is read back.
type ruleCase struct {
	name, script string
	want         []string
}

func TestRules(t *testing.T) {
	if !private(t) {
		return
	}
	for _, tt := range slices.Concat(nftCases(), iptablesCases("nft"), iptablesCases("legacy"), programCases()) {
		t.Run(tt.name, func(t *testing.T) {
			shell(t, flush+tt.script)
			got, notices := Read("")
			if len(notices) > 0 {
				t.Errorf("notices: %v", notices)
			}
			if diff := cmp.Diff(tt.want, tellAll(got)); diff != "" {
				t.Errorf("-want +got:\n%s\n%s", diff, shell(t, "nft list ruleset; iptables-legacy -t nat -S"))
			}
		})
	}
}

// flush takes away what the case before has made.
const flush = `nft flush ruleset
for t in nat mangle; do
	for v in iptables ip6tables; do $v-legacy -t $t -F; $v-legacy -t $t -X; done
done
`

// nft wraps rules into base chains of a table.
func nft(family, pre, out string, more ...string) string {
	script := fmt.Sprintf("nft -f - <<'EOF'\ntable %s t {\n%s\n", family, strings.Join(more, "\n"))
	if pre != "" {
		script += "chain pre {\ntype nat hook prerouting priority dstnat\n" + pre + "\n}\n"
	}
	if out != "" {
		script += "chain out {\ntype nat hook output priority -100\n" + out + "\n}\n"
	}
	return script + "}\nEOF\n"
}

func nftCases() []ruleCase {
	return []ruleCase{
		{"nothing", "", nil},
		{
			"redirect", nft("inet", "tcp dport 80 redirect to :8080\nudp dport 53 redirect", "tcp dport 80 redirect to :8080"),
			[]string{
				"nftables inet t pre: tcp dport 80 -> port 8080 in",
				"nftables inet t pre: udp dport 53 -> this machine in",
				"nftables inet t out: tcp dport 80 from here -> port 8080 out",
			},
		},
		{
			"one chain from both hooks", nft("ip", "jump both", "jump both", "chain both {\ntcp dport 80 redirect to :81\n}"),
			[]string{"nftables ip t both: tcp dport 80 -> port 81 in out"},
		},
		{
			"addresses", nft(
				"ip",
				`ip daddr 10.0.0.1 tcp dport 1 redirect
				ip daddr 10.0.0.0/8 tcp dport 2 redirect
				ip daddr 10.128.0.0/9 tcp dport 3 redirect
				ip daddr != 10.0.0.0/13 tcp dport 4 redirect
				ip daddr 10.0.0.1-10.0.0.6 tcp dport 5 redirect
				ip daddr { 10.0.0.1, 10.0.1.0/24 } tcp dport 6 redirect
				ip daddr != { 10.0.0.1, 10.0.1.0/24 } tcp dport 7 redirect
				ip daddr 10.0.0.0/8 ip daddr != 10.0.0.0/9 tcp dport 8 redirect
				ip daddr 10.0.0.0/8 ip daddr 11.0.0.0/8 tcp dport 9 redirect
				ip daddr & 255.0.255.0 == 10.0.1.0 tcp dport 10 redirect`, "",
			),
			[]string{
				"nftables ip t pre: tcp to 10.0.0.1 dport 1 -> this machine in",
				"nftables ip t pre: tcp to 10.0.0.0/8 dport 2 -> this machine in",
				"nftables ip t pre: tcp to 10.128.0.0/9 dport 3 -> this machine in",
				"nftables ip t pre: tcp not to 10.0.0.0/13 dport 4 -> this machine in",
				"nftables ip t pre: tcp to 10.0.0.1, 10.0.0.2/31, 10.0.0.4/31, 10.0.0.6 dport 5 -> this machine in",
				"nftables ip t pre: tcp to 10.0.0.1, 10.0.1.0/24 dport 6 -> this machine in",
				"nftables ip t pre: tcp not to 10.0.0.1, 10.0.1.0/24 dport 7 -> this machine in",
				"nftables ip t pre: tcp to 10.128.0.0/9 dport 8 -> this machine in",
				"nftables ip t pre: tcp dport 10 (some) -> this machine in",
			},
		},
		{
			"ports", nft(
				"inet",
				`tcp dport 100-200 redirect to :1
				tcp dport != 22 redirect to :2
				tcp dport { 1, 5-9 } redirect to :3
				tcp dport != { 1, 5-9 } redirect to :4
				tcp dport > 60000 redirect to :5
				tcp dport < 10 redirect to :6
				meta l4proto { tcp, udp } th dport 53 redirect to :7
				tcp sport 5 tcp dport 6 redirect to :8
				ct direction original meta l4proto tcp redirect to :9
				tcp flags syn tcp dport 10 redirect to :10
				tcp flags & (syn|ack) == ack tcp dport 11 redirect to :11`, "",
			),
			[]string{
				"nftables inet t pre: tcp dport 100-200 -> port 1 in",
				"nftables inet t pre: tcp dport 0-21, 23-65535 -> port 2 in",
				"nftables inet t pre: tcp dport 1, 5-9 -> port 3 in",
				"nftables inet t pre: tcp dport 0, 2-4, 10-65535 -> port 4 in",
				"nftables inet t pre: tcp dport 60001-65535 -> port 5 in",
				"nftables inet t pre: tcp dport 0-9 -> port 6 in",
				"nftables inet t pre: tcp dport 53 -> port 7 in",
				"nftables inet t pre: udp dport 53 -> port 7 in",
				"nftables inet t pre: tcp dport 6 (some) -> port 8 in",
				"nftables inet t pre: tcp (some) -> port 9 in",
				"nftables inet t pre: tcp dport 10 -> port 10 in",
			},
		},
		{
			"named sets", nft(
				"inet", "tcp dport @ports ip daddr @addrs dnat ip to 1.2.3.4\nip daddr . tcp dport @both dnat ip to 1.2.3.5", "",
				"set ports {\ntype inet_service\nflags interval\nelements = { 22, 100-200, 65000-65535 }\n}",
				"set addrs {\ntype ipv4_addr\nflags interval\nelements = { 10.0.0.0/8, 192.168.1.4-192.168.1.7 }\n}",
				"set both {\ntype ipv4_addr . inet_service\nflags interval\nelements = { 10.0.0.1 . 80, 11.0.0.0/8 . 90-99 }\n}",
			),
			[]string{
				"nftables inet t pre: tcp to 10.0.0.0/8, 192.168.1.4/30 dport 22, 100-200, 65000-65535 -> 1.2.3.4 in",
				"nftables inet t pre: tcp to 10.0.0.1 dport 80 -> 1.2.3.5 in",
				"nftables inet t pre: tcp to 11.0.0.0/8 dport 90-99 -> 1.2.3.5 in",
			},
		},
		{
			"maps", nft(
				"inet",
				`dnat ip to tcp dport map { 80 : 10.0.0.1, 81-90 : 10.0.0.2 }
				dnat ip addr . port to udp dport map { 1 : 10.0.0.1 . 11, 2 : 10.0.0.2 . 12 }
				dnat ip6 to tcp dport map { 80 : fd00::1 }
				meta l4proto udp redirect to :udp dport map { 5 : 6 }
				dnat ip to ip saddr map { 1.1.1.1 : 2.2.2.2, 1.1.1.2 : 3.3.3.3 }
				ip daddr 10.0.0.1 tcp dport vmap { 443 : jump a, 444 : goto a, 445 : accept }
				dnat ip6 to ip6 daddr`, "", "chain a {\nmeta l4proto tcp dnat ip to 10.0.0.4:4\n}",
			),
			[]string{
				"nftables inet t pre: tcp dport 80 -> 10.0.0.1 in",
				"nftables inet t pre: tcp dport 81-90 -> 10.0.0.2 in",
				"nftables inet t pre: udp dport 1 -> 10.0.0.1:11 in",
				"nftables inet t pre: udp dport 2 -> 10.0.0.2:12 in",
				"nftables inet t pre: udp dport 5 -> port 6 in",
				"nftables inet t pre: ipv4 (some) -> 2.2.2.2, 3.3.3.3 in",
				"nftables inet t a: tcp to 10.0.0.1 dport 443 -> 10.0.0.4:4 in",
				"nftables inet t a: tcp to 10.0.0.1 dport 444 -> 10.0.0.4:4 in",
				"nftables inet t pre: tcp dport 80 -> fd00::1 in",
				"nftables inet t pre: ipv6 -> elsewhere in",
			},
		},
		{
			"a lot", nft(
				"ip",
				`tcp dport 1 dnat to numgen random mod 3 map { 0 : 10.0.0.1, 1 : 10.0.0.2, 2 : 10.0.0.3 }
				tcp dport 2 dnat to jhash ip saddr mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
				ip daddr . meta l4proto . th dport vmap @services`, "",
				"chain pod1 {\nmeta l4proto tcp dnat to 10.1.1.1:80\n}",
				"chain pod2 {\nmeta l4proto tcp dnat to 10.1.1.2:80\n}",
				"chain web {\nnumgen random mod 2 vmap { 0 : goto pod1, 1 : goto pod2 }\n}",
				"map services {\ntype ipv4_addr . inet_proto . inet_service : verdict\nelements = { 10.96.0.1 . tcp . 443 : goto web }\n}",
			),
			[]string{
				"nftables ip t pre: tcp dport 1 -> 10.0.0.1, 10.0.0.2, 10.0.0.3 in",
				"nftables ip t pre: tcp dport 2 -> 10.0.0.1, 10.0.0.2 in",
				"nftables ip t web: tcp to 10.96.0.1 dport 443 -> 10.1.1.1:80, 10.1.1.2:80 in",
			},
		},
		{
			"interfaces", nft(
				"inet",
				`iifname "eth0" tcp dport 1 redirect
				iifname != "docker0" tcp dport 2 redirect
				iifname "br-*" tcp dport 3 redirect
				iif lo tcp dport 4 redirect
				iif != lo tcp dport 5 redirect
				iifname { "a", "b" } tcp dport 6 redirect`,
				`oifname "eth0" tcp dport 11 redirect
				oif lo tcp dport 12 redirect
				iifname "eth0" tcp dport 13 redirect
				iifname != "eth0" tcp dport 14 redirect`,
			),
			[]string{
				"nftables inet t pre: tcp dport 1 on eth0 -> this machine in",
				"nftables inet t pre: tcp dport 2 not on docker0 -> this machine in",
				"nftables inet t pre: tcp dport 3 on br-* -> this machine in",
				"nftables inet t pre: tcp dport 5 not on lo -> this machine in",
				"nftables inet t pre: tcp dport 6 (some) -> this machine in",
				"nftables inet t out: tcp dport 12 from here -> this machine out",
				"nftables inet t out: tcp dport 14 from here -> this machine out",
			},
		},
		{
			"more than the destination", nft(
				"inet",
				`udp dport 53 ip saddr 1.1.1.1 redirect to :5353 comment "dns; $(reboot)"
				meta mark 5 tcp dport 9 redirect
				tcp dport 1000 limit rate 5/second redirect to :10-12
				ct state new tcp dport 1 redirect
				ct state established tcp dport 2 redirect
				fib daddr type local tcp dport 3 redirect
				fib daddr type != local tcp dport 4 redirect
				fib saddr type local tcp dport 5 redirect
				ip protocol tcp dnat ip to 10.0.0.1-10.0.0.200`, "",
			),
			[]string{
				"nftables inet t pre: udp dport 53 (some) -> port 5353 in # dns; $(reboot)",
				"nftables inet t pre: tcp dport 9 (some) -> this machine in",
				"nftables inet t pre: tcp dport 1000 (some) -> port 10, port 11, port 12 in",
				"nftables inet t pre: tcp dport 1 -> this machine in",
				"nftables inet t pre: tcp to this machine dport 3 -> this machine in",
				"nftables inet t pre: tcp dport 5 (some) -> this machine in",
				"nftables inet t pre: tcp -> 10.0.0.1, 10.0.0.200 in",
			},
		},
		{
			"tproxy", "nft -f - <<'EOF'\ntable inet t {\nchain div {\ntype filter hook prerouting priority mangle\n" +
				"tcp dport 80 tproxy ip to :3129 meta mark set 1 accept\nudp dport 80 iifname eth0 tproxy ip6 to [fd00::1]:3130\n}\n}\nEOF\n",
			[]string{
				"nftables inet t div: tcp dport 80 (some) -> port 3129 in out",
				"nftables inet t div: udp dport 80 on eth0 (some) -> [fd00::1]:3130 in",
			},
		},
		{
			"asleep", nft("ip", "tcp dport 80 redirect to :8080", "", "flags dormant"),
			nil,
		},
		{
			"no end", nft(
				"ip", "jump a\njump b", "",
				"chain c {\ntcp dport 1 redirect to :2\naccept\n}", "chain b {\njump c\ntcp dport 3 redirect to :4\n}", "chain a {\nreturn\n}",
			),
			[]string{"nftables ip t c: tcp dport 1 -> port 2 in"},
		},
	}
}

// iptablesCases are the rules that both kinds of iptables take.
func iptablesCases(kind string) []ruleCase {
	four, six := "nftables ip ", "nftables ip6 "
	if kind == "legacy" {
		four, six = "iptables ", "ip6tables "
	}
	rules := func(version, chain string, rules ...string) string {
		script := ""
		for _, r := range rules {
			script += version + "-" + kind + " -t nat -A " + chain + " " + r + "\n"
		}
		return script
	}
	return []ruleCase{
		{
			kind + " IPv4", rules(
				"iptables", "PREROUTING",
				"-p tcp --dport 80 -j REDIRECT --to-ports 8080",
				"-d 10.0.0.1 -p tcp --dport 1:5 -j DNAT --to-destination 10.0.0.2:80",
				"! -d 10.0.0.0/8 -p udp ! --dport 7 -j DNAT --to-destination 10.0.0.2",
				"-d 10.0.0.0/255.0.255.0 -p tcp -j REDIRECT --to-ports 10-11",
				"-p tcp -m multiport --dports 1,2:5,9 -j REDIRECT --to-ports 90",
				"-p tcp -m multiport ! --dports 1,2 -j REDIRECT --to-ports 91",
				"-p tcp -m multiport --sports 1,2 -j REDIRECT --to-ports 92",
				"-p tcp --syn -m conntrack --ctstate NEW,RELATED -j REDIRECT --to-ports 93",
				"-p tcp -m conntrack --ctstate ESTABLISHED -j REDIRECT --to-ports 94",
				"-p tcp -m state --state NEW --dport 8 -j REDIRECT --to-ports 95",
				"-m iprange --dst-range 1.1.1.4-1.1.1.7 -j REDIRECT",
				"-i eth+ -p tcp --dport 1 -j REDIRECT --to-ports 96",
				"! -i docker0 -p sctp --dport 2 -j REDIRECT --to-ports 97",
				"-p tcp --dport 5 -m mark --mark 4 -j REDIRECT --to-ports 98",
				"-p tcp --dport 6 -m comment --comment 'a b' -j REDIRECT --to-ports 99",
				"-m addrtype ! --dst-type LOCAL -j REDIRECT",
				"-m addrtype --dst-type LOCAL -p udp --dport 9 -j NETMAP --to 10.0.0.0/24",
				"-p icmp -j REDIRECT",
			),
			[]string{
				four + "nat PREROUTING: tcp dport 80 -> port 8080 in",
				four + "nat PREROUTING: tcp to 10.0.0.1 dport 1-5 -> 10.0.0.2:80 in",
				four + "nat PREROUTING: udp not to 10.0.0.0/8 dport 0-6, 8-65535 -> 10.0.0.2 in",
				four + "nat PREROUTING: tcp (some) -> port 10, port 11 in",
				four + "nat PREROUTING: tcp dport 1-5, 9 -> port 90 in",
				four + "nat PREROUTING: tcp dport 0, 3-65535 -> port 91 in",
				four + "nat PREROUTING: tcp (some) -> port 92 in",
				four + "nat PREROUTING: tcp -> port 93 in",
				four + "nat PREROUTING: tcp dport 8 -> port 95 in",
				four + "nat PREROUTING: any to 1.1.1.4/30 -> this machine in",
				four + "nat PREROUTING: tcp dport 1 on eth* -> port 96 in",
				four + "nat PREROUTING: sctp dport 2 not on docker0 -> port 97 in",
				four + "nat PREROUTING: tcp dport 5 (some) -> port 98 in",
				four + "nat PREROUTING: tcp dport 6 -> port 99 in # a b",
				four + "nat PREROUTING: udp to this machine dport 9 -> elsewhere in",
			},
		},
		{
			kind + " IPv6", rules(
				"ip6tables", "OUTPUT",
				"-p tcp --dport 80 -j REDIRECT --to-ports 8080",
				"-d fd00::1 -p udp --dport 1:5 -j DNAT --to-destination '[fd00::2]:80'",
				"-d fd00::/24 ! -o lo -p tcp -j DNAT --to-destination fd00::2",
				"-d fd00::/27 -o lo -p tcp -j DNAT --to-destination fd00::2",
				"-m iprange --dst-range fd00::4-fd00::7 -j REDIRECT",
			),
			[]string{
				six + "nat OUTPUT: tcp dport 80 from here -> port 8080 out",
				six + "nat OUTPUT: udp to fd00::1 dport 1-5 from here -> [fd00::2]:80 out",
				six + "nat OUTPUT: tcp to fd00::/27 from here -> fd00::2 out",
				six + "nat OUTPUT: any to fd00::4/126 from here -> this machine out",
			},
		},
		{
			kind + " TPROXY", fmt.Sprintf(
				"iptables-%s -t mangle -A PREROUTING -p tcp --dport 443 -j TPROXY --on-port 3129 --on-ip 10.0.0.1\n"+
					"ip6tables-%[1]s -t mangle -A PREROUTING -p tcp --dport 443 -j TPROXY --on-port 3129 --tproxy-mark 1\n", kind,
			),
			[]string{
				four + "mangle PREROUTING: tcp dport 443 (some) -> 10.0.0.1:3129 in out",
				six + "mangle PREROUTING: tcp dport 443 (some) -> port 3129 in out",
			},
		},
		{
			kind + " goto", "iptables-" + kind + " -t nat -N A\niptables-" + kind + " -t nat -N B\n" + rules(
				"iptables", "A", "-p tcp --dport 5 -j RETURN", "-p tcp --dport 6 -g B", "-p tcp -j REDIRECT --to-ports 7",
			) + rules("iptables", "B", "-p tcp -j REDIRECT --to-ports 8") + rules("iptables", "OUTPUT", "-j A"),
			[]string{
				four + "nat B: tcp dport 6 from here -> port 8 out",
				four + "nat A: tcp from here -> port 7 out",
			},
		},
	}
}

// programCases are rules as programs write them.
func programCases() []ruleCase {
	return []ruleCase{
		{
			"docker", `iptables-nft-restore <<'EOF'
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
EOF`, []string{
				"nftables ip nat DOCKER: tcp to this machine dport 8080 not on docker0 -> 172.17.0.2:80 in",
				"nftables ip nat DOCKER: tcp to this machine not to 127.0.0.0/8 dport 8080 from here -> 172.17.0.2:80 out",
			},
		},
		{
			"kube-proxy", `iptables-nft-restore <<'EOF'
*nat
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SEP-B - [0:0]
:KUBE-SEP-C - [0:0]
:KUBE-SVC-WEB - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30080 -j KUBE-SVC-WEB
-A KUBE-SEP-A -s 10.244.0.5/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 10.244.0.5:8080
-A KUBE-SEP-B -s 10.244.0.6/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-B -p tcp -m tcp -j DNAT --to-destination 10.244.0.6:8080
-A KUBE-SEP-C -s 10.244.0.7/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-C -p tcp -m tcp -j DNAT --to-destination 10.244.0.7:8080
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB
-A KUBE-SERVICES -m comment --comment "node ports" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-WEB ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-WEB -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A
-A KUBE-SVC-WEB -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-B
-A KUBE-SVC-WEB -j KUBE-SEP-C
COMMIT
EOF`, []string{
				"nftables ip nat KUBE-SVC-WEB: tcp to 10.96.0.10 dport 80 -> 10.244.0.5:8080, 10.244.0.6:8080, 10.244.0.7:8080 in out # default/web cluster IP",
				"nftables ip nat KUBE-SVC-WEB: tcp to this machine dport 30080 -> 10.244.0.5:8080, 10.244.0.6:8080, 10.244.0.7:8080 in out # default/web",
			},
		},
		{
			"firewalld", nft(
				"inet", "", "",
				`chain nat_PREROUTING {
					type nat hook prerouting priority dstnat + 10
					jump nat_PREROUTING_ZONES
				}
				chain nat_PREROUTING_ZONES {
					iifname "eth0" goto nat_PRE_public
					goto nat_PRE_public
				}
				chain nat_PRE_public {
					jump nat_PRE_public_pre
					jump nat_PRE_public_allow
				}
				chain nat_PRE_public_pre {
				}
				chain nat_PRE_public_allow {
					tcp dport 80 redirect to :8080
					meta nfproto ipv4 tcp dport 2222 dnat ip to 10.0.0.5:22
				}`,
			), []string{
				"nftables inet t nat_PRE_public_allow: tcp dport 80 on eth0 -> port 8080 in",
				"nftables inet t nat_PRE_public_allow: tcp dport 2222 on eth0 -> 10.0.0.5:22 in",
				"nftables inet t nat_PRE_public_allow: tcp dport 80 -> port 8080 in",
				"nftables inet t nat_PRE_public_allow: tcp dport 2222 -> 10.0.0.5:22 in",
			},
		},
		{
			"a sidecar", `iptables-legacy-restore <<'EOF'
*nat
:ISTIO_OUTPUT - [0:0]
:ISTIO_REDIRECT - [0:0]
:ISTIO_INBOUND - [0:0]
-A PREROUTING -p tcp -j ISTIO_INBOUND
-A OUTPUT -p tcp -j ISTIO_OUTPUT
-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN
-A ISTIO_INBOUND -p tcp -j REDIRECT --to-ports 15006
-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
-A ISTIO_OUTPUT -j ISTIO_REDIRECT
-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
COMMIT
EOF`, []string{
				"iptables nat ISTIO_INBOUND: tcp -> port 15006 in",
				"iptables nat ISTIO_REDIRECT: tcp from here -> port 15001 out",
			},
		},
	}
}

// TestEveryRuleIsSeen compares with what nft(8) lists: each of its rules that
// names a new destination is found, under the comment that it has.
func TestEveryRuleIsSeen(t *testing.T) {
	if !private(t) {
		return
	}
	rules := ""
	for i := range 300 {
		rules += fmt.Sprintf("tcp dport %d redirect to :%d comment \"rule %d\"\n", i+1, i+1001, i)
	}
	shell(t, nft("inet", rules, rules))
	var listed struct {
		Nftables []struct {
			Rule *struct {
				Family, Table, Chain, Comment string
			}
		}
	}
	must(t, json.Unmarshal([]byte(shell(t, "nft -j list ruleset")), &listed))
	var want, got []string
	for _, o := range listed.Nftables {
		if r := o.Rule; r != nil {
			want = append(want, r.Family+" "+r.Table+" "+r.Chain+" "+r.Comment)
		}
	}
	forwards, _ := Read("")
	for _, f := range forwards {
		got = append(got, f.Where+" "+f.Comment)
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) != 600 {
		t.Errorf("nft lists %d rules", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-listed +read:\n%s", diff)
	}
}
