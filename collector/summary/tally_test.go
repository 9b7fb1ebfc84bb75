package summary

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

func diff(want, got any) string {
	return gocmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty())
}

func tally(ports *Ports, rows ...*socket.Socket) Result {
	t := NewTally(ports)
	for _, s := range rows {
		// Streaming collectors reuse what they yield.
		reused := *s
		t.Add(&reused)
		reused = socket.Socket{Proto: socket.Packet, RecvQ: 77}
	}
	return t.Result()
}

func end(s string) socket.Endpoint {
	if s == "" {
		return socket.Endpoint{}
	}
	ap := netip.MustParseAddrPort(s)
	return socket.Endpoint{Addr: ap.Addr(), Port: uint32(ap.Port())}
}

func tcp(state socket.State, local, remote string) *socket.Socket {
	s := &socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, State: state, Local: end(local), Remote: end(remote), Cookie: 1,
	}
	if s.Local.Addr.Is6() {
		s.Family = socket.IPv6
	}
	return s
}

func listener(port int, waiting, backlog uint32) *socket.Socket {
	s := tcp(socket.Listen, fmt.Sprintf("127.0.0.1:%d", port), "")
	s.RecvQ, s.SendQ = waiting, backlog
	return s
}

func TestEphemeral(t *testing.T) {
	ports := NewPorts(40000, 40009)
	ports.Reserve(40008, 40009)
	ports.Reserve(50000, 60000)
	ports.Reserve(65535, 65535)
	udp := tcp(socket.Unconn, "0.0.0.0:40004", "")
	udp.Proto = socket.UDP
	mptcp := tcp(socket.Established, "10.0.0.1:40000", "10.0.0.2:443")
	mptcp.Proto = socket.MPTCP
	got := tally(ports,
		tcp(socket.Established, "10.0.0.1:40000", "10.0.0.2:443"),
		mptcp, // the parent of the first
		tcp(socket.TimeWait, "10.0.0.1:40001", "10.0.0.2:443"),
		tcp(socket.TimeWait, "[::ffff:10.0.0.1]:40002", "[::ffff:10.0.0.2]:443"), // the same addresses
		tcp(socket.SynSent, "10.0.0.9:40000", "10.0.0.2:443"),                    // from another address
		tcp(socket.Established, "10.0.0.1:40000", "10.0.0.2:80"),                 // to another port
		tcp(socket.Established, "10.0.0.1:40008", "10.0.0.2:443"),                // reserved
		tcp(socket.Established, "10.0.0.1:39999", "10.0.0.2:443"),                // outside
		tcp(socket.Established, "10.0.0.1:443", "10.0.0.3:40000"),                // a server's
		tcp(socket.Listen, "0.0.0.0:40003", ""),
		tcp(socket.Listen, "[::]:40003", ""), // the same port
		tcp(socket.Bound, "127.0.0.1:40005", ""),
		tcp(socket.Listen, "0.0.0.0:80", ""),
		tcp(socket.Close, "0.0.0.0:0", ""),
		udp,
	).Ephemeral
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	want := Ephemeral{
		Known: true, First: 40000, Last: 40009, Size: 8, Held: 2, TCP: 5, UDP: 1,
		Worst: []Destination{
			{Local: a, Remote: b, Port: 443, Used: 3, TimeWait: 2},
			{Local: a, Remote: b, Port: 80, Used: 1},
			{Local: netip.MustParseAddr("10.0.0.9"), Remote: b, Port: 443, Used: 1},
		},
	}
	if d := diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if free := got.Free(&got.Worst[0]); free != 3 {
		t.Errorf("%d ports free", free)
	}
	if !got.Certain() {
		t.Error("not certain")
	}
}

func TestScarce(t *testing.T) {
	tests := []struct {
		size, held, used int
		free             int
		scarce           bool
	}{
		{100, 0, 0, 100, false},
		{100, 0, 79, 21, false},
		{100, 0, 80, 20, true},
		{100, 30, 50, 20, true},
		{100, 0, 100, 0, true},
		{100, 60, 60, 0, true},
		{0, 0, 0, 0, true},
	}
	for _, tt := range tests {
		e := Ephemeral{Known: true, Size: tt.size, Held: tt.held}
		d := Destination{Used: tt.used}
		if free, scarce := e.Free(&d), e.Scarce(&d); free != tt.free || scarce != tt.scarce {
			t.Errorf("%+v: %d free, scarce %t", tt, free, scarce)
		}
		if e.Known = false; e.Scarce(&d) {
			t.Errorf("%+v: scarce though nothing is known", tt)
		}
	}
	for udp, want := range map[int]bool{0: false, 79: false, 80: true, 100: true} {
		if e := (Ephemeral{Known: true, Size: 100, UDP: udp}); e.ScarceUDP() != want {
			t.Errorf("%d of 100: %t", udp, !want)
		}
	}
}

