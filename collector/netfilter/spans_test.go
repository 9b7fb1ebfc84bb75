package netfilter

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSpans compares sets of ranges with sets of bytes.
func TestSpans(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	end := largest(1)
	for range 2000 {
		var sets [2]spans
		var bytes [2][256]bool
		for i := range sets {
			var list []span
			for range random.IntN(5) {
				first := random.IntN(256)
				last := min(255, first+random.IntN(40))
				list = append(list, span{small(uint64(first)), small(uint64(last))})
				for n := first; n <= last; n++ {
					bytes[i][n] = true
				}
			}
			sets[i] = newSpans(list)
		}
		and, not := sets[0].and(sets[1]), sets[0].not(end)
		for n := range 256 {
			k := small(uint64(n))
			if got := sets[0].has(k); got != bytes[0][n] {
				t.Fatalf("%v has %d: %t", sets[0], n, got)
			}
			if got := and.has(k); got != (bytes[0][n] && bytes[1][n]) {
				t.Fatalf("%v and %v has %d: %t", sets[0], sets[1], n, got)
			}
			if got := not.has(k); got == bytes[0][n] {
				t.Fatalf("not %v has %d: %t", sets[0], n, got)
			}
		}
		if again := not.not(end); !slices.Equal(again, sets[0]) {
			t.Fatalf("not not %v is %v", sets[0], again)
		}
		if !slices.Equal(sets[0].and(nil), sets[0]) || sets[0].not(end).impossible() != slices.Equal(sets[0], oneSpan(number{}, end)) {
			t.Fatalf("%v", sets[0])
		}
	}
}

// TestPrefixes looks whether prefixes hold the addresses that ranges do.
func TestPrefixes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	key := func(size int) number {
		n := number{random.Uint64(), random.Uint64()}
		if size == 4 {
			n = number{0, n.lo >> 32}
		}
		return n
	}
	for _, size := range [...]int{4, 16} {
		for range 500 {
			a, b := key(size), key(size)
			if a.compare(b) > 0 {
				a, b = b, a
			}
			list, ok := spans{{a, b}}.prefixes(size)
			if !ok || len(list) == 0 || len(list) > 16*size {
				t.Fatal(a, b, list)
			}
			probes := []number{a, b, a.before(), b.next(), key(size)}
			for _, p := range probes {
				if p.compare(largest(size)) > 0 {
					continue
				}
				in := 0
				for _, prefix := range list {
					if prefix.Contains(p.addr(size)) {
						in++
					}
				}
				want := 0
				if p.compare(a) >= 0 && p.compare(b) <= 0 {
					want = 1
				}
				if in != want {
					t.Fatalf("%d prefixes of %v-%v hold %v", in, a.addr(size), b.addr(size), p.addr(size))
				}
			}
		}
		all, _ := spans{{number{}, largest(size)}}.prefixes(size)
		if len(all) != 1 || all[0].Bits() != 0 {
			t.Error(all)
		}
	}
}
