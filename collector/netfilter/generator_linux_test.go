package netfilter

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes rules at random.
type generator struct {
	*rand.Rand
	six bool
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

func (g *generator) port() int { return 8000 + g.IntN(6) }

func (g *generator) addr() string {
	if g.six {
		return pick(g, "fd09::1", "fd09::5", "::1")
	}
	return pick(g, "10.9.0.1", "10.9.0.5", "127.0.0.1")
}

// reachable is an address that a connection can be sent to wherever it is from.
func (g *generator) reachable() string {
	if g.six {
		return pick(g, "fd09::1", "fd09::5")
	}
	return pick(g, "10.9.0.1", "10.9.0.5")
}

func (g *generator) net() string {
	if g.six {
		return pick(g, "fd09::/16", "fd09::4/126", "::/1", "fd09::1/128")
	}
	return pick(g, "10.9.0.0/24", "10.9.0.4/30", "0.0.0.0/1", "127.0.0.0/8", "10.0.0.0/8", "10.9.0.0/22")
}

func (g *generator) script(kind string) string {
	if kind == "nft" {
		return g.nft()
	}
	return g.iptables(kind)
}

// hostPort is a target as rules write it.
func (g *generator) hostPort() string {
	if a := g.reachable(); g.six {
		return fmt.Sprintf("[%s]:%d", a, g.port())
	} else {
		return fmt.Sprintf("%s:%d", a, g.port())
	}
}

// nft makes one or two tables with base chains and some that they call.
func (g *generator) nft() string {
	family := "inet"
	var b strings.Builder
	b.WriteString("nft -f - <<'EOF'\n")
	for table := range 1 + g.IntN(2) {
		fmt.Fprintf(&b, "table %s t%d {\n", family, table)
		for c := 3; c > 0; c-- {
			fmt.Fprintf(&b, "chain c%d {\n%s}\n", c, g.nftRules(c))
		}
		priority := pick(g, -100, -90, -110)
		if table == 1 {
			priority = pick(g, -101, -80) // those of the same are asked as they were made
		}
		fmt.Fprintf(&b, "chain pre {\ntype nat hook prerouting priority %d\n%s}\n", priority, g.nftRules(0))
		fmt.Fprintf(&b, "chain out {\ntype nat hook output priority %d\n%s}\n", priority, g.nftRules(0))
		b.WriteString("}\n")
	}
	return b.String() + "EOF\n"
}

// nftRules are those of a chain, which calls only later ones.
func (g *generator) nftRules(chain int) string {
	var b strings.Builder
	for range 1 + g.IntN(4) {
		proto, v := pick(g, "tcp", "tcp", "udp"), pick(g, "ip", "ip", "ip6")
		g.six = v == "ip6"
		for range g.IntN(3) {
			b.WriteString(g.nftMatch(v, proto) + " ")
		}
		b.WriteString(g.nftVerdict(chain, v, proto) + "\n")
	}
	return b.String()
}

func (g *generator) nftMatch(v, proto string) string {
	ports := fmt.Sprintf("%d-%d", 8000+g.IntN(3), 8003+g.IntN(3))
	switch g.IntN(16) {
	case 0:
		return fmt.Sprintf("%s daddr %s", v, g.addr())
	case 1:
		return fmt.Sprintf("%s daddr != %s", v, g.addr())
	case 2:
		return fmt.Sprintf("%s daddr %s%s", v, pick(g, "", "!= "), g.net())
	case 3:
		return fmt.Sprintf("%s daddr %s{ %s, %s }", v, pick(g, "", "!= "), g.reachable(), g.addr())
	case 4:
		if g.six {
			return "ip6 daddr fd09::2-fd09::7"
		}
		return "ip daddr 10.9.0.2-10.9.0.7"
	case 5:
		return fmt.Sprintf("%s dport %d", proto, g.port())
	case 6:
		return fmt.Sprintf("%s dport != %d", proto, g.port())
	case 7:
		return fmt.Sprintf("%s dport %s%s", proto, pick(g, "", "!= "), ports)
	case 8:
		return fmt.Sprintf("meta l4proto %s th dport %s{ %d, %s }", proto, pick(g, "", "!= "), g.port(), ports)
	case 9:
		return "iifname " + pick(g, `"v0"`, `!= "v0"`, `"v*"`, "lo", `!= "lo"`)
	case 10:
		return "oifname " + pick(g, `"lo"`, `!= "lo"`, `"v0"`)
	case 11:
		return "fib daddr type local"
	case 12:
		return "ct state " + pick(g, "new", "established,related", "new,related")
	case 13:
		return fmt.Sprintf("%s daddr . %s dport { %s . %d, %s . %d }", v, proto, g.addr(), g.port(), g.reachable(), g.port())
	case 14:
		return "meta nfproto " + map[string]string{"ip": "ipv4", "ip6": "ipv6"}[v]
	}
	return fmt.Sprintf("%s dport %s %d", proto, pick(g, "<", ">", "<=", ">="), g.port())
}

func (g *generator) nftVerdict(chain int, v, proto string) string {
	next := ""
	if chain < 3 {
		next = fmt.Sprintf("c%d", chain+1+g.IntN(3-chain))
	}
	switch n := g.IntN(12); {
	case n < 3 && next != "":
		return pick(g, "jump ", "jump ", "goto ") + next
	case n == 3 && next != "":
		return fmt.Sprintf("%s dport vmap { %d : jump %s, %d : %s, 8005 : goto %s }",
			proto, 8000+g.IntN(2), next, 8002+g.IntN(2), pick(g, "accept", "return"), next)
	case n == 4:
		return pick(g, "accept", "return")
	case n == 5:
		return fmt.Sprintf("dnat %s to %s dport map { %d : %s, 8003-8004 : %s }", v, proto, 8000+g.IntN(2), g.reachable(), g.reachable())
	case n == 6:
		return fmt.Sprintf("dnat %s addr . port to %s dport map { %d : %s . %d, 8005 : %s . %d }",
			v, proto, 8000+g.IntN(2), g.reachable(), g.port(), g.reachable(), g.port())
	case n < 9:
		return fmt.Sprintf("meta l4proto %s dnat %s to %s", pick(g, proto, "{ tcp, udp }"), v, g.hostPort())
	case n == 9:
		return fmt.Sprintf("meta l4proto %s dnat %s to numgen inc mod 2 map { 0 : %s, 1 : %s }", proto, v, g.reachable(), g.reachable())
	}
	return fmt.Sprintf("meta l4proto %s redirect to :%d", proto, g.port())
}

func (g *generator) iptables(kind string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s-restore <<'EOF'\n*nat\n", kind)
	for c := 1; c <= 3; c++ {
		fmt.Fprintf(&b, ":C%d - [0:0]\n", c)
	}
	for c, name := range [...]string{"PREROUTING", "OUTPUT", "C1", "C2", "C3"} {
		for range 1 + g.IntN(4) {
			fmt.Fprintf(&b, "-A %s%s\n", name, g.iptablesRule(name, max(c-1, 0)))
		}
	}
	return b.String() + "COMMIT\nEOF\n"
}

func (g *generator) iptablesRule(chain string, depth int) string {
	proto := pick(g, "tcp", "tcp", "udp")
	r := " -p " + proto
	for range g.IntN(3) {
		not := pick(g, "", "", " !")
		switch g.IntN(8) {
		case 0, 1:
			if !strings.Contains(r, "dport") {
				r += fmt.Sprintf("%s --dport %s", not, pick(g, fmt.Sprint(g.port()), "8001:8003", ":8002", "8004:"))
			}
		case 2:
			if !strings.Contains(r, "dport") {
				r += fmt.Sprintf(" -m multiport%s --dports %d,8004:8005", not, g.port())
			}
		case 3:
			if !strings.Contains(r, " -d ") {
				r += not + " -d " + pick(g, g.addr(), g.net())
			}
		case 4:
			if chain != "OUTPUT" && !strings.Contains(r, " -i ") {
				r += not + " -i " + pick(g, "v0", "v+", "lo")
			}
		case 5:
			if chain != "PREROUTING" && !strings.Contains(r, " -o ") {
				r += not + " -o " + pick(g, "lo", "v0")
			}
		case 6:
			r += " -m addrtype --dst-type LOCAL"
		case 7:
			r += " -m conntrack" + not + " --ctstate " + pick(g, "NEW", "ESTABLISHED,RELATED")
		}
	}
	switch n := g.IntN(8); {
	case n < 3 && depth < 3:
		return r + pick(g, " -j C", " -j C", " -g C") + fmt.Sprint(depth+1+g.IntN(3-depth))
	case n == 3:
		return r + pick(g, " -j ACCEPT", " -j RETURN")
	case n < 6:
		return r + " -j DNAT --to-destination " + g.hostPort()
	case n == 6:
		return r + " -m statistic --mode random --probability 0.5 -j DNAT --to-destination " + g.reachable()
	}
	return r + fmt.Sprintf(" -j REDIRECT --to-ports %d", g.port())
}
