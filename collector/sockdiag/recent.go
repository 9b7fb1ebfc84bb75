package sockdiag

import "github.com/sockls/sockls/collector/socket"

// recent recognises rows that the kernel sends twice. A dump that resumes in
// the middle of a hash chain repeats its entries when newer ones were put in
// front, netlink_diag lists multicast subscribers again at the end of each
// protocol, and a socket can move from the bind table to the established one
// while they are read one after the other.
//
// A cookie is never reused, so equal cookies are proof; memory stays flat
// because only the last few thousand cookies are kept, except for bound and
// netlink sockets, which are few and repeated late.
type recent struct {
	far  map[uint64]struct{}
	near [4096]uint64
}

func (r *recent) reset() {
	clear(r.near[:])
	r.far = nil
}

// seen reports whether the socket was here before, and remembers it. Rows
// without a cookie are never recognised.
func (r *recent) seen(s *socket.Socket) bool {
	if s.Cookie == 0 {
		return false
	}
	slot := &r.near[s.Cookie%uint64(len(r.near))]
	if *slot == s.Cookie {
		return true
	}
	*slot = s.Cookie
	if r.far != nil {
		if _, ok := r.far[s.Cookie]; ok {
			return true
		}
	}
	if s.State == socket.Bound || s.Proto == socket.Netlink {
		if r.far == nil {
			r.far = map[uint64]struct{}{}
		}
		r.far[s.Cookie] = struct{}{}
	}
	return false
}
