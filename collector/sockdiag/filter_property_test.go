package sockdiag

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/filter/filtertest"
	"github.com/sockls/sockls/collector/socket"
)

// filterDetails are what the predicates need that the kernel can decide.
const filterDetails = socket.DetailIdentity | socket.DetailExtended | socket.DetailMark | socket.DetailAutobound

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// randomInetSocket is one in any state that its protocol has, with the remains
// of a former peer where the kernel keeps them.
func randomInetSocket(rng *rand.Rand, cookie uint64) inetSocket {
	s := inetSocket{cookie: cookie, protocol: pick(rng, 6, 6, 6, 17, 136, 262)}
	tcp := []uint8{1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 7}
	switch s.protocol {
	case 6:
		s.state = pick(rng, tcp...)
	case 262:
		s.state = pick(rng, uint8(1), 10, 7)
	default:
		s.state = pick(rng, uint8(1), 7)
	}
	addrs := []string{"0.0.0.0", "127.0.0.1", "10.1.2.3", "192.0.2.1", "100.64.1.1", "224.0.0.1", "255.255.255.255", "169.254.9.9"}
	s.family = afInet
	if rng.IntN(2) == 0 {
		s.family = afInet6
		addrs = []string{"::", "::1", "fe80::1", "fd00::1", "2001:db8::9", "ff02::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "::ffff:192.0.2.1", "::ffff:0.0.0.0"}
	}
	port := func() uint16 {
		return pick(rng, uint16(0), 1, 2, 3, 80, 443, uint16(rng.Uint32()))
	}
	s.src, s.dst = netip.MustParseAddr(pick(rng, addrs...)).AsSlice(), netip.MustParseAddr(pick(rng, addrs...)).AsSlice()
	s.sport, s.dport = port(), port()
	if s.state == 10 || s.state == 7 && s.protocol != 6 {
		s.dport = 0
	}
	s.device, s.mark, s.cgroup, s.locked = rng.Uint32N(3), rng.Uint32N(4), 1+rng.Uint64N(3), rng.IntN(2) == 0
	return s
}

func randomInetKernel(t testing.TB, rng *rand.Rand) *inetKernel {
	k := &inetKernel{t: t}
	for i := range 100 {
		k.sockets = append(k.sockets, randomInetSocket(rng, uint64(i+1)))
	}
	return k
}

// randomFilter makes an expression of the predicates that a kernel could know,
// and now and then of others, about what randomInetSocket makes.
func randomFilter(rng *rand.Rand) filter.Expr {
	return filter.Map(filtertest.RandomExpr(rng, 1+rng.IntN(3)), func(leaf filter.Expr) filter.Expr {
		end := filter.End(rng.IntN(3))
		switch rng.IntN(24) {
		case 0:
			return filter.States{Set: socket.StateSet(rng.Uint32()) & socket.AllStates}
		case 1:
			return filter.Family{Family: pick(rng, socket.IPv4, socket.IPv6)}
		case 2:
			return filter.Device{Name: pick(rng, "", "eth1", "eth2", "gone", "other")}
		case 3:
			return filter.Cgroup{Path: "/a", ID: rng.Uint64N(4)}
		case 4, 5:
			p := pick(rng, int64(1), 2, 80, 443)
			return filter.Port{End: end, Ranges: filter.Ranges{{First: p, Last: p}}}
		case 6:
			return filter.Scope{End: end, Scope: filter.AddressScope(rng.IntN(4))}
		case 7:
			addr := netip.MustParseAddr(pick(rng, "10.1.2.3", "::1", "::ffff:10.1.2.3", "fe80::1", "0.0.0.0", "::"))
			return filter.Addr{End: end, Prefix: netip.PrefixFrom(addr, addr.BitLen()), Zone: pick(rng, "", "", "eth1")}
		case 8:
			return filter.Autobound{}
		case 9:
			return filter.Mark{Value: rng.Uint32N(8), Mask: rng.Uint32N(4)}
		}
		return leaf
	})
}

// testIfIndex knows eth1 and eth2, and the first by another name.
func testIfIndex(name string) (uint32, bool) {
	switch name {
	case "eth1", "other":
		return 1, true
	case "eth2":
		return 2, true
	}
	return 0, false
}

// forExplain is a request of which every name is the first of its interface.
func forExplain(r Request) Request {
	r.IfIndex = func(name string) (uint32, bool) {
		index, ok := testIfIndex(name)
		return index, ok && testIfName(index) == name
	}
	return r
}

// matching are the rows of a dump that match, by cookie, and all rows. Rows are
// told whether the port was chosen by the kernel only if marks are given.
func matching(t *testing.T, k *inetKernel, r Request, e filter.Expr, marks map[uint64]socket.Tri) (yes []uint64, all int) {
	t.Helper()
	c := NewClient(k, testIfName)
	seen := map[uint64]bool{}
	err := c.Dump(context.Background(), r, func(s *socket.Socket) error {
		if seen[s.Cookie] {
			t.Errorf("cookie %d twice", s.Cookie)
		}
		seen[s.Cookie] = true
		if marks != nil {
			c.dec.details.autobound(s, marks[s.Cookie])
		}
		all++
		if filter.Eval(e, s, filterDetails) == socket.Yes {
			yes = append(yes, s.Cookie)
		}
		return nil
	})
	if err != nil {
		t.Errorf("dump: %v", err)
	}
	slices.Sort(yes)
	return yes, all
}

func randomRequest(rng *rand.Rand) Request {
	r := Request{
		Proto:  pick(rng, socket.TCP, socket.TCP, socket.TCP, socket.UDP, socket.UDPLite, socket.MPTCP),
		IPv4:   rng.IntN(4) > 0,
		IPv6:   rng.IntN(4) > 0,
		States: pick(rng, socket.AllStates, socket.ConnectedStates, socket.ListeningStates, socket.StateSet(rng.Uint32())&socket.AllStates),

		Details: filterDetails, IfIndex: testIfIndex,
	}
	if rng.IntN(2) == 0 {
		r.Interfaces = func() []uint32 { return []uint32{1, 2} }
	}
	return r
}

// asKernelSays are the values of Autobound that rows are marked with.
func asKernelSays(k *inetKernel) map[uint64]socket.Tri {
	marks := map[uint64]socket.Tri{}
	for i := range k.sockets {
		marks[k.sockets[i].cookie] = socket.TriOf(!k.sockets[i].entryOf().locked)
	}
	return marks
}

// TestFilterProperty: the rows that a filtered dump brings and that match are
// those of a whole dump that match; where nothing is left to us, all of them do.
func TestFilterProperty(t *testing.T) {
	t.Parallel()
	rounds := 4_000
	if testing.Short() {
		rounds = 1_000
	}
	exact, less := 0, 0
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 1))
		k := randomInetKernel(t, rng)
		e, r := randomFilter(rng), randomRequest(rng)
		want, whole := matching(t, k, r, e, asKernelSays(k))
		r.Filter = e
		k.log = nil
		got, all := matching(t, k, r, e, nil)
		explained := Explain(forExplain(r))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s", diff)
		}
		if explained.Left == nil && all != len(got) {
			t.Errorf("nothing is left to us, but %d rows of %d do not match", all-len(got), all)
		}
		if explained.Left == nil {
			exact++
		}
		if all < whole {
			less++
		}
		if t.Failed() {
			for _, a := range explained.Asked {
				t.Logf("asked: %+v", a)
			}
			t.Fatalf("seed %d\n%s %v %v states %x\nfilter %s\nleft %v\n%s", seed, r.Proto, r.IPv4, r.IPv6, r.States, e, explained.Left, strings.Join(k.log, "\n"))
		}
	}
	// The test would prove nothing if there were nothing to compare.
	if exact < rounds/4 || less < rounds/4 {
		t.Errorf("of %d filters %d were exact, and %d brought fewer rows", rounds, exact, less)
	}
}

