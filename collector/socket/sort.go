package socket

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Sorter puts rows into the default order, that of Compare. It works while rows
// come in, which is when a reader waits for the kernel anyway: runs of rows are
// sorted as they fill up and merged at the end.
//
// For internet sockets nearly all of that order fits into two integers, which
// are compared instead of the rows: a table of 100,000 rows does not fit into
// a processor's cache, its keys nearly do.
type Sorter struct {
	keyed []keyedRow // whole runs of it are sorted, what is behind them is not
}

// runRows is the length of a run: its keys stay in the nearest cache.
const runRows = 1024

// Add takes a row, which must not change any more.
func (s *Sorter) Add(row *Socket) {
	s.keyed = append(s.keyed, keyOf(row))
	if n := len(s.keyed); n%runRows == 0 {
		slices.SortFunc(s.keyed[n-runRows:], compareKeyed)
	}
}

// Rows returns all rows in order. Nothing can be added after that.
func (s *Sorter) Rows() []*Socket {
	from := s.keyed
	slices.SortFunc(from[len(from)/runRows*runRows:], compareKeyed)
	to := make([]keyedRow, len(from))
	for width := runRows; width < len(from); width *= 2 {
		for start := 0; start < len(from); start += 2 * width {
			middle := min(start+width, len(from))
			end := min(middle+width, len(from))
			mergeRuns(to[start:end], from[start:middle], from[middle:end])
		}
		from, to = to, from
	}
	rows := make([]*Socket, len(from))
	for i := range rows {
		rows[i] = from[i].row
	}
	return rows
}

// mergeRuns merges two sorted runs into to, which has room for just both.
func mergeRuns(to, a, b []keyedRow) {
	for i := range to {
		switch {
		case len(b) == 0 || len(a) > 0 && compareKeyed(a[0], b[0]) <= 0:
			to[i], a = a[0], a[1:]
		default:
			to[i], b = b[0], b[1:]
		}
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

// The parts of a key below the protocol or the state: the port, which family,
// and the address.
const (
	keyPort = 40
	keyFour = uint64(1) << 38
	keySix  = uint64(2) << 38
)

// endpointKey packs port and address into 56 bits that order like them: IPv4
// before IPv6, no address before both, and of IPv6 as much as there is room for.
func endpointKey(e *Endpoint) uint64 {
	k := uint64(min(e.Port, 0xffff)) << keyPort
	switch {
	case e.Addr.Is4():
		a := e.Addr.As4()
		return k | keyFour | uint64(binary.BigEndian.Uint32(a[:]))
	case e.Addr.Is6():
		a := e.Addr.As16()
		return k | keySix | binary.BigEndian.Uint64(a[:8])>>26
	}
	return k
}

// compareKeyed looks into the rows only where the keys do not tell all: between
// equal IPv6 ends, and between twins.
func compareKeyed(a, b keyedRow) int {
	if a.local != b.local {
		return cmp.Compare(a.local, b.local)
	}
	if a.local&(keyFour|keySix) == keyFour && a.remote != b.remote {
		return cmp.Compare(a.remote, b.remote)
	}
	return Compare(a.row, b.row)
}
