package why

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// sock makes a TCP socket on port 8080 of process 10.
func sock(state socket.State, local, remote string, change ...func(*socket.Socket)) *socket.Socket {
	s := &socket.Socket{
		Proto: socket.TCP, State: state, Family: socket.IPv4, Local: ends(local), Remote: ends(remote),
		Processes: []socket.Holder{{Process: &socket.Process{PID: 10, Name: "web"}, FD: 3}},
		Inode:     1, Cookie: 1, HasUID: true, Details: &socket.Details{},
	}
	if s.Local.Addr.Is6() {
		// bind sets IPV6_V6ONLY with every address that has nothing of IPv4.
		s.Family, s.V6Only = socket.IPv6, socket.TriOf(!s.Local.Addr.IsUnspecified() && !s.Local.Addr.Is4In6())
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func ends(s string) socket.Endpoint {
	if s == "" {
		return socket.Endpoint{}
	}
	ap := netip.MustParseAddrPort(s)
	return socket.Endpoint{Addr: ap.Addr(), Port: uint32(ap.Port())}
}

func reuse(addr, port socket.Tri) func(*socket.Socket) {
	return func(s *socket.Socket) { s.Details.Reuse = &socket.Reuse{Address: addr, Port: port} }
}

func auto(t socket.Tri) func(*socket.Socket) {
	return func(s *socket.Socket) { s.Details.Extended = &socket.Extended{Autobound: t} }
}

func without(why socket.Reason, inode uint64) func(*socket.Socket) {
	return func(s *socket.Socket) { s.Processes, s.NoProcess, s.Inode = nil, why, inode }
}

func as(p socket.Proto) func(*socket.Socket) {
	return func(s *socket.Socket) { s.Proto = p }
}

func bind(at string) Bind {
	ap := netip.MustParseAddrPort(at)
	return Bind{Proto: socket.TCP, Addr: ap.Addr(), Port: ap.Port(), Privileged: socket.Yes}
}

func plainMachine() *machine.Machine {
	first := uint16(1024)
	return &machine.Machine{
		UnprivilegedPorts: &first, Ephemeral: &machine.Ports{First: 32768, Last: 60999},
		NonlocalBind4: socket.No, NonlocalBind6: socket.No, IPv6: socket.Yes, V6Only: socket.No,
		Local4: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Local6: []netip.Addr{netip.IPv6Loopback()},
		HasLocal: true, HasLinks: true, Links: []machine.Link{{Index: 1, Name: "lo"}},
	}
}

// TestCause is about which kind of reason a socket is.
func TestCause(t *testing.T) {
	listener := sock(socket.Listen, "0.0.0.0:8080", "")
	gone := without(socket.ReasonOrphan, 0)
	tests := []struct {
		name   string
		s      *socket.Socket
		others []*socket.Socket
		want   Rule
	}{
		{"listener", listener, nil, RuleListener},
		{"reuseport", sock(socket.Listen, "0.0.0.0:8080", "", reuse(socket.No, socket.Yes)), nil, RuleGroup},
		{"bound", sock(socket.Bound, "0.0.0.0:8080", ""), nil, RuleBound},
		{"time-wait", sock(socket.TimeWait, "127.0.0.1:8080", "127.0.0.1:9", without(socket.ReasonTimeWait, 0)), nil, RuleTimeWait},
		{"orphan", sock(socket.FinWait1, "127.0.0.1:8080", "127.0.0.1:9", gone), nil, RuleClosing},
		{"orphan of unknown reason", sock(socket.LastAck, "127.0.0.1:8080", "127.0.0.1:9", without(socket.ReasonUnknown, 0)), nil, RuleClosing},
		{"shut down, still open", sock(socket.FinWait2, "127.0.0.1:8080", "127.0.0.1:9", auto(socket.Yes)), nil, RuleChild},
		{"hidden and shut down", sock(socket.FinWait2, "127.0.0.1:8080", "127.0.0.1:9", auto(socket.Yes), without(socket.ReasonHidden, 5)), nil, RuleChild},
		{"waiting", sock(socket.Established, "127.0.0.1:8080", "127.0.0.1:9", without(socket.ReasonNotAccepted, 0)), nil, RuleNotAccepted},
		{"half open", sock(socket.SynRecv, "127.0.0.1:8080", "127.0.0.1:9", without(socket.ReasonNotAccepted, 0)), nil, RuleNotAccepted},
		{"kernel", sock(socket.Listen, "0.0.0.0:8080", "", without(socket.ReasonKernel, 5)), nil, RuleKernel},
		{"accepted", sock(socket.Established, "127.0.0.1:8080", "127.0.0.1:9", auto(socket.Yes)), []*socket.Socket{listener}, RuleConnected},
		{
			"accepted by another address", sock(socket.Established, "127.0.0.2:8080", "127.0.0.1:9", auto(socket.Yes)),
			[]*socket.Socket{sock(socket.Listen, "127.0.0.1:8080", "")},
			RuleChild,
		},
		{
			"accepted by IPv6", sock(socket.Established, "[::ffff:127.0.0.1]:8080", "[::ffff:127.0.0.1]:9", auto(socket.Yes)),
			[]*socket.Socket{sock(socket.Listen, "[::]:8080", "")},
			RuleConnected,
		},
		{"child", sock(socket.Established, "127.0.0.1:8080", "127.0.0.1:9", auto(socket.Yes)), nil, RuleChild},
		{"child, or bound", sock(socket.Established, "127.0.0.1:8080", "127.0.0.1:9"), nil, RuleConnected},
		{"bound before connect", sock(socket.Established, "127.0.0.1:8080", "127.0.0.1:9", auto(socket.No)), nil, RuleConnected},
		{"outgoing", sock(socket.Established, "127.0.0.1:40000", "127.0.0.1:9", auto(socket.Yes)), nil, RuleOutgoing},
		{"either", sock(socket.Established, "127.0.0.1:40000", "127.0.0.1:50000", auto(socket.Yes)), nil, RuleConnected},
		{"udp", sock(socket.Unconn, "127.0.0.1:8080", "", as(socket.UDP)), nil, RuleDatagram},
		{"udp given by the kernel", sock(socket.Established, "127.0.0.1:40000", "127.0.0.1:9", as(socket.UDP), auto(socket.Yes)), nil, RuleOutgoing},
		{"udp in the range", sock(socket.Established, "127.0.0.1:40000", "127.0.0.1:9", as(socket.UDP)), nil, RuleDatagram},
		{"udp group", sock(socket.Unconn, "127.0.0.1:8080", "", as(socket.UDP), reuse(socket.No, socket.Yes)), nil, RuleGroup},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := Bind{Proto: tt.s.Proto, Addr: netip.IPv4Unspecified(), Port: uint16(tt.s.Local.Port), Privileged: socket.Yes}
			a := Explain(Situation{Bind: b, Machine: plainMachine(), Sockets: append(tt.others, tt.s)})
			var got []Rule
			for _, r := range a.Reasons {
				if r.Socket == tt.s {
					got = append(got, r.Rule)
				}
			}
			if !slices.Contains(got, tt.want) {
				t.Errorf("rules are %v, want %s", got, tt.want)
			}
		})
	}
}

