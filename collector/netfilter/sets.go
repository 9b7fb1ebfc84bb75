package netfilter

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/sockls/sockls/collector/sorting"
)

// setKind is what a set says of itself.
type setKind struct {
	flags, keyLen uint32
	verdicts      bool
}

// elementLimit is how many elements of one set are read.
const elementLimit = 1 << 17

// entry is an element as the kernel sends it.
type entry struct {
	key, keyEnd, data []byte
	verdict           verdict
	flags             uint32
	// broken is set where the data was not what the set promises.
	broken bool
}

// decodeEntries reads NFT_MSG_NEWSETELEM and appends what is in it.
func decodeEntries(list []entry, m message) []entry {
	for kind, a := range attrs(m.attrs) {
		if kind != attrElemsList {
			continue
		}
		for _, a := range attrs(a) {
			list = append(list, decodeEntry(a))
		}
	}
	return list
}

func decodeEntry(b []byte) (e entry) {
	for kind, a := range attrs(b) {
		value, v, isVerdict := decodeData(a)
		switch kind {
		case attrElemKey:
			e.key = slices.Clone(value)
		case attrElemKeyEnd:
			e.keyEnd = slices.Clone(value)
		case attrElemData:
			e.data, e.verdict, e.broken = slices.Clone(value), v, !isVerdict && len(value) == 0
		case attrElemFlags:
			e.flags = a.u32()
		}
	}
	return e
}

// newSet makes a set of its entries.
func newSet(kind setKind, list []entry) *set {
	s := &set{
		keyLen: int(kind.keyLen), isMap: kind.flags&setMap != 0, verdicts: kind.verdicts,
		part: kind.flags&setObject != 0 || len(list) >= elementLimit,
	}
	if kind.flags&setInterval != 0 && kind.flags&setConcat == 0 {
		s.intervals(list)
	} else {
		for i := range list {
			s.addEntry(&list[i])
		}
	}
	// A hash has them in no order, and what is left for the others comes last.
	sorting.Stable(s.elements, func(a, b element) int {
		if c := cmp.Compare(bit(a.catchall), bit(b.catchall)); c != 0 {
			return c
		}
		return bytes.Compare(a.first, b.first)
	})
	return s
}

// addEntry adds a key, or a range that has its end with it.
func (s *set) addEntry(e *entry) {
	last := e.keyEnd
	if last == nil {
		last = e.key
	}
	s.add(e, e.key, last)
}

func (s *set) add(e *entry, first, last []byte) {
	catchall := e.flags&elemCatchall != 0
	switch {
	case e.flags&elemIntervalEnd != 0:
	case e.broken, !catchall && (len(first) != s.keyLen || len(last) != s.keyLen), s.isMap && !s.verdicts && e.data == nil:
		s.part = true
	default:
		s.elements = append(s.elements, element{
			first: first, last: last, catchall: catchall, data: e.data, verdict: e.verdict,
		})
	}
}

// intervals joins beginnings and ends: the kernel keeps a range as an element for
// its first key and one, with a flag, for the first key after it. Where a range
// begins as another ends, the end comes first.
func (s *set) intervals(list []entry) {
	sorting.Stable(list, func(a, b entry) int {
		if c := bytes.Compare(a.key, b.key); c != 0 {
			return c
		}
		return cmp.Compare(b.flags&elemIntervalEnd, a.flags&elemIntervalEnd)
	})
	for i := range list {
		e := &list[i]
		if e.flags&(elemCatchall|elemIntervalEnd) != 0 || e.keyEnd != nil || len(e.key) != s.keyLen {
			s.addEntry(e)
			continue
		}
		last := bytes.Repeat([]byte{0xff}, len(e.key))
		if i+1 < len(list) && len(list[i+1].key) == len(e.key) {
			last = keyBefore(list[i+1].key)
		}
		s.add(e, e.key, last)
	}
}

// keyBefore is the number before a big-endian one that is not 0.
func keyBefore(key []byte) []byte {
	out := slices.Clone(key)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i]--; out[i] != 0xff {
			break
		}
	}
	return out
}
