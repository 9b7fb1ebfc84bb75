package socket

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// TestSortIsCompare holds the packed keys to the order they stand for, on
// tables that are full of ties and near-ties.
func TestSortIsCompare(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		rows := make([]*Socket, []int{0, 1, 60, runRows, 3*runRows + 5}[seed%5])
		for i := range rows {
			rows[i] = randomSocket(r, uint64(i))
		}
		want := slices.Clone(rows)
		slices.SortFunc(want, Compare)
		rows = sorted(rows)
		if len(rows) != len(want) {
			t.Fatalf("seed %d: %d rows, want %d", seed, len(rows), len(want))
		}
		for i := range rows {
			if rows[i] != want[i] {
				t.Fatalf("seed %d: row %d is\n%+v, want\n%+v", seed, i, *rows[i], *want[i])
			}
		}
	}
}

func sorted(rows []*Socket) []*Socket {
	var sorter Sorter
	for _, s := range rows {
		sorter.Add(s)
	}
	return sorter.Rows()
}

func randomSocket(r *rand.Rand, cookie uint64) *Socket {
	protos := []Proto{TCP, TCP, TCP, MPTCP, UDP, Raw, Unix, Netlink, Packet}
	s := &Socket{
		Proto: protos[r.IntN(len(protos))], Cookie: cookie,
		State: []State{Listen, Established, TimeWait, Unconn}[r.IntN(4)],
	}
	s.Local, s.Remote = randomEndpoint(r), randomEndpoint(r)
	if !s.Proto.Inet() {
		s.Local.Addr, s.Remote.Addr = netip.Addr{}, netip.Addr{}
		s.Local.Name = []string{"", "a", "b"}[r.IntN(3)]
		s.Local.Node = r.Uint32N(2)
	}
	return s
}

func randomEndpoint(r *rand.Rand) Endpoint {
	ports := []uint32{0, 22, 80, 443, 65535}
	e := Endpoint{Port: ports[r.IntN(len(ports))]}
	switch r.IntN(6) {
	case 0:
		return Endpoint{}
	case 1, 2:
		e.Addr = netip.AddrFrom4([4]byte{127, 0, 0, byte(r.IntN(3))})
	case 3:
		e.Addr = netip.AddrFrom4([4]byte{byte(r.IntN(256)), 1, 2, 3})
	case 4: // these differ in bits that the keys do not hold
		e.Addr = netip.AddrFrom16([16]byte{0xfe, 0x80, 15: byte(r.IntN(3))})
		if r.IntN(2) == 0 {
			e.Addr = e.Addr.WithZone("eth0")
		}
	default:
		e.Addr = netip.AddrFrom16([16]byte{0x20, byte(r.IntN(256))})
	}
	return e
}

// TestSortDeterministic: rows that differ in nothing but identity keep one order,
// however they come in.
func TestSortDeterministic(t *testing.T) {
	rows := make([]*Socket, 30)
	for i := range rows {
		rows[i] = &Socket{Proto: TCP, State: Listen, Cookie: uint64(i)}
	}
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	rows = sorted(rows)
	for i, s := range rows {
		if s.Cookie != uint64(i) {
			t.Fatalf("row %d has cookie %d", i, s.Cookie)
		}
	}
}

func TestNames(t *testing.T) {
	for _, p := range Protos() {
		if got, ok := ParseProto(p.String()); !ok || got != p {
			t.Errorf("ParseProto(%q) = %v, %v", p, got, ok)
		}
	}
	if _, ok := ParseProto("unknown"); ok {
		t.Error("unknown is a protocol")
	}
	seen := map[string]bool{}
	for _, s := range States() {
		if seen[s.String()] || s.String() == "UNKNOWN" {
			t.Errorf("state %d is called %s", s, s)
		}
		seen[s.String()] = true
	}
	if !AllStates.Has(StateUnknown) || !AllStates.Has(ShutdownAckSent) || ConnectedStates.Has(StateUnknown) || ConnectedStates.Has(TimeWait) {
		t.Errorf("groups: all %b, connected %b", AllStates, ConnectedStates)
	}
	if n := len(Protos()); AllProtos != 1<<(n+1)-2 {
		t.Errorf("AllProtos = %b for %d protocols", AllProtos, n)
	}
}

func TestRowsKeep(t *testing.T) {
	var rows Rows
	var s Socket
	for i := range uint64(1000) {
		s = Socket{Cookie: i}
		rows.Add(&s)
	}
	for i, kept := range rows.All {
		if kept.Cookie != uint64(i) {
			t.Fatalf("row %d has cookie %d", i, kept.Cookie)
		}
	}
}
