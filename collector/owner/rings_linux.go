package owner

import (
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/owner/taskfile"
)

// ringSorter tells the io_uring instances among anonymous files. The kernel's
// number for a kind of file says nothing by itself, so of each kind some
// descriptors are looked at as /proc shows them.
type ringSorter struct {
	root  int
	rings []Descriptor
	kinds map[uint64]*anonymous
	path  []byte
	link  [64]byte
}

// anonymous is one kind of file. A descriptor that is looked at may have been
// given to another file since it was told of, so it takes two that agree.
type anonymous struct {
	looks, ring int
	waiting     []Descriptor // until it is known what they are
}

const looksNeeded = 2

func (a *anonymous) decided() bool {
	return a.ring >= looksNeeded || a.looks-a.ring >= looksNeeded
}

func (s *ringSorter) take(r *taskfile.Record) {
	if s.kinds == nil {
		s.kinds = map[uint64]*anonymous{}
	}
	kind := s.kinds[r.Value]
	if kind == nil {
		kind = &anonymous{}
		s.kinds[r.Value] = kind
	}
	d := Descriptor{PID: r.TGID, FD: r.FD}
	if kind.decided() {
		if kind.ring >= looksNeeded {
			s.rings = append(s.rings, d)
		}
		return
	}
	kind.waiting = append(kind.waiting, d)
	if ring, ok := s.look(d); ok {
		if kind.looks++; ring {
			kind.ring++
		}
	}
	if kind.decided() {
		s.settle(kind)
	}
}

// settle gives up what waits for the kind to be known.
func (s *ringSorter) settle(kind *anonymous) {
	if kind.ring*2 > kind.looks {
		s.rings = append(s.rings, kind.waiting...)
	}
	kind.waiting = nil
}

// finish returns all rings.
func (s *ringSorter) finish() []Descriptor {
	for _, kind := range s.kinds {
		s.settle(kind)
	}
	return s.rings
}

// look reads the link of a descriptor, and reports false where there is none that
// an anonymous file has.
func (s *ringSorter) look(d Descriptor) (ring, ok bool) {
	s.path = strconv.AppendInt(s.path[:0], int64(d.PID), 10)
	s.path = append(s.path, "/fd/"...)
	s.path = strconv.AppendInt(s.path, int64(d.FD), 10)
	link, err := readlinkAt(s.root, append(s.path, 0), s.link[:])
	if err != nil || !strings.HasPrefix(string(link), "anon_inode:") {
		return false, false
	}
	return string(link) == ringLink, true
}