// TestChanges is about what is told to lead to another answer.
func TestChanges(t *testing.T) {
	type change struct {
		Option  string
		Verdict Verdict
	}
	listener := func(at string) []*socket.Socket {
		return []*socket.Socket{sock(socket.Listen, at, "", reuse(socket.Yes, socket.No))}
	}
	group := []*socket.Socket{sock(socket.Listen, "0.0.0.0:8080", "", reuse(socket.No, socket.Yes))}
	timeWait := []*socket.Socket{sock(socket.TimeWait, "0.0.0.0:8080", "127.0.0.1:9", without(socket.ReasonTimeWait, 0))}
	tests := []struct {
		name    string
		bind    Bind
		sockets []*socket.Socket
		change  func(*Situation)
		want    []change
	}{
		{"free", bind("0.0.0.0:8080"), nil, nil, nil},
		{"listener", bind("0.0.0.0:8080"), listener("0.0.0.0:8080"), nil, nil},
		{"listener elsewhere", bind("0.0.0.0:8080"), listener("127.0.0.2:8080"), nil, []change{{"127.0.0.1 in place of 0.0.0.0", Free}}},
		{"group", bind("0.0.0.0:8080"), group, nil, []change{{"SO_REUSEPORT", Free}}},
		{"joined", func() Bind { b := bind("0.0.0.0:8080"); b.ReusePort = true; return b }(), group, nil, []change{{"no SO_REUSEPORT", Taken}}},
		{"time-wait", bind("0.0.0.0:8080"), timeWait, nil, []change{{"SO_REUSEADDR", Unclear}}},
		{"both", bind("0.0.0.0:8080"), []*socket.Socket{
			sock(socket.Bound, "0.0.0.0:8080", "", reuse(socket.Yes, socket.No)), sock(socket.Listen, "0.0.0.0:8080", "", reuse(socket.Yes, socket.Yes)),
		}, nil, []change{{"SO_REUSEADDR and SO_REUSEPORT", Free}}},
		{"dual stack", bind("[::]:8080"), listener("0.0.0.0:8080"), nil, []change{{"IPV6_V6ONLY", Free}}},
		{"any", Bind{Proto: socket.TCP, Port: 8080, Privileged: socket.Yes}, listener("[::1]:8080"), nil, []change{{"0.0.0.0 in place of every address", Free}}},
		{"privileged", func() Bind { b := bind("0.0.0.0:80"); b.Privileged = socket.No; return b }(), nil, nil, []change{{"CAP_NET_BIND_SERVICE", Free}}},
		{"not here", bind("10.9.9.9:8080"), nil, nil, []change{{"0.0.0.0 in place of 10.9.9.9", Free}}},
		{"no device", func() Bind { b := bind("0.0.0.0:8080"); b.Device = "eth9"; return b }(), nil, nil, []change{{"no SO_BINDTODEVICE", Free}}},
		{"unseen", bind("0.0.0.0:8080"), listener("0.0.0.0:8080"), func(s *Situation) { s.Unseen = true }, nil},
		{
			"unseen elsewhere", bind("0.0.0.0:8080"), listener("127.0.0.2:8080"), func(s *Situation) { s.Unseen = true },
			[]change{{"127.0.0.1 in place of 0.0.0.0", Unclear}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Situation{Bind: tt.bind, Machine: plainMachine(), Sockets: tt.sockets}
			if tt.change != nil {
				tt.change(&s)
			}
			var got []change
			for _, c := range Explain(s).Changes {
				got = append(got, change{c.Option, c.Verdict})
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestElsewhere: another namespace matters where the address is one that both would
// have, were they in one.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		there, wanted string
		want          int
	}{
		{"127.0.0.1:8080", "127.0.0.1:8080", 1},
		{"127.0.0.1:8080", "0.0.0.0:8080", 1},
		{"127.0.0.1:8080", "[::]:8080", 1},
		{"127.0.0.1:8080", "[::1]:8080", 0},
		{"0.0.0.0:8080", "127.0.0.2:8080", 1},
		{"127.0.0.1:8080", "127.0.0.2:8080", 0},
	} {
		there := sock(socket.Listen, tt.there, "", reuse(socket.Yes, socket.Yes))
		there.Device = "eth9" // interfaces there are others
		b := bind(tt.wanted)
		b.ReusePort = true
		a := Explain(Situation{Bind: b, Machine: plainMachine(), Elsewhere: []*socket.Socket{there}})
		got := 0
		for _, r := range a.Reasons {
			if r.Rule == RuleOtherNetNS {
				got++
			}
		}
		if got != tt.want || a.Verdict != Free {
			t.Errorf("%s there, %s wanted: %v, %d reasons", tt.there, tt.wanted, a.Verdict, got)
		}
	}
}

// TestOrder puts what blocks before what may, and that before all others.
func TestOrder(t *testing.T) {
	b := bind("0.0.0.0:8080")
	b.ReuseAddr = true
	s := Situation{
		Bind: b, Machine: plainMachine(), Unseen: true,
		Sockets: []*socket.Socket{
			sock(socket.Unconn, "0.0.0.0:8080", "", as(socket.UDP)),
			sock(socket.TimeWait, "127.0.0.1:8080", "127.0.0.1:9", without(socket.ReasonTimeWait, 0)),
			sock(socket.Listen, "127.0.0.1:8080", "", reuse(socket.Yes, socket.No)),
		},
		Elsewhere: []*socket.Socket{sock(socket.Listen, "0.0.0.0:8080", "")},
	}
	a := Explain(s)
	var got []Rule
	for _, r := range a.Reasons {
		got = append(got, r.Rule)
	}
	if diff := cmp.Diff([]Rule{RuleListener, RuleTimeWait, RuleOtherNetNS, RuleOtherProto}, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if a.Verdict != Taken || a.Errno != "EADDRINUSE" {
		t.Errorf("verdict %v, errno %q", a.Verdict, a.Errno)
	}
	s.Sockets = s.Sockets[:1]
	if a := Explain(s); a.Verdict != Unclear || a.Reasons[0].Rule != RuleUnseen {
		t.Errorf("with sockets unseen the verdict is %v for %s", a.Verdict, a.Reasons[0].Rule)
	}
}

// TestAlikes compares what a few sockets stand for with all of them.
func TestAlikes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	tri := func() socket.Tri { return socket.Tri(rng.IntN(3)) }
	locals := []string{"0.0.0.0:8080", "127.0.0.1:8080", "[::]:8080", "[::1]:8080", "[::ffff:127.0.0.1]:8080", "127.0.0.1:9090"}
	states := []socket.State{socket.Listen, socket.Bound, socket.Established, socket.TimeWait, socket.FinWait2, socket.SynRecv, socket.Close}
	// Each kind differs from the one before in a thing or two.
	vary := []func(*socket.Socket){
		func(s *socket.Socket) { s.State = states[rng.IntN(len(states))] },
		func(s *socket.Socket) {
			s.Local = ends(locals[rng.IntN(len(locals))])
			s.Family = socket.IPv4
			if s.Local.Addr.Is6() {
				s.Family = socket.IPv6
			}
		},
		func(s *socket.Socket) { s.Family = []socket.Family{socket.IPv4, socket.IPv6}[rng.IntN(2)] },
		func(s *socket.Socket) { s.Details.Reuse.Address = tri() },
		func(s *socket.Socket) { s.Details.Reuse.Port = tri() },
		func(s *socket.Socket) { s.Details.Extended.Autobound = tri() },
		func(s *socket.Socket) { s.V6Only = tri() },
		func(s *socket.Socket) { s.HasUID = !s.HasUID },
		func(s *socket.Socket) { s.UID ^= 1 },
		func(s *socket.Socket) { s.Cookie ^= 1 },
		func(s *socket.Socket) { s.Inode ^= 1 },
		func(s *socket.Socket) { s.Device = []string{"", "lo", "eth9"}[rng.IntN(3)] },
		func(s *socket.Socket) { s.Details.Timer = nil },
		func(s *socket.Socket) { s.Details.Timer = &socket.Timer{Kind: socket.TimerKind(rng.IntN(4))} },
	}
	for range 3000 {
		var kinds, all []*socket.Socket
		last := sock(socket.Listen, "127.0.0.1:8080", "127.0.0.1:9", reuse(tri(), tri()), auto(tri()))
		for _, change := range vary {
			change(last)
		}
		for range 1 + rng.IntN(4) {
			next := *last
			next.Details = last.Details.Clone()
			vary[rng.IntN(len(vary))](&next)
			kinds, last = append(kinds, &next), &next
		}
		for range 12 {
			s := *kinds[rng.IntN(len(kinds))]
			s.Details = s.Details.Clone()
			s.Cookie *= uint64(1 + rng.IntN(100))
			s.Inode *= uint64(1 + rng.IntN(100))
			all = append(all, &s)
		}
		b := bind([]string{"0.0.0.0:8080", "127.0.0.1:8080", "[::]:8080"}[rng.IntN(3)])
		b.Device = []string{"", "lo"}[rng.IntN(2)]
		b.ReuseAddr, b.ReusePort = rng.IntN(2) == 0, rng.IntN(2) == 0
		want := Decide(b, plainMachine(), all)
		few := alikesOf(all)
		got := Decide(b, plainMachine(), few.few)
		got.Clashes = few.expand(got.Clashes, all)
		same := cmp.Comparer(func(a, b *socket.Socket) bool { return a == b })
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Fatalf("decision for %+v (-all +few):\n%s", b, diff)
		}
	}
}

// TestSettle: what has been tried is not advised any more.
func TestSettle(t *testing.T) {
	b := bind("0.0.0.0:8080")
	b.ReuseAddr = true
	s := Situation{Bind: b, Machine: plainMachine(), Sockets: []*socket.Socket{
		sock(socket.TimeWait, "0.0.0.0:8080", "127.0.0.1:9", without(socket.ReasonTimeWait, 0)),
	}}
	probes := func(a *Answer) bool {
		return slices.ContainsFunc(a.Reasons[0].Remedies, func(r Remedy) bool { return r.Text == probeText })
	}
	a := Explain(s)
	if a.Verdict != Unclear || !probes(&a) {
		t.Errorf("verdict %v, probe advised: %t", a.Verdict, probes(&a))
	}
	a.Settle("EADDRINUSE")
	if a.Verdict != Taken || a.Reasons[0].Blocking != socket.Yes || probes(&a) {
		t.Errorf("settled: verdict %v, blocking %v, probe advised: %t", a.Verdict, a.Reasons[0].Blocking, probes(&a))
	}
	a = Explain(s)
	a.Settle("")
	if a.Verdict != Free || a.Reasons[0].Blocking != socket.No || len(a.Reasons[0].Remedies) > 0 {
		t.Errorf("settled: verdict %v, blocking %v, advice against what is not in the way: %v",
			a.Verdict, a.Reasons[0].Blocking, a.Reasons[0].Remedies)
	}
}

// TestReservedLater: reserving a port does not turn a connection that has it
// already into something else, and is not advised again.
func TestReservedLater(t *testing.T) {
	m := plainMachine()
	m.Reserved = []machine.Ports{{First: 40000, Last: 40000}}
	for remote, want := range map[string]Rule{"127.0.0.1:9": RuleOutgoing, "127.0.0.1:50000": RuleChild} {
		s := sock(socket.Established, "127.0.0.1:40000", remote, auto(socket.Yes))
		a := Explain(Situation{Bind: bind("0.0.0.0:40000"), Machine: m, Sockets: []*socket.Socket{s}})
		if got := a.Reasons[0].Rule; got != want {
			t.Errorf("to %s: rule %s, want %s", remote, got, want)
		}
		if slices.ContainsFunc(a.Reasons[0].Remedies, func(r Remedy) bool { return strings.HasPrefix(r.Command, "sysctl") }) {
			t.Errorf("to %s: advises to reserve a port that is reserved", remote)
		}
	}
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]bool{
		"nginx.service": true, "getty@tty1.service": true, "web_1-a": true, "0123abc": true,
		"": false, "-rf": false, "a b": false, "a;b": false, "a$b": false, `sys-\x2d.device`: false, "a/b": false,
		".hidden": false, "@x": false, "é": false, "a\n": false, "a'": false,
	} {
		if got := plain(name); got != want {
			t.Errorf("plain(%q) = %t", name, got)
		}
	}
}

// BenchmarkExplain is a busy server's port.
func BenchmarkExplain(b *testing.B) {
	all := []*socket.Socket{sock(socket.Listen, "0.0.0.0:8080", "", reuse(socket.Yes, socket.No))}
	for i := range 100_000 {
		s := sock(socket.Established, "127.0.0.1:8080", "127.0.0.1:9", auto(socket.Yes))
		s.Remote.Port = uint32(i)
		if i%3 == 0 {
			s = sock(socket.TimeWait, "127.0.0.1:8080", "127.0.0.1:9", without(socket.ReasonTimeWait, 0))
		}
		all = append(all, s)
	}
	for b.Loop() {
		Explain(Situation{Bind: bind("0.0.0.0:8080"), Machine: plainMachine(), Sockets: all})
	}
}
