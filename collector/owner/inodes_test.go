package owner

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestInodesAgainstMap adds and looks up inodes as the kernel hands them out,
// in sequence with gaps, together with numbers made to collide, and compares
// every answer with a map's.
func TestInodesAgainstMap(t *testing.T) {
	t.Parallel()
	// The high bits of the product choose the slot, so multiples of the inverse
	// of the factor land next to each other.
	const factor = 0x9e3779b97f4a7c15
	inverse := uint64(1)
	for range 6 { // Newton's iteration, modulo 2^64
		inverse *= 2 - factor*inverse
	}
	sources := map[string]func(r *rand.Rand) uint64{
		"sequence":  func(r *rand.Rand) uint64 { return 30_000 + r.Uint64N(6_000) },
		"sparse":    func(r *rand.Rand) uint64 { return r.Uint64() },
		"colliding": func(r *rand.Rand) uint64 { return inverse * r.Uint64N(4_000) },
		"edges":     func(r *rand.Rand) uint64 { return r.Uint64N(3) * (math.MaxUint64 / 2) },
	}
	for name, source := range sources {
		for _, room := range []int{0, 1, 16, 5_000} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(1, uint64(room)))
				table, want := NewInodes(room), map[uint64]int32{}
				for step := range 20_000 {
					inode := source(r)
					if r.IntN(3) > 0 {
						expected, known := want[inode]
						switch {
						case inode == 0:
							expected = -1
						case !known:
							expected = int32(len(want))
							want[inode] = expected
						}
						if got := table.Add(inode); got != expected {
							t.Fatalf("step %d: Add(%d) = %d, want %d", step, inode, got, expected)
						}
					}
					expected, known := want[inode]
					if !known {
						expected = -1
					}
					if got := table.Index(inode); got != expected {
						t.Fatalf("step %d: Index(%d) = %d, want %d", step, inode, got, expected)
					}
					if table.Len() != len(want) {
						t.Fatalf("step %d: Len = %d, want %d", step, table.Len(), len(want))
					}
				}
				for inode, expected := range want {
					if got := table.Index(inode); got != expected {
						t.Errorf("Index(%d) = %d, want %d", inode, got, expected)
					}
				}
			})
		}
	}
}

func TestInodesZero(t *testing.T) {
	t.Parallel()
	table := NewInodes(0)
	if got := table.Index(0); got != -1 {
		t.Errorf("Index(0) of an empty table = %d", got)
	}
	if got := table.Add(0); got != -1 || table.Len() != 0 {
		t.Errorf("Add(0) = %d, Len %d", got, table.Len())
	}
	if got := table.Add(7); got != 0 {
		t.Errorf("Add(7) = %d", got)
	}
	if got := table.Index(0); got != -1 {
		t.Errorf("Index(0) = %d", got)
	}
}

// TestInodesRoom: what room was made for does not grow.
func TestInodesRoom(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 7, 8, 9, 1000, 1 << 12} {
		table := NewInodes(n)
		slots := len(table.slots)
		for i := range n {
			table.Add(uint64(i + 1))
		}
		if len(table.slots) != slots {
			t.Errorf("room for %d: grown from %d to %d slots", n, slots, len(table.slots))
		}
	}
}

func BenchmarkInodesIndex(b *testing.B) {
	const n = 100_000
	table := NewInodes(n)
	for i := range n {
		table.Add(uint64(50_000 + 2*i))
	}
	i := uint64(0)
	for b.Loop() {
		table.Index(50_000 + i%(2*n))
		i += 7919
	}
}
