package socket

import (
	"cmp"
	"encoding/binary"
	"net/netip"
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
	runs [][]keyedRow // all but the last are sorted
}

// runRows is the length of a run: its keys stay in the nearest cache.
const runRows = 1024

// Add takes a row, which must not change any more.
func (s *Sorter) Add(row *Socket) {
	last := len(s.runs) - 1
	if last < 0 || len(s.runs[last]) == runRows {
		if last >= 0 {
			slices.SortFunc(s.runs[last], compareKeyed)
		}
		s.runs = append(s.runs, nil)
		last++
	}
	s.runs[last] = append(s.runs[last], keyOf(row))
}

// Rows returns all rows in order. Nothing can be added after that.
func (s *Sorter) Rows() []*Socket {
	if len(s.runs) == 0 {
		return nil
	}
	slices.SortFunc(s.runs[len(s.runs)-1], compareKeyed)
	for len(s.runs) > 1 {
		merged := s.runs[:0]
		for i := 0; i < len(s.runs); i += 2 {
			if i+1 == len(s.runs) {
				merged = append(merged, s.runs[i])
			} else {
				merged = append(merged, mergeRuns(s.runs[i], s.runs[i+1]))
			}
		}
		s.runs = merged
	}
	rows := make([]*Socket, len(s.runs[0]))
	for i := range rows {
		rows[i] = s.runs[0][i].row
	}
	return rows
}

func mergeRuns(a, b []keyedRow) []keyedRow {
	out := make([]keyedRow, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if compareKeyed(b[0], a[0]) < 0 {
			out = append(out, b[0])
			b = b[1:]
		} else {
			out = append(out, a[0])
			a = a[1:]
		}
	}
	return append(append(out, a...), b...)
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