// TestWithoutRange: every port counts, and what can only be a client of this
// machine is no destination.
func TestWithoutRange(t *testing.T) {
	got := tally(nil,
		tcp(socket.Established, "10.0.0.1:1", "10.0.0.2:443"),
		tcp(socket.Established, "10.0.0.1:65535", "10.0.0.2:443"),
		tcp(socket.Established, "10.0.0.1:443", "10.0.0.2:1"),
	).Ephemeral
	if got.Known || got.Size != 0 || got.TCP != 3 || len(got.Worst) != 1 || got.Worst[0].Used != 2 {
		t.Errorf("%+v", got)
	}
}

func TestListeners(t *testing.T) {
	procfs := listener(9, 5, 0)
	procfs.Cookie = 0
	got := tally(nil,
		listener(1, 0, 128),
		listener(2, 103, 128), // of 129
		listener(3, 104, 128), // four fifths
		listener(4, 128, 128), // room for one more
		listener(5, 129, 128),
		listener(6, 1, 0),
		listener(7, 0, 0),
		listener(8, 1, 1),
		procfs,
		listener(10, 4096, 4095),
	).Listeners
	var worst []uint32
	for _, s := range got.Worst {
		worst = append(worst, s.Local.Port)
	}
	got.Worst = nil
	if d := diff(Listeners{Total: 10, Full: 3, NearlyFull: 2, Unknown: 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := diff([]uint32{10, 5, 6, 4, 3}, worst); d != "" {
		t.Errorf("worst (-want +got):\n%s", d)
	}
}

// TestWorstListeners: whatever the order they come in, the fullest are kept.
func TestWorstListeners(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		rows := make([]*socket.Socket, 40)
		for i := range rows {
			rows[i] = listener(i+1, r.Uint32N(200), r.Uint32N(100))
			if i%9 == 0 {
				rows[i].RecvQ, rows[i].SendQ = 1<<32-1, 1<<32-1-r.Uint32N(2)
			}
		}
		got := tally(nil, rows...).Listeners.Worst
		rows = slices.DeleteFunc(rows, func(s *socket.Socket) bool { return !Full(s) && !nearlyFull(s) })
		slices.SortFunc(rows, func(a, b *socket.Socket) int {
			fill := func(s *socket.Socket) float64 { return float64(s.RecvQ) / (float64(s.SendQ) + 1) }
			return cmp.Or(cmp.Compare(fill(b), fill(a)), cmp.Compare(b.RecvQ, a.RecvQ), socket.Compare(a, b))
		})
		if d := diff(rows[:worstListeners], got); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	}
}

// TestTallyIsCount: the result is what counting the rows one property at a time
// gives.
func TestTallyIsCount(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 3))
		ports := NewPorts(100, 139)
		ports.Reserve(110, 114)
		rows := make([]*socket.Socket, r.IntN(1000))
		for i := range rows {
			rows[i] = randomSocket(r)
		}
		got := tally(ports, rows...)
		if d := diff(naive(ports, rows), got); d != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, d)
		}
	}
}

func randomSocket(r *rand.Rand) *socket.Socket {
	s := &socket.Socket{
		Proto:  socket.Proto(r.IntN(len(socket.Protos()) + 1)),
		State:  socket.State(r.IntN(int(socket.ShutdownAckSent) + 1)),
		Family: socket.Family(r.IntN(4)),
		Cookie: r.Uint64N(2),
		RecvQ:  r.Uint32N(4), SendQ: r.Uint32N(4),
	}
	if r.IntN(3) > 0 {
		s.Proto = socket.TCP
	}
	s.Local = socket.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(2))}), Port: 90 + r.Uint32N(60)}
	if r.IntN(4) > 0 {
		s.Remote = socket.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, 1, byte(r.IntN(2))}), Port: 1 + r.Uint32N(3)}
	}
	return s
}

