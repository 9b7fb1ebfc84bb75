package sockdiag

import "github.com/sockls/sockls/collector/socket"

// recent recognises rows that the kernel sends twice. A dump that resumes in
// the middle of a hash chain repeats its entries when newer ones were put in
// front, netlink_diag lists multicast subscribers again at the end of each
// protocol, sctp_diag lists endpoints again in front of their associations,
// and a socket can move from the bind table to the established one while they
// are read one after the other.
//
// A cookie is never reused, so equal cookies are proof; memory stays flat
// because only the last few thousand cookies are kept, except for bound,
// netlink and SCTP sockets, which are few and repeated late.
type recent struct {
	far  map[identity]struct{}
	near [4096]uint64
	used bool
	// keep says that whatever is seen now will be seen again late: the walk for
	// auto-bound sockets comes after the one for the others, and what has gone
	// into TIME_WAIT between them belongs to both.
	keep bool
}

// identity is what no two rows of a table share. The associations of an SCTP
// socket have one cookie, the socket's, and differ by their peers.
type identity struct {
	peer   socket.Endpoint
	cookie uint64
}

func (r *recent) reset() {
	if r.used { // clearing what was never touched would still cost its pages
		*r = recent{}
	}
}

// seen reports whether the socket was here before, and remembers it. Rows
// without a cookie are never recognised.
func (r *recent) seen(s *socket.Socket) bool {
	switch {
	case s.Cookie == 0:
		return false
	case s.Proto == socket.SCTP:
		r.used = true
		return r.seenFar(identity{cookie: s.Cookie, peer: s.Remote}, true)
	}
	r.used = true
	slot := &r.near[s.Cookie%uint64(len(r.near))]
	if *slot == s.Cookie {
		return true
	}
	*slot = s.Cookie
	late := s.State == socket.Bound || s.Proto == socket.Netlink || r.keep
	if r.far == nil && !late {
		return false
	}
	return r.seenFar(identity{cookie: s.Cookie}, late)
}

func (r *recent) seenFar(id identity, remember bool) bool {
	if _, ok := r.far[id]; ok {
		return true
	}
	if remember {
		if r.far == nil {
			r.far = map[identity]struct{}{}
		}
		r.far[id] = struct{}{}
	}
	return false
}
