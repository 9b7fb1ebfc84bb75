package sockdiag

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

var (
	four = [4]byte{127, 0, 0, 1}
	six  = [16]byte{15: 1}
)

func v4(port int) unix.Sockaddr { return &unix.SockaddrInet4{Addr: four, Port: port} }
func v6(port int) unix.Sockaddr { return &unix.SockaddrInet6{Addr: six, Port: port} }

// mapped is 127.0.0.1 for an IPv6 socket.
func mapped(port int) unix.Sockaddr {
	return &unix.SockaddrInet6{Addr: [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}, Port: port}
}

// town is a namespace full of sockets that keep their states.
type town struct{ t *testing.T }

// socket makes one that may be marked and bound to an interface.
func (w town) socket(domain, typ, mark int, device string) int {
	fd := open(w.t, domain, typ, 0)
	if mark != 0 {
		must(w.t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, mark))
	}
	if device != "" {
		must(w.t, unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, device))
	}
	return fd
}

func (w town) listen(domain int, at unix.Sockaddr) (fd, port int) {
	fd = open(w.t, domain, unix.SOCK_STREAM, 0)
	must(w.t, unix.Bind(fd, at))
	must(w.t, unix.Listen(fd, 20))
	return fd, int(portOf(w.t, fd))
}

func (w town) accept(listener int) int {
	fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	must(w.t, err)
	w.t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// connection makes both ends of one; the client asks for a port unless it is 0.
func (w town) connection(fd int, from, to unix.Sockaddr, listener int) (client, server int) {
	if from != nil {
		must(w.t, unix.Bind(fd, from))
	}
	must(w.t, unix.Connect(fd, to))
	return fd, w.accept(listener)
}

func (w town) tcp() {
	l4, p4 := w.listen(unix.AF_INET, v4(0))
	l6, p6 := w.listen(unix.AF_INET6, v6(0))
	dual, pd := w.listen(unix.AF_INET6, &unix.SockaddrInet6{Port: 8080})

	w.connection(w.socket(unix.AF_INET, unix.SOCK_STREAM, 1, ""), nil, v4(p4), l4)
	w.connection(w.socket(unix.AF_INET, unix.SOCK_STREAM, 2, "lo"), v4(80), v4(p4), l4)
	w.connection(w.socket(unix.AF_INET6, unix.SOCK_STREAM, 0, ""), v6(443), v6(p6), l6)
	w.connection(w.socket(unix.AF_INET6, unix.SOCK_STREAM, 3, "lo"), nil, v6(p6), l6)
	w.connection(w.socket(unix.AF_INET, unix.SOCK_STREAM, 0, ""), nil, v4(pd), dual)
	w.connection(w.socket(unix.AF_INET6, unix.SOCK_STREAM, 0, ""), nil, mapped(pd), dual)
	w.connection(w.socket(unix.AF_INET6, unix.SOCK_STREAM, 0, ""), nil, v6(pd), dual)

	// FIN_WAIT2 and CLOSE_WAIT, the former with a program and without.
	client, _ := w.connection(w.socket(unix.AF_INET, unix.SOCK_STREAM, 0, ""), nil, v4(p4), l4)
	must(w.t, unix.Shutdown(client, unix.SHUT_WR))
	w.timeWait(unix.AF_INET, 1, v4(81), v4(p4), l4)
	w.timeWait(unix.AF_INET6, 2, nil, v6(p6), l6)
	w.timeWait(unix.AF_INET6, 0, mapped(82), mapped(pd), dual)

	// Bound, before a connection and after one that was reset.
	must(w.t, unix.Bind(w.socket(unix.AF_INET, unix.SOCK_STREAM, 1, "lo"), v4(83)))
	must(w.t, unix.Bind(w.socket(unix.AF_INET6, unix.SOCK_STREAM, 0, ""), &unix.SockaddrInet6{}))
	reset := w.socket(unix.AF_INET, unix.SOCK_STREAM, 0, "")
	must(w.t, unix.Bind(reset, v4(84)))
	must(w.t, unix.Connect(reset, v4(p4)))
	server, _, err := unix.Accept4(l4, unix.SOCK_CLOEXEC)
	must(w.t, err)
	must(w.t, unix.SetsockoptLinger(server, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	must(w.t, unix.Close(server))
	past := w.socket(unix.AF_INET, unix.SOCK_STREAM, 0, "")
	must(w.t, unix.Bind(past, v4(85)))
	if unix.Connect(past, v4(1)) == nil {
		w.t.Error("something listens on port 1")
	}
	must(w.t, unix.Listen(past, 5))

	// A listener that waits for data keeps connections half open.
	lazy, pl := w.listen(unix.AF_INET, v4(0))
	must(w.t, unix.SetsockoptInt(lazy, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 100))
	must(w.t, unix.Connect(w.socket(unix.AF_INET, unix.SOCK_STREAM, 0, ""), v4(pl)))
	must(w.t, unix.SetsockoptInt(dual, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 100))
	must(w.t, unix.Connect(w.socket(unix.AF_INET6, unix.SOCK_STREAM, 0, ""), v6(pd)))
}

// timeWait leaves what is left of a connection that its client closed first.
func (w town) timeWait(domain, mark int, from, to unix.Sockaddr, listener int) {
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(w.t, err)
	if mark != 0 {
		must(w.t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, mark))
	}
	if from != nil {
		must(w.t, unix.Bind(fd, from))
	}
	must(w.t, unix.Connect(fd, to))
	server, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	must(w.t, err)
	must(w.t, unix.Close(fd))
	must(w.t, unix.Close(server))
}

func (w town) udp() {
	for _, at := range []unix.Sockaddr{v4(0), v4(53), &unix.SockaddrInet4{Port: 54}} {
		must(w.t, unix.Bind(w.socket(unix.AF_INET, unix.SOCK_DGRAM, 1, ""), at))
	}
	for _, at := range []unix.Sockaddr{v6(0), &unix.SockaddrInet6{Port: 55}, mapped(56)} {
		must(w.t, unix.Bind(w.socket(unix.AF_INET6, unix.SOCK_DGRAM, 0, "lo"), at))
	}
	must(w.t, unix.Connect(w.socket(unix.AF_INET, unix.SOCK_DGRAM, 0, ""), v4(53)))
	must(w.t, unix.Connect(w.socket(unix.AF_INET, unix.SOCK_DGRAM, 0, ""), v4(0)))
	must(w.t, unix.Connect(w.socket(unix.AF_INET6, unix.SOCK_DGRAM, 2, ""), v6(53)))
	must(w.t, unix.Connect(w.socket(unix.AF_INET6, unix.SOCK_DGRAM, 0, ""), mapped(53)))
	// The address of a former peer stays.
	former := w.socket(unix.AF_INET, unix.SOCK_DGRAM, 0, "")
	must(w.t, unix.Bind(former, v4(57)))
	must(w.t, unix.Connect(former, v4(53)))
	must(w.t, disconnect(former))
}

// mptcp are few: a listener, a connection and what has no address yet.
func (w town) mptcp() {
	listener := open(w.t, unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
	must(w.t, unix.Bind(listener, &unix.SockaddrInet6{Port: 8443}))
	must(w.t, unix.Listen(listener, 5))
	for domain, to := range map[int]unix.Sockaddr{unix.AF_INET: v4(8443), unix.AF_INET6: v6(8443)} {
		client := open(w.t, domain, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
		must(w.t, unix.SetsockoptInt(client, unix.SOL_SOCKET, unix.SO_MARK, 3))
		w.connection(client, nil, to, listener)
	}
}

// disconnect is connect to AF_UNSPEC, for which package unix has no address.
func disconnect(fd int) error {
	var unspecified unix.RawSockaddr
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspecified)), unsafe.Sizeof(unspecified))
	if errno != 0 {
		return errno
	}
	return nil
}

// everyone are the rows of a dump by cookie.
func everyone(t *testing.T, r Request) map[uint64]*socket.Socket {
	t.Helper()
	conn, err := Dial()
	must(t, err)
	c := NewClient(conn, testIfName)
	defer c.Close()
	var rows socket.Rows
	all := map[uint64]*socket.Socket{}
	must(t, c.Dump(context.Background(), r, func(s *socket.Socket) error {
		if all[s.Cookie] != nil {
			t.Errorf("two rows with the cookie %d", s.Cookie)
		}
		all[s.Cookie] = rows.Add(s)
		return nil
	}))
	return all
}

func matches(rows map[uint64]*socket.Socket, e filter.Expr) []uint64 {
	var yes []uint64
	for cookie, s := range rows {
		if filter.Eval(e, s, filterDetails) == socket.Yes {
			yes = append(yes, cookie)
		}
	}
	slices.Sort(yes)
	return yes
}

// TestLiveFilter: the kernel's answers to random filters, judged again here,
// are those rows of its whole tables that match.
func TestLiveFilter(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		w := town{t: t}
		w.tcp()
		w.udp()
		protos := []socket.Proto{socket.TCP, socket.UDP}
		if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_MPTCP); err == nil {
			_ = unix.Close(fd)
			w.mptcp()
			protos = append(protos, socket.MPTCP)
		}
		time.Sleep(10 * time.Millisecond) // until the last FIN has been answered
		for _, proto := range protos {
			r := Request{
				Proto: proto, IPv4: true, IPv6: true, States: socket.AllStates, Details: filterDetails,
				IfIndex: testIfIndex, Interfaces: func() []uint32 { return []uint32{1} },
			}
			whole := everyone(t, r)
			r.Filter = filter.Autobound{}
			chosen := everyone(t, r)
			var cgroup uint64
			for cookie, s := range whole {
				_, auto := chosen[cookie]
				if s.Details.Extended == nil {
					s.Details.Extended = &socket.Extended{}
				}
				s.Details.Extended.Autobound = socket.TriOf(auto)
				cgroup = max(cgroup, s.Details.Extended.CgroupID)
			}
			if proto == socket.TCP {
				states := map[socket.State]int{}
				for _, s := range whole {
					states[s.State]++
				}
				for _, s := range []socket.State{
					socket.Listen, socket.Established, socket.TimeWait, socket.SynRecv, socket.FinWait2, socket.CloseWait, socket.Bound,
				} {
					if states[s] == 0 {
						t.Errorf("there is no socket in %v", s)
					}
				}
			}
			exact, fewer := 0, 0
			const rounds = 600
			for seed := range uint64(rounds) {
				rng := rand.New(rand.NewPCG(seed, 3))
				e := aimed(rng, randomFilter(rng), whole, cgroup)
				r.Filter = e
				answer := everyone(t, r)
				if diff := cmp.Diff(matches(whole, e), matches(answer, e)); diff != "" {
					t.Errorf("%s, seed %d: %s\n%s", proto, seed, e, diff)
					for cookie, s := range whole {
						t.Logf("%d: %v %v %v %v %q %+v", cookie, s.Family, s.State, s.Local, s.Remote, s.Device, *s.Details.Extended)
					}
					return
				}
				x := Explain(forExplain(r))
				if x.Left == nil {
					exact++
					if all := len(answer); all != len(matches(answer, e)) {
						t.Errorf("%s, seed %d: %s: nothing is left to us of %d rows, and %d match", proto, seed, e, all, len(matches(answer, e)))
					}
				}
				if len(answer) < len(whole) {
					fewer++
				}
			}
			if exact < rounds/5 || fewer < rounds/5 {
				t.Errorf("%s: of %d filters %d were exact and %d brought fewer rows", proto, rounds, exact, fewer)
			}
		}
	})
}

