package collector

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// TestMatrixSets compares Decide with the kernel where up to three sockets
// share a port, which they came to in any order.
func TestMatrixSets(t *testing.T) {
	if !private(t, 0) {
		return
	}
	a := newArena(t, 4)
	for _, tt := range []struct {
		proto socket.Proto
		kinds []kind
		sets  int
	}{{socket.TCP, streamKinds(), 900}, {socket.UDP, datagramKinds(), 600}} {
		var kinds []kind
		for _, k := range tt.kinds {
			if !strings.Contains(k.name, "from the kernel") { // it would choose another one
				kinds = append(kinds, k)
			}
		}
		all, near := wishes(tt.proto, []int{0, 1000}, a.devices()), wishes(tt.proto, []int{0, 1000}, a.devices()[:2])
		type set struct {
			port  int
			what  []string
			crowd bool
		}
		var sets []set
		for range tt.sets {
			a.next++
			s := set{port: a.next}
			if tt.proto == socket.UDP && a.rng.IntN(2) == 0 {
				s.crowd = a.crowd(s.port)
			}
			for range 2 + a.rng.IntN(2) {
				k := kinds[a.rng.IntN(len(kinds))]
				from := all
				if k.connects {
					from = near
				}
				w := from[a.rng.IntN(len(from))]
				if a.rng.IntN(2) == 0 {
					w.port = true // or next to nothing would share
				}
				what := k.name + " of " + w.String()
				if _, err := k.make(a, w, s.port); err != nil {
					what += ": " + err.Error()
				}
				s.what = append(s.what, what)
			}
			sets = append(sets, s)
		}
		rows := a.rows()
		var n score
		for _, s := range sets {
			if len(rows[s.port]) == 0 {
				continue
			}
			for range 100 {
				w := all[a.rng.IntN(len(all))]
				if a.rng.IntN(2) == 0 {
					w.port = true
				}
				if s.crowd && w.addr.Unmap().IsUnspecified() {
					continue // kernels before 7.0 forget some of them then
				}
				if a.judge(&n, strings.Join(s.what, "\n"), w, s.port, rows[s.port]) {
					break
				}
			}
		}
		t.Logf("%s: %+v", tt.proto, n)
	}
}

// crowd binds so many UDP sockets to a port, at addresses that nobody wants, that
// the kernel looks for others by their address.
func (a *arena) crowd(port int) bool {
	for i := range byte(12) {
		addr := netip.AddrFrom4([4]byte{127, 1, 0, i + 1})
		bound(a.T, unix.AF_INET, unix.SOCK_DGRAM, 0, at(addr, port))
	}
	return true
}