// naive counts with a walk through all rows for each number.
func naive(ports *Ports, rows []*socket.Socket) Result {
	count := func(match func(*socket.Socket) bool) (n int) {
		for _, s := range rows {
			if match(s) {
				n++
			}
		}
		return n
	}
	distinct := func(match func(*socket.Socket) bool) int {
		seen := map[uint32]bool{}
		for _, s := range rows {
			if match(s) {
				seen[s.Local.Port] = true
			}
		}
		return len(seen)
	}
	state := func(s *socket.Socket) socket.State {
		if s.State == socket.NewSynRecv {
			return socket.SynRecv
		}
		return s.State
	}
	r := Result{Total: len(rows)}
	for _, p := range append(socket.Protos(), socket.ProtoUnknown) {
		c := ProtoCount{
			Proto: p,
			Total: count(func(s *socket.Socket) bool { return s.Proto == p }),
			IPv4:  count(func(s *socket.Socket) bool { return s.Proto == p && s.Family == socket.IPv4 }),
			IPv6:  count(func(s *socket.Socket) bool { return s.Proto == p && s.Family == socket.IPv6 }),
		}
		for _, st := range append(socket.States(), socket.StateUnknown) {
			if n := count(func(s *socket.Socket) bool { return s.Proto == p && state(s) == st }); n > 0 {
				c.States = append(c.States, StateCount{st, n})
			}
		}
		if c.Total > 0 {
			r.Protos = append(r.Protos, c)
		}
	}
	for _, st := range append(socket.States(), socket.StateUnknown) {
		if n := count(func(s *socket.Socket) bool { return state(s) == st }); n > 0 {
			r.States = append(r.States, StateCount{st, n})
		}
	}
	isTCP := func(s *socket.Socket) bool { return s.Proto == socket.TCP }
	usable := func(s *socket.Socket) bool {
		return s.Local.Port >= 100 && s.Local.Port < 140 && (s.Local.Port < 110 || s.Local.Port > 114)
	}
	holds := func(s *socket.Socket) bool { return s.State == socket.Listen || s.State == socket.Bound }
	r.TCP = count(isTCP)
	r.TimeWait = count(func(s *socket.Socket) bool { return isTCP(s) && s.State == socket.TimeWait })
	r.Ephemeral = Ephemeral{
		Known: true, First: ports.First, Last: ports.Last, Size: 35,
		Held: distinct(func(s *socket.Socket) bool { return isTCP(s) && usable(s) && holds(s) }),
		TCP:  distinct(func(s *socket.Socket) bool { return isTCP(s) && usable(s) }),
		UDP:  distinct(func(s *socket.Socket) bool { return s.Proto == socket.UDP && usable(s) }),
	}
	for a := range 2 {
		for b := range 2 {
			for port := range uint32(4) {
				d := Destination{
					Local: netip.AddrFrom4([4]byte{10, 0, 0, byte(a)}), Remote: netip.AddrFrom4([4]byte{10, 0, 1, byte(b)}), Port: uint16(port),
				}
				uses := func(s *socket.Socket) bool {
					return isTCP(s) && usable(s) && !holds(s) && port > 0 && s.Remote.Port == port &&
						s.Local.Addr == d.Local && s.Remote.Addr == d.Remote
				}
				d.Used = count(uses)
				d.TimeWait = count(func(s *socket.Socket) bool { return uses(s) && s.State == socket.TimeWait })
				if d.Used > 0 {
					r.Ephemeral.Worst = append(r.Ephemeral.Worst, d)
				}
			}
		}
	}
	slices.SortFunc(r.Ephemeral.Worst, compareDestinations)
	r.Ephemeral.Worst = r.Ephemeral.Worst[:min(worstDestinations, len(r.Ephemeral.Worst))]

	listens := func(s *socket.Socket) bool { return s.State == socket.Listen }
	unknown := func(s *socket.Socket) bool { return s.Cookie == 0 && s.SendQ == 0 }
	judged := func(s *socket.Socket) bool { return listens(s) && !unknown(s) }
	near := func(s *socket.Socket) bool { return judged(s) && !Full(s) && nearlyFull(s) }
	r.Listeners = Listeners{
		Total:      count(listens),
		Unknown:    count(func(s *socket.Socket) bool { return listens(s) && unknown(s) }),
		Full:       count(func(s *socket.Socket) bool { return judged(s) && Full(s) }),
		NearlyFull: count(near),
	}
	for _, s := range rows {
		if judged(s) && (Full(s) || near(s)) {
			r.Listeners.Worst = append(r.Listeners.Worst, s)
		}
	}
	slices.SortFunc(r.Listeners.Worst, compareListeners)
	r.Listeners.Worst = r.Listeners.Worst[:min(worstListeners, len(r.Listeners.Worst))]
	return r
}