// aimed lets the leaves be about what is there.
func aimed(rng *rand.Rand, e filter.Expr, rows map[uint64]*socket.Socket, cgroup uint64) filter.Expr {
	var ends []socket.Endpoint
	for _, s := range rows {
		ends = append(ends, s.Local, s.Remote)
	}
	slices.SortFunc(ends, socket.Endpoint.Compare)
	return filter.Map(e, func(leaf filter.Expr) filter.Expr {
		some := ends[rng.IntN(len(ends))]
		switch l := leaf.(type) {
		case filter.Port:
			if rng.IntN(2) == 0 {
				l.Family, l.Ranges = socket.FamilyUnspec, filter.Ranges{{First: int64(some.Port), Last: int64(some.Port) + rng.Int64N(2)*100}}
			}
			return l
		case filter.Addr:
			if rng.IntN(2) == 0 && some.Addr.IsValid() {
				l.Prefix = netip.PrefixFrom(some.Addr, rng.IntN(some.Addr.BitLen()+1))
			}
			return l
		case filter.Cgroup:
			if l.ID = cgroup; rng.IntN(3) == 0 {
				l.ID++
			}
			return l
		}
		return leaf
	})
}

// TestLiveLookup: each connection is found by its addresses and ports, in any
// state, of any family, bound to an interface or not.
func TestLiveLookup(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		town{t: t}.tcp()
		time.Sleep(10 * time.Millisecond)
		r := Request{
			Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.AllStates, Details: filterDetails,
			Interfaces: func() []uint32 { return []uint32{1} },
		}
		found := map[socket.State]int{}
		for cookie, s := range everyone(t, r) {
			if s.Remote.IsZero() {
				continue
			}
			r.Filter = connectionOf(s.Local, s.Remote)
			x := Explain(r)
			if len(x.Asked) != 1 || !x.Asked[0].Lookup || x.Left != nil {
				t.Errorf("%v is no lookup: %+v", r.Filter, x)
			}
			rows := everyone(t, r)
			got := rows[cookie]
			if len(rows) != 1 || got == nil {
				t.Errorf("looking up %v %v %v %v %q: %d rows", s.Family, s.State, s.Local, s.Remote, s.Device, len(rows))
				continue
			}
			if diff := cmp.Diff(told(s), told(got), cmpopts.EquateComparable(socket.Endpoint{})); diff != "" {
				t.Errorf("row (-dumped +looked up):\n%s", diff)
			}
			found[s.State]++
		}
		for _, s := range []socket.State{socket.Established, socket.TimeWait, socket.SynRecv, socket.FinWait2, socket.CloseWait} {
			if found[s] == 0 {
				t.Errorf("no connection in %v was looked up", s)
			}
		}

		// One that is not there, though a listener would take it.
		r.Filter = connectionOf(inetEnd("127.0.0.1", 8080), inetEnd("127.0.0.1", 1))
		if rows := everyone(t, r); len(rows) != 0 {
			t.Errorf("%d rows for no connection", len(rows))
		}
	})
}

// told is what does not change from one look to the next.
func told(s *socket.Socket) []any {
	return []any{s.Cookie, s.Inode, s.Family, s.State, s.Local, s.Remote, s.Device}
}

func connectionOf(local, remote socket.Endpoint) filter.Expr {
	end := func(end filter.End, e socket.Endpoint) filter.Expr {
		addr := e.Addr.Unmap()
		return filter.And{
			filter.Addr{End: end, Prefix: netip.PrefixFrom(addr, addr.BitLen())},
			filter.Port{End: end, Ranges: filter.Ranges{{First: int64(e.Port), Last: int64(e.Port)}}},
		}
	}
	return filter.And{end(filter.Local, local), end(filter.Remote, remote)}
}
