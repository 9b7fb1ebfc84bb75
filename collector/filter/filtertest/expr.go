package filtertest

import (
	"math"
	"math/rand/v2"
	"net/netip"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// RandomExpr makes an expression of at most that many levels of operators, of a
// kind that the parser could have made: its String parses to it.
func RandomExpr(rng *rand.Rand, depth int) filter.Expr {
	if depth <= 0 || rng.IntN(5) == 0 {
		return RandomLeaf(rng)
	}
	switch rng.IntN(5) {
	case 0, 1:
		return filter.And(members(rng, depth))
	case 2, 3:
		return filter.Or(members(rng, depth))
	}
	return filter.Not{X: RandomExpr(rng, depth-1)}
}

// members are two or more, or now and then none.
func members(rng *rand.Rand, depth int) []filter.Expr {
	if rng.IntN(20) == 0 {
		return []filter.Expr{}
	}
	list := make([]filter.Expr, 2+rng.IntN(2))
	for i := range list {
		list[i] = RandomExpr(rng, depth-1)
	}
	return list
}

// RandomLeaf makes a predicate. Half of them are such as the kernel decides.
func RandomLeaf(rng *rand.Rand) filter.Expr {
	if rng.IntN(2) == 0 {
		return randomKernelLeaf(rng)
	}
	switch rng.IntN(9) {
	case 0:
		return filter.Protos{Set: socket.ProtoSet(rng.Uint32()) & socket.AllProtos}
	case 1:
		return filter.Family{Family: pick(rng, []socket.Family{
			socket.IPv4, socket.IPv6, socket.FamilyUnix, socket.FamilyPacket, socket.FamilyNetlink, socket.FamilyVsock,
		})}
	case 2:
		return filter.Port{End: randomEnd(rng), Family: pick(rng, []socket.Family{
			socket.FamilyPacket, socket.FamilyNetlink, socket.FamilyVsock,
		}), Ranges: randomRanges(rng)}
	case 3:
		return filter.Node{End: randomEnd(rng), Family: pick(rng, []socket.Family{
			socket.FamilyPacket, socket.FamilyNetlink, socket.FamilyVsock,
		}), Number: rng.Uint32N(5)}
	case 4:
		if rng.IntN(2) == 0 {
			return filter.Name{End: randomEnd(rng), Family: socket.FamilyPacket, Glob: pick(rng, []string{"lo", "eth*"})}
		}
		return filter.Name{End: randomEnd(rng), Family: socket.FamilyUnix, Glob: pick(rng, globs)}
	case 5:
		return filter.Scope{End: randomEnd(rng), Scope: filter.AddressScope(rng.IntN(4))}
	case 6:
		return filter.PID{Ranges: randomRanges(rng)}
	case 7:
		return filter.Process{Text: filter.ProcessText(rng.IntN(int(filter.ProcessContainer) + 1)), Match: randomMatch(rng)}
	}
	return randomFact(rng)
}

func randomKernelLeaf(rng *rand.Rand) filter.Expr {
	switch rng.IntN(10) {
	case 0:
		return filter.States{Set: socket.StateSet(rng.Uint32()) & socket.AllStates}
	case 1, 2, 3:
		return filter.Port{End: randomEnd(rng), Ranges: randomRanges(rng)}
	case 4, 5, 6:
		return randomAddr(rng)
	case 7:
		if rng.IntN(2) == 0 {
			return filter.Autobound{}
		}
		return filter.Device{Name: pick(rng, devices)}
	case 8:
		return filter.Mark{Value: rng.Uint32N(4), Mask: pick(rng, []uint32{1, 3, 0xff, math.MaxUint32})}
	}
	c := filter.Cgroup{Path: pick(rng, cgroups)}
	return c
}

func randomAddr(rng *rand.Rand) filter.Expr {
	addr := pick(rng, addresses)
	bits := addr.BitLen()
	if rng.IntN(2) == 0 {
		bits = rng.IntN(bits + 1)
	}
	a := filter.Addr{End: randomEnd(rng), Prefix: netip.PrefixFrom(addr, bits).Masked()}
	if addr.IsLinkLocalUnicast() && addr.Is6() && rng.IntN(2) == 0 {
		a.Zone = "eth0"
	}
	return a
}

func randomFact(rng *rand.Rand) filter.Expr {
	f := pick(rng, fact.All())
	for f.Name == "cgroup" || f.Name == "autobound" {
		f = pick(rng, fact.All()) // these names are filter.Cgroup and filter.Autobound
	}
	if f.Kind == fact.Text {
		return filter.Text{Fact: f, Match: randomMatch(rng)}
	}
	if f.Kind == fact.Flag {
		n := rng.Int64N(2)
		return filter.Compare{Fact: f, Ranges: filter.Ranges{{First: n, Last: n}}}
	}
	ranges := randomRanges(rng)
	if len(ranges) > 0 && rng.IntN(3) == 0 {
		ranges[len(ranges)-1].Last = math.MaxInt64
	}
	if len(ranges) > 0 && rng.IntN(3) == 0 {
		ranges[0].First = math.MinInt64
	}
	return filter.Compare{Fact: f, Ranges: ranges}
}

func randomMatch(rng *rand.Rand) filter.Match {
	if rng.IntN(3) == 0 {
		if m, err := filter.MatchRegexp(pick(rng, regexps)); err == nil {
			return m
		}
	}
	return filter.MatchWord(pick(rng, words))
}

// randomRanges are up to three, ascending and apart.
func randomRanges(rng *rand.Rand) filter.Ranges {
	var r filter.Ranges
	at := int64(0)
	for range rng.IntN(4) {
		first := at + rng.Int64N(pick(rng, []int64{3, 3, 100, 20000}))
		last := first
		if rng.IntN(2) == 0 {
			last += rng.Int64N(pick(rng, []int64{3, 100, 1000}))
		}
		if last > math.MaxUint16 {
			break
		}
		r = append(r, filter.Range{First: first, Last: last})
		at = last + 2
	}
	return r
}

func randomEnd(rng *rand.Rand) filter.End { return filter.End(rng.IntN(3)) }

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

var (
	addresses = []netip.Addr{
		netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.1.2.3"),
		netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("193.233.7.9"), netip.MustParseAddr("::"),
		netip.MustParseAddr("::1"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("2001:db8::9"),
		netip.MustParseAddr("::ffff:10.1.2.3"), netip.MustParseAddr("::ffff:127.0.0.1"),
	}
	devices = []string{"lo", "eth0", "odd name"}
	cgroups = []string{"/", "/system.slice/a.service", "/odd (name)*"}
	globs   = []string{"/run/*", "@a*", "*", "", "/run/[!a-c]?", "/Run/A", `/a\*b`, "/a \"b\"'"}
	words   = []string{"", "nginx", "ng*x", "?", `a\*`, "[a-z]*", "odd name", "and", "007", "\x00\xff\u202e", "-1", "a-very-long-process-name"}
	regexps = []string{"^ng", "a|b", "", `\d+ "x"`, "(?i)NGINX"}
)