// TestFilterOldKernels: kernels that refuse operations give the same answer.
func TestFilterOldKernels(t *testing.T) {
	t.Parallel()
	kernels := []struct {
		name string
		make func(*inetKernel)
	}{
		{"no control groups", func(k *inetKernel) { k.unknown = map[uint8]bool{13: true} }},
		{"no equality", func(k *inetKernel) { k.unknown = map[uint8]bool{11: true, 12: true, 13: true} }},
		{"no marks", func(k *inetKernel) { k.unknown = map[uint8]bool{10: true, 11: true, 12: true, 13: true} }},
		{"no devices", func(k *inetKernel) { k.unknown = map[uint8]bool{9: true, 10: true, 11: true, 12: true, 13: true} }},
		{"no bytecode", func(k *inetKernel) {
			k.unknown = map[uint8]bool{}
			for code := range uint8(20) {
				k.unknown[code] = true
			}
		}},
		{"no capability", func(k *inetKernel) { k.user = true }},
		{"no capability and no control groups", func(k *inetKernel) { k.user, k.unknown = true, map[uint8]bool{13: true} }},
		{"little memory for requests", func(k *inetKernel) { k.tooLong = 120 }},
		{"families apart", func(k *inetKernel) { k.noCompat = true }},
		{"families apart and no equality", func(k *inetKernel) { k.noCompat, k.unknown = true, map[uint8]bool{11: true, 12: true, 13: true} }},
	}
	for _, kernel := range kernels {
		t.Run(kernel.name, func(t *testing.T) {
			t.Parallel()
			refused := 0
			for seed := range uint64(200) {
				rng := rand.New(rand.NewPCG(seed, 2))
				k := randomInetKernel(t, rng)
				kernel.make(k)
				e, r := randomFilter(rng), randomRequest(rng)
				// Without a program nothing tells of Autobound.
				known := asKernelSays(k)
				if k.unknown[1] || k.tooLong > 0 {
					e = filter.Map(e, func(leaf filter.Expr) filter.Expr {
						if leaf == (filter.Autobound{}) {
							return filter.Device{Name: "eth1"}
						}
						return leaf
					})
				}
				want, _ := matching(t, k, r, e, known)
				r.Filter = e
				k.log = nil
				got, _ := matching(t, k, r, e, nil)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d\n%s\nfilter %s\n%s", seed, strings.Join(k.log, "\n"), e, diff)
				}
				if strings.Contains(fmt.Sprint(k.log), "invalid") || strings.Contains(fmt.Sprint(k.log), "permitted") {
					refused++
				}
			}
			if refused == 0 && kernel.name != "little memory for requests" && kernel.name != "families apart" {
				t.Error("nothing was refused")
			}
		})
	}
}
