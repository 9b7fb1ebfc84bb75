package rtnetlink

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/sorting"
)

// always are the prefixes that may be bound whatever the tables say: multicast
// and the broadcast address of no network (__inet_dev_addr_type).
func always() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{224}), 4),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), 32),
	}
}

// bindable turns routes into the prefixes whose addresses may be bound. Of
// routes with one prefix the first counts, as in the kernel, and of all that
// match an address the longest.
func bindable(routes []route) []netip.Prefix {
	first := make(map[netip.Prefix]bool, len(routes))
	var own, others []netip.Prefix
	for _, r := range routes {
		if _, seen := first[r.prefix]; seen {
			continue
		}
		first[r.prefix] = r.bindable
		if r.bindable {
			own = append(own, r.prefix)
		} else {
			others = append(others, r.prefix)
		}
	}
	var found []netip.Prefix
	for _, p := range own {
		found = appendWithout(found, p, inside(p, others))
	}
	found = append(found, always()...)
	sorting.Stable(found, netip.Prefix.Compare)
	return slices.Compact(found)
}

// inside returns the prefixes that are longer than p and part of it.
func inside(p netip.Prefix, others []netip.Prefix) []netip.Prefix {
	var found []netip.Prefix
	if p.Bits() == p.Addr().BitLen() {
		return nil
	}
	for _, other := range others {
		if other.Bits() > p.Bits() && p.Contains(other.Addr()) {
			found = append(found, other)
		}
	}
	return found
}

// appendWithout appends p without the holes, all of which are inside it, by
// halving it as often as needed.
func appendWithout(found []netip.Prefix, p netip.Prefix, holes []netip.Prefix) []netip.Prefix {
	if len(holes) == 0 {
		return append(found, p)
	}
	for _, half := range halves(p) {
		if !slices.Contains(holes, half) {
			found = appendWithout(found, half, inside(half, holes))
		}
	}
	return found
}

func halves(p netip.Prefix) [2]netip.Prefix {
	upper := p.Addr().As4()
	upper[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	return [2]netip.Prefix{
		netip.PrefixFrom(p.Addr(), p.Bits()+1),
		netip.PrefixFrom(netip.AddrFrom4(upper), p.Bits()+1),
	}
}

// matters reports whether routes of the table main could change what the table
// local says, were they in one.
func matters(local, main []route) bool {
	for _, m := range main {
		if m.bindable {
			return true
		}
		for _, l := range local {
			if l.bindable && m.prefix.Bits() >= l.prefix.Bits() && l.prefix.Contains(m.prefix.Addr()) {
				return true
			}
		}
	}
	return false
}

// wide reports whether there are routes of more than one address to this machine
// besides the loopback network, so that others may lie inside of them.
func wide(local []route) bool {
	for _, l := range local {
		if l.bindable && !l.prefix.IsSingleIP() && !l.prefix.Addr().IsLoopback() {
			return true
		}
	}
	return false
}

// oneTrie reports whether /proc/net/fib_trie shows that the tables main and
// local are one: it is printed for each of them then. That the namespace has no
// routing rules of its own now does not show it, for once there was one they
// stay apart.
func oneTrie(printed []byte) bool {
	main := section(printed, "Main:\n")
	return len(main) > 0 && bytes.Equal(main, section(printed, "Local:\n"))
}

// section returns the indented lines below a heading, which is a whole line.
func section(printed []byte, heading string) []byte {
	_, below, found := bytes.Cut(append([]byte("\n"), printed...), []byte("\n"+heading))
	if !found {
		return nil
	}
	end := 0
	for end < len(below) && below[end] == ' ' {
		line := bytes.IndexByte(below[end:], '\n')
		if line < 0 {
			return below
		}
		end += line + 1
	}
	return below[:end]
}
