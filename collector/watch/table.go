package watch

import (
	"slices"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// key identifies a socket: the cookie, or where a table tells none, what it has
// in common with no other. A connection is its four-tuple, whoever holds it; of
// others many may have the same address, and their inodes differ. What is still
// alike is counted.
type key struct {
	cookie        uint64
	inode         uint64
	local, remote socket.Endpoint
	proto         socket.Proto
	family        socket.Family
	nth           uint32
}

func keyOf(s *socket.Socket) key {
	if s.Cookie != 0 {
		return key{cookie: s.Cookie}
	}
	k := key{proto: s.Proto, family: s.Family, local: s.Local, remote: s.Remote}
	if s.Type != socket.Stream || !s.Proto.Inet() || s.Remote.IsZero() {
		k.inode = s.Inode
	}
	return k
}

// entry is one socket that is known.
type entry struct {
	cookie uint64
	inode  uint64
	seen   uint32 // the look that has seen it last
	place  int32  // in the order of the look before
	state  socket.State
	over   over
	// inView is set while it is among those that are told of.
	inView bool
	// closed is set for the remains of a connection whose end was told of.
	closed bool
	missed uint8 // looks in a row that have not seen it, as far as that matters
	whole  bool  // it was seen open

	socket *socket.Socket // as it was last told of, or seen
	held   []socket.Holder
	since  time.Time
	after  time.Time // the look that it was not there at
	gone   time.Time // of the first look that has missed it
	final  *destroyed
}

// over tells which queues have more in them than they should.
type over uint8

const (
	overRecv over = 1 << iota
	overSend
)

// overOf judges the queues. Of a listener they are connections that wait, and how
// many may: it is full once there is one more than that.
func overOf(s *socket.Socket, limit uint32) over {
	if s.State == socket.Listen {
		if s.RecvQ > s.SendQ {
			return overRecv
		}
		return 0
	}
	var o over
	if s.RecvQ > limit {
		o |= overRecv
	}
	if s.SendQ > limit {
		o |= overSend
	}
	return o
}

// table is what is known of all sockets. The kernel lists them in the same order
// each time, so the next row is nearly always the one that has come next before,
// which saves looking it up.
type table struct {
	cookies map[uint64]*entry
	others  map[key]*entry
	order   []*entry // as the last look has listed them
	next    []*entry // as this one does
	cursor  int
	look    uint32
	limit   uint32 // of the queues
	full    bool   // rows come with their holders, and all of them is compared
}

func newTable(limit uint32) *table {
	return &table{cookies: map[uint64]*entry{}, limit: limit}
}

// begin begins a look.
func (t *table) begin() {
	t.look++
	t.cursor = 0
	t.next = t.next[:0]
}

// find returns the entry of a row, nil for a new one, and its key where it has no
// cookie.
func (t *table) find(s *socket.Socket) (*entry, key) {
	if s.Cookie != 0 {
		if t.cursor < len(t.order) && t.order[t.cursor].cookie == s.Cookie {
			return t.order[t.cursor], key{}
		}
		return t.cookies[s.Cookie], key{}
	}
	k := keyOf(s)
	for {
		e := t.others[k]
		if e == nil || e.seen != t.look {
			return e, k
		}
		k.nth++
	}
}

// see takes a row of the look, and returns its entry and what has become of it.
// The row is not kept: the entry of a new or a changed socket has to be given it.
func (t *table) see(s *socket.Socket) (e *entry, fate sight) {
	e, k := t.find(s)
	if e == nil {
		e = &entry{cookie: s.Cookie}
		if s.Cookie != 0 {
			t.cookies[s.Cookie] = e
		} else {
			if t.others == nil {
				t.others = map[key]*entry{}
			}
			t.others[k] = e
		}
		fate = isNew
	} else {
		if e.seen == t.look {
			return e, seenTwice
		}
		t.cursor = int(e.place) + 1
		if fate = isSame; t.changed(e, s) {
			fate = hasChanged
		}
	}
	e.seen, e.missed = t.look, 0
	t.next = append(t.next, e)
	return e, fate
}

// sight is what a row is to those that are known.
type sight uint8

const (
	isSame sight = iota
	hasChanged
	isNew
	seenTwice
)

// changed reports whether there is anything to tell about a known socket. The ends
// of a TCP socket change with its state.
func (t *table) changed(e *entry, s *socket.Socket) bool {
	return e.state != s.State || e.inode != s.Inode || e.over != overOf(s, t.limit) ||
		(t.full || s.Proto != socket.TCP) && (e.socket.Local != s.Local || e.socket.Remote != s.Remote) ||
		t.full && !sameHolders(e.socket, s)
}

// take makes s what is known of e.
func (t *table) take(e *entry, s *socket.Socket) {
	e.socket, e.inode, e.state, e.over = s, s.Inode, s.State, overOf(s, t.limit)
	if len(s.Processes) > 0 {
		e.held = s.Processes
	}
}

// end ends a look, and returns those that it has missed. They stay known.
func (t *table) end() (missed []*entry) {
	for _, e := range t.order {
		if e.seen != t.look && e.place >= 0 {
			missed = append(missed, e)
		}
	}
	t.next = append(t.next, missed...)
	t.order, t.next = t.next, t.order
	for i, e := range t.order {
		e.place = int32(i)
	}
	return missed
}

// forget removes an entry. It stays in the order until the next look.
func (t *table) forget(e *entry) {
	e.place = -1
	if e.cookie != 0 {
		delete(t.cookies, e.cookie)
		e.cookie = 0 // or it would be found by its place
		return
	}
	for k := keyOf(e.socket); ; k.nth++ {
		found, ok := t.others[k]
		if !ok || found == e {
			delete(t.others, k)
			return
		}
	}
}

// changes names what differs between two sights of a socket.
func (t *table) changes(before, now *socket.Socket) (names []string) {
	if before.State != now.State {
		names = append(names, "state")
	}
	if before.Local != now.Local {
		names = append(names, "local")
	}
	if before.Remote != now.Remote {
		names = append(names, "remote")
	}
	if !sameHolders(before, now) {
		names = append(names, "processes")
	}
	was, is := overOf(before, t.limit), overOf(now, t.limit)
	if (was^is)&overRecv != 0 {
		names = append(names, "recv-q")
	}
	if (was^is)&overSend != 0 {
		names = append(names, "send-q")
	}
	return names
}

// sameHolders reports whether the same descriptors hold both. That nobody does any
// more goes with a change of state, and is none of its own.
func sameHolders(before, now *socket.Socket) bool {
	if before.State != now.State && len(now.Processes) == 0 {
		return true
	}
	return before.NoProcess == now.NoProcess && slices.EqualFunc(before.Processes, now.Processes, func(a, b socket.Holder) bool {
		return a.FD == b.FD && a.TID == b.TID && (a.Process == b.Process || a.Process.PID == b.Process.PID && a.Process.Name == b.Process.Name)
	})
}
