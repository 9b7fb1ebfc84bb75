package summary

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

// TestForget feeds far more destinations than are counted at the same time. No
// destination may be told to have used more ports than it has, none may have
// used more than is told together with what may have been missed, and none of
// the busy ones may be lost.
func TestForget(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 4))
		limit := 1 + r.IntN(60)
		d := destinations{limit: limit}
		truth := map[uint16]int{}
		skew := 1 + r.IntN(4)
		spread := 1 + r.IntN(2000)
		for range 3000 {
			port := 1
			for range skew {
				port = max(port, 1+r.IntN(spread))
			}
			truth[uint16(port)]++
			d.add(&socket.Socket{State: socket.Established, Remote: socket.Endpoint{Port: uint32(port)}})
			if len(d.used) > limit {
				t.Fatalf("seed %d: %d destinations, at most %d", seed, len(d.used), limit)
			}
		}
		for key, u := range d.used {
			if most := u.ports + u.missed; int(u.ports) > truth[key.port] || int(most) < truth[key.port] {
				t.Fatalf("seed %d: %d to %d ports told, %d used", seed, u.ports, most, truth[key.port])
			}
		}
		for port, used := range truth {
			if _, known := d.used[destination{netip.Addr{}, netip.Addr{}, port}]; !known && used > int(d.floor) {
				t.Fatalf("seed %d: a destination with %d ports was lost, floor %d", seed, used, d.floor)
			}
		}
	}
}

// TestFloor: clients of a server, each a destination of its own, leave what is
// known about a busy destination nearly as good as it was.
func TestFloor(t *testing.T) {
	tally := NewTally(NewPorts(1024, 65535))
	s := *tcp(socket.Established, "10.0.0.1:40000", "10.1.0.0:1")
	for i := range uint32(200_000) {
		s.Remote.Addr = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		tally.Add(&s)
		if i%20 == 0 {
			busy := *tcp(socket.TimeWait, "10.0.0.1:1", "10.9.9.9:5432")
			busy.Local.Port = 1024 + i/20
			tally.Add(&busy)
		}
	}
	if n := len(tally.destinations.used); n > maxDestinations {
		t.Errorf("%d destinations are counted", n)
	}
	e := tally.Result().Ephemeral
	if d := e.Worst[0]; d.Port != 5432 || d.Used != 10_000 || d.TimeWait != 10_000 || d.Missed != 0 {
		t.Errorf("worst is %+v", d)
	}
	if e.Forgotten == 0 || e.Forgotten > 200_000/maxDestinations+2 || e.Certain() {
		t.Errorf("floor %d, certain %t", e.Forgotten, e.Certain())
	}
}

func TestCertain(t *testing.T) {
	five := func(used int) []Destination {
		d := make([]Destination, worstDestinations)
		for i := range d {
			d[i].Used = used
		}
		return d
	}
	late := five(100)
	late[2].Missed = 3
	for name, tt := range map[string]struct {
		e    Ephemeral
		want bool
	}{
		"none":          {Ephemeral{}, true},
		"few":           {Ephemeral{Worst: five(1)[:1]}, true},
		"busy enough":   {Ephemeral{Worst: five(4), Forgotten: 4}, true},
		"not so busy":   {Ephemeral{Worst: five(3), Forgotten: 4}, false},
		"came late":     {Ephemeral{Worst: late, Forgotten: 3}, false},
		"room for more": {Ephemeral{Worst: five(9)[:4], Forgotten: 1}, false},
	} {
		if got := tt.e.Certain(); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestCounters(t *testing.T) {
	var none Counters
	if none.Total().Known || none.Closed().Known || none.IPv4.Inet().Known {
		t.Error("numbers out of nothing")
	}
	c := Counters{
		Allocated: CountOf(10), TimeWait: CountOf(5),
		IPv4: Transports{Raw: CountOf(1), UDP: CountOf(2), TCP: CountOf(7), Fragments: CountOf(100)},
	}
	if got := []Count{c.Total(), c.Closed(), c.IPv4.Inet()}; diff([]Count{CountOf(15), CountOf(8), CountOf(10)}, got) != "" {
		t.Errorf("%v", got)
	}
	c.IPv6.TCP = CountOf(9) // read a moment later
	if got := c.Closed(); got != CountOf(0) {
		t.Errorf("closed %v", got)
	}
}
