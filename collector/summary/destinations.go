package summary

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// maxDestinations is how many destinations are counted at the same time. Their
// number in the table has no bound: every client of a server is one.
const maxDestinations = 1 << 14

// worstDestinations and worstListeners are how many are told.
const (
	worstDestinations = 5
	worstListeners    = 5
)

// destination is all that two connections must not have in common with their
// local port: the kernel takes IPv4 addresses in IPv6 for what they are.
type destination struct {
	local, remote netip.Addr
	port          uint16
}

// usage are the local ports used towards a destination. Missed is how many may
// not have been counted.
type usage struct {
	ports, timeWait, missed int32
}

// destinations counts ports by destination, exactly up to a number of
// destinations. Beyond it those with the fewest ports are forgotten, again and
// again, and floor is the most that a forgotten one can have had: whoever comes
// (back) may have missed that many. A destination that has used more ports than
// floor was never forgotten.
type destinations struct {
	limit int
	used  map[destination]usage
	floor int32
}

// add counts the local port of s. It does not look whether the port was counted
// before: no two connections have the same ports and addresses.
func (d *destinations) add(s *socket.Socket) {
	key := destination{s.Local.Addr.Unmap(), s.Remote.Addr.Unmap(), uint16(s.Remote.Port)}
	u, known := d.used[key]
	if !known {
		if len(d.used) >= d.limit {
			d.forget()
		}
		u.missed = d.floor
	}
	u.ports++
	if s.State == socket.TimeWait {
		u.timeWait++
	}
	if d.used == nil {
		d.used = make(map[destination]usage)
	}
	d.used[key] = u
}

// forget drops at least half of the destinations.
func (d *destinations) forget() {
	most := make([]int, 0, len(d.used))
	for _, u := range d.used {
		most = append(most, int(u.ports+u.missed))
	}
	slices.Sort(most)
	d.floor = int32(most[len(most)/2])
	for key, u := range d.used {
		if u.ports+u.missed <= d.floor {
			delete(d.used, key)
		}
	}
}

// worst returns the n destinations with the most ports, the worst first.
func (d *destinations) worst(n int) []Destination {
	worst := make([]Destination, 0, n+1)
	for key, u := range d.used {
		one := Destination{
			Local: key.local, Remote: key.remote, Port: key.port,
			Used: int(u.ports), TimeWait: int(u.timeWait), Missed: int(u.missed),
		}
		worst = insert(worst, n, one, compareDestinations)
	}
	return worst
}

func compareDestinations(a, b Destination) int {
	return cmp.Or(
		cmp.Compare(b.Used, a.Used),
		a.Local.Compare(b.Local),
		a.Remote.Compare(b.Remote),
		cmp.Compare(a.Port, b.Port),
	)
}

// insert puts one into a sorted list of at most n, or leaves it out.
func insert[T any](list []T, n int, one T, compare func(a, b T) int) []T {
	at, _ := slices.BinarySearchFunc(list, one, compare)
	if at >= n {
		return list
	}
	list = slices.Insert(list, at, one)
	return list[:min(len(list), n)]
}
