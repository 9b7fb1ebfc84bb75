package netfilter

import (
	"math/bits"
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/sorting"
)

// number is a key of up to 16 bytes: a port, a protocol, an address.
type number struct{ hi, lo uint64 }

// span is a range of keys, both ends included.
type span struct{ first, last number }

// spans are the values that a field may have: ordered, apart from each other,
// never changed once made. nil are all.
type spans []span

// none is what nothing fulfils.
var none = spans{}

func (s spans) impossible() bool { return s != nil && len(s) == 0 }

// keyOf reads a big-endian number; what is over 16 bytes is left out.
func keyOf(b []byte) (n number) {
	for _, c := range b[:min(len(b), 16)] {
		n.hi = n.hi<<8 | n.lo>>56
		n.lo = n.lo<<8 | uint64(c)
	}
	return n
}

func small(n uint64) number { return number{lo: n} }

// largest is the last key of so many bytes.
func largest(size int) number {
	switch {
	case size >= 16:
		return number{^uint64(0), ^uint64(0)}
	case size > 8:
		return number{1<<(8*(size-8)) - 1, ^uint64(0)}
	case size == 8:
		return number{0, ^uint64(0)}
	}
	return number{0, 1<<(8*size) - 1}
}

func (n number) compare(o number) int {
	switch {
	case n == o:
		return 0
	case n.hi < o.hi || n.hi == o.hi && n.lo < o.lo:
		return -1
	}
	return 1
}

func (n number) next() number {
	lo, carry := bits.Add64(n.lo, 1, 0)
	return number{n.hi + carry, lo}
}

func (n number) before() number {
	lo, borrow := bits.Sub64(n.lo, 1, 0)
	return number{n.hi - borrow, lo}
}

// newSpans orders ranges and joins those that touch.
func newSpans(list []span) spans {
	sorting.Stable(list, func(a, b span) int { return a.first.compare(b.first) })
	out := make(spans, 0, len(list))
	for _, s := range list {
		if s.first.compare(s.last) > 0 {
			continue
		}
		if n := len(out); n > 0 && (s.first.compare(out[n-1].last) <= 0 || s.first == out[n-1].last.next()) {
			if s.last.compare(out[n-1].last) > 0 {
				out[n-1].last = s.last
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

func oneSpan(first, last number) spans {
	if first.compare(last) > 0 {
		return none
	}
	return spans{{first, last}}
}

// and is what is in both.
func (s spans) and(o spans) spans {
	if s == nil {
		return o
	}
	if o == nil {
		return s
	}
	out := none
	for i, j := 0, 0; i < len(s) && j < len(o); {
		first, last := s[i].first, s[i].last
		if o[j].first.compare(first) > 0 {
			first = o[j].first
		}
		if o[j].last.compare(last) < 0 {
			last = o[j].last
		}
		if first.compare(last) <= 0 {
			out = append(out, span{first, last})
		}
		if s[i].last.compare(o[j].last) < 0 {
			i++
		} else {
			j++
		}
	}
	return out
}

// not is everything else, up to a largest key.
func (s spans) not(last number) spans {
	if s == nil {
		return none
	}
	out, at := none, number{}
	for _, r := range s {
		if r.first.compare(at) > 0 {
			out = append(out, span{at, r.first.before()})
		}
		if r.last.compare(last) >= 0 {
			return out
		}
		at = r.last.next()
	}
	return append(out, span{at, last})
}

// has reports whether a number is among them.
func (s spans) has(n number) bool {
	if s == nil {
		return true
	}
	i, found := slices.BinarySearchFunc(s, n, func(r span, n number) int { return r.first.compare(n) })
	return found || i > 0 && s[i-1].last.compare(n) >= 0
}

// ports are the ranges as the model has them; all are none.
func (s spans) ports() []machine.Ports {
	if s == nil || len(s) == 1 && s[0].first == (number{}) && s[0].last.lo >= 0xffff {
		return nil
	}
	out := make([]machine.Ports, 0, len(s))
	for _, r := range s {
		out = append(out, machine.Ports{First: uint16(r.first.lo), Last: uint16(r.last.lo)})
	}
	return out
}

// prefixLimit is how many prefixes the condition of one rule may have.
const prefixLimit = 1 << 16

// prefixes are the ranges as prefixes of addresses with so many bytes. ok is
// unset where they would be too many.
func (s spans) prefixes(size int) (list []netip.Prefix, ok bool) {
	for _, r := range s {
		for at := r.first; ; {
			// The largest block that starts here and ends in the range.
			block := min(at.zeros(), 8*size)
			for block > 0 && at.blockEnd(block).compare(r.last) > 0 {
				block--
			}
			if len(list) >= prefixLimit {
				return nil, false
			}
			list = append(list, netip.PrefixFrom(at.addr(size), 8*size-block))
			end := at.blockEnd(block)
			if end.compare(r.last) >= 0 {
				break
			}
			at = end.next()
		}
	}
	return list, true
}

// zeros counts the zero bits at the end.
func (n number) zeros() int {
	if n.lo != 0 {
		return bits.TrailingZeros64(n.lo)
	}
	return 64 + bits.TrailingZeros64(n.hi)
}

// blockEnd is n with its last bits set.
func (n number) blockEnd(width int) number {
	if width >= 64 {
		return number{n.hi | (1<<(width-64) - 1), ^uint64(0)}
	}
	return number{n.hi, n.lo | (1<<width - 1)}
}

func (n number) addr(size int) netip.Addr {
	var b [16]byte
	big.PutUint64(b[:], n.hi)
	big.PutUint64(b[8:], n.lo)
	if size == 4 {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return netip.AddrFrom16(b)
}
