package tui

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// TestMend: whatever is how far out of order, it ends as if it had been sorted.
func TestMend(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var o order
	var spare []*entry
	for round := range 400 {
		rows := make([]*entry, random.IntN(60))
		for i := range rows {
			rows[i] = &entry{now: &socket.Socket{Cookie: uint64(i + 1), Local: socket.Endpoint{Port: uint32(i / 2)}}}
		}
		for range random.IntN(1 + round/8) { // from not at all to thoroughly
			if n := len(rows); n > 0 {
				i, j := random.IntN(n), random.IntN(n)
				rows[i], rows[j] = rows[j], rows[i]
			}
		}
		want := slices.Clone(rows)
		slices.SortFunc(want, o.compare)
		spare = mend(rows, spare, o.compare)
		if !slices.Equal(rows, want) {
			t.Fatalf("round %d: %v, want %v", round, ports(rows), ports(want))
		}
	}
}

func ports(rows []*entry) []uint32 {
	var ports []uint32
	for _, e := range rows {
		ports = append(ports, e.now.Local.Port)
	}
	return ports
}

// TestIdentify: what tells sockets without cookies apart.
func TestIdentify(t *testing.T) {
	base := socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, Inode: 1,
		Local: socket.Endpoint{Port: 1, Name: "a"}, Remote: socket.Endpoint{Port: 2},
	}
	for _, tt := range []struct {
		name  string
		alter func(s *socket.Socket)
		same  bool
	}{
		{"the same", func(*socket.Socket) {}, true},
		{"accepted", func(s *socket.Socket) { s.Inode = 2 }, true},
		{"another state", func(s *socket.Socket) { s.State = socket.CloseWait }, true},
		{"another port", func(s *socket.Socket) { s.Remote.Port = 3 }, false},
		{"a name elsewhere", func(s *socket.Socket) { s.Local.Name, s.Remote.Name = "", "a" }, false},
		{"another protocol", func(s *socket.Socket) { s.Proto = socket.SCTP }, false},
		{"a cookie", func(s *socket.Socket) { s.Cookie = 1 }, false},
	} {
		other := base
		tt.alter(&other)
		if got := identify(&base) == identify(&other); got != tt.same {
			t.Errorf("%s: the same is %v, want %v", tt.name, got, tt.same)
		}
	}
	a, b := base, base
	a.Remote, b.Remote = socket.Endpoint{}, socket.Endpoint{}
	b.Inode = 2
	if identify(&a) == identify(&b) {
		t.Error("two listeners on one port are one")
	}
}

// TestWindow: of a line that is too long one sees where one writes.
func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		back       int
		width      int
		want       string
		at         int
	}{
		{"it fits", "sport 22", 0, 20, "sport 22", 8},
		{"its end", "0123456789", 0, 8, "456789", 6},
		{"its beginning", "0123456789", 10, 8, "012345", 0},
		{"wide", "データベース", 0, 8, "ベース", 6},
		{"escaped", "abc\u202e", 0, 9, `c\u202e`, 7},
		{"nothing", "", 0, 1, "", 0},
	} {
		in := newInput("/", tt.text)
		in.at -= tt.back
		shown, at := in.window(tt.width)
		if diff := cmp.Diff([]any{tt.want, tt.at}, []any{string(shown), at}); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}
