package socket

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// Sort puts rows into the default order, that of Compare.
//
// For internet sockets nearly all of that order fits into two integers, which
// are compared instead of the rows: a table of 100,000 rows does not fit into
// a processor's cache, its keys nearly do.
func Sort(rows []*Socket) {
	keyed := make([]keyedRow, len(rows))
	for i, s := range rows {
		keyed[i] = keyOf(s)
	}
	slices.SortFunc(keyed, compareKeyed)
	for i := range keyed {
		rows[i] = keyed[i].row
	}
}

// keyedRow is a row with the leading parts of its order. The remote key counts
// only between rows whose local key is exact, that is, tells all there is to
// their protocol and local end.
type keyedRow struct {
	local, remote uint64
	row           *Socket
}

func keyOf(s *Socket) keyedRow {
	k := keyedRow{local: uint64(s.Proto) << 56, row: s}
	if s.Proto.Inet() {
		k.local |= endpointKey(&s.Local)
		k.remote = uint64(listenFirst(s.State)+1)<<56 | endpointKey(&s.Remote)
	}
	return k
}

// endpointKey packs port and address into 56 bits that order like them: IPv4
// before IPv6, no address before both, and of IPv6 as much as there is room for.
func endpointKey(e *Endpoint) uint64 {
	const (
		portShift = 40
		four      = uint64(1) << 38
		six       = uint64(2) << 38
	)
	k := uint64(min(e.Port, 0xffff)) << portShift
	switch {
	case e.Addr.Is4():
		a := e.Addr.As4()
		return k | four | uint64(binary.BigEndian.Uint32(a[:]))
	case e.Addr.Is6():
		a := e.Addr.As16()
		return k | six | binary.BigEndian.Uint64(a[:8])>>26
	}
	return k
}

func compareKeyed(a, b keyedRow) int {
	if c := cmp.Compare(a.local, b.local); c != 0 {
		return c
	}
	if exact(a.row.Local.Addr) && a.remote != b.remote {
		return cmp.Compare(a.remote, b.remote)
	}
	return Compare(a.row, b.row)
}

// exact reports whether an address is told completely by its key.
func exact(a netip.Addr) bool { return a.Is4() }
