package sockdiag

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// arena is what the tests below make sockets with, in a namespace of their own.
type arena struct {
	*testing.T
	client *Client
}

func inArena(t *testing.T, run func(a arena)) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		conn, err := Dial()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		run(arena{t, NewClient(conn, func(uint32) string { return "" })})
	})
}

func (a arena) check(err error) {
	a.Helper()
	if err != nil {
		a.Error(err)
	}
}

func lo(port int) unix.Sockaddr {
	return &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}
}

// open makes a socket with options of SOL_SOCKET, bound unless address is nil.
func (a arena) open(kind int, address unix.Sockaddr, options ...int) int {
	a.Helper()
	family := unix.AF_INET
	if _, ok := address.(*unix.SockaddrInet6); ok {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	a.check(err)
	a.Cleanup(func() { _ = unix.Close(fd) })
	for _, option := range options {
		a.check(unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1))
	}
	if address != nil {
		a.check(unix.Bind(fd, address))
	}
	return fd
}

// rows are those of both protocols, by cookie.
func (a arena) rows() map[uint64]socket.Socket {
	a.Helper()
	all := map[uint64]socket.Socket{}
	for _, p := range []socket.Proto{socket.TCP, socket.UDP} {
		rows, err := gather(a.client, Request{Proto: p, IPv4: true, IPv6: true, States: socket.AllStates})
		a.check(err)
		for _, s := range rows {
			all[s.Cookie] = s
		}
	}
	return all
}

func (a arena) cookie(fd int) uint64 {
	a.Helper()
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	a.check(err)
	return cookie
}

// destroy destroys the socket of this cookie, and returns its state before and
// after, "gone" for none.
func (a arena) destroy(cookie uint64) (before, after string) {
	a.Helper()
	state := func() string {
		if s, ok := a.rows()[cookie]; ok {
			return fmt.Sprintf("%s :%d", s.State, s.Local.Port)
		}
		return "gone"
	}
	s, ok := a.rows()[cookie]
	if !ok {
		a.Errorf("no row with cookie %d", cookie)
		return "", ""
	}
	before = state()
	a.check(a.client.Destroy(a.Context(), &s, noInterfaces))
	return before, state()
}

func (a arena) bindError(kind int, address unix.Sockaddr, options ...int) error {
	fd := a.open(kind, nil, options...)
	return unix.Bind(fd, address)
}

// TestDestroyListener: one that is destroyed listens no more, and keeps its port
// until its process closes it.
func TestDestroyListener(t *testing.T) {
	inArena(t, func(a arena) {
		fd := a.open(unix.SOCK_STREAM, lo(8080))
		a.check(unix.Listen(fd, 5))
		client := a.open(unix.SOCK_STREAM, nil)
		a.check(unix.Connect(client, lo(8080)))
		if before, after := a.destroy(a.cookie(fd)); before != "LISTEN :8080" || after != "BOUND :8080" {
			a.Errorf("%s, then %s", before, after)
		}
		if err := a.bindError(unix.SOCK_STREAM, lo(8080)); !errors.Is(err, unix.EADDRINUSE) {
			a.Errorf("bind to its port: %v", err)
		}
		if _, err := unix.Read(client, make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
			a.Errorf("a connection in its queue: %v", err)
		}
		_ = unix.Shutdown(fd, unix.SHUT_RDWR) // whatever it is by now
		a.check(unix.Close(fd))
		a.check(a.bindError(unix.SOCK_STREAM, lo(8080), unix.SO_REUSEADDR))
	})
}

// TestDestroyDatagram: a UDP socket keeps a port that its program chose, and is
// no different but for one error.
func TestDestroyDatagram(t *testing.T) {
	inArena(t, func(a arena) {
		chosen := a.open(unix.SOCK_DGRAM, lo(5353))
		if before, after := a.destroy(a.cookie(chosen)); before != "UNCONN :5353" || after != before {
			a.Errorf("chosen port: %s, then %s", before, after)
		}
		if err := a.bindError(unix.SOCK_DGRAM, lo(5353)); !errors.Is(err, unix.EADDRINUSE) {
			a.Errorf("bind to its port: %v", err)
		}
		if _, err := unix.Read(chosen, make([]byte, 1)); !errors.Is(err, unix.ECONNABORTED) {
			a.Errorf("its program gets %v", err)
		}
		given := a.open(unix.SOCK_DGRAM, nil)
		a.check(unix.Connect(given, lo(5353)))
		if _, after := a.destroy(a.cookie(given)); after != "gone" {
			a.Errorf("a socket with a port from the kernel is %s", after)
		}
	})
}

// TestDestroyConnection: both ends are gone, and so is what TIME_WAIT leaves.
func TestDestroyConnection(t *testing.T) {
	inArena(t, func(a arena) {
		server := a.open(unix.SOCK_STREAM, lo(8080))
		a.check(unix.Listen(server, 5))
		pair := func() (client, accepted int) {
			client = a.open(unix.SOCK_STREAM, nil)
			a.check(unix.Connect(client, lo(8080)))
			accepted, _, err := unix.Accept4(server, unix.SOCK_CLOEXEC)
			a.check(err)
			a.Cleanup(func() { _ = unix.Close(accepted) })
			return client, accepted
		}
		client, accepted := pair()
		if before, after := a.destroy(a.cookie(client)); before[:11] != "ESTABLISHED" || after != "gone" {
			a.Errorf("%s, then %s", before, after)
		}
		if _, err := unix.Read(client, make([]byte, 1)); !errors.Is(err, unix.ECONNABORTED) {
			a.Errorf("its program gets %v", err)
		}
		if _, err := unix.Read(accepted, make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
			a.Errorf("the other end gets %v", err)
		}

		client, accepted = pair()
		a.check(unix.Shutdown(client, unix.SHUT_RDWR))
		a.check(unix.Shutdown(accepted, unix.SHUT_RDWR))
		waits := false
		for cookie, s := range a.rows() {
			if s.State == socket.TimeWait {
				waits = true
				if _, after := a.destroy(cookie); after != "gone" {
					a.Errorf("a TIME_WAIT is %s", after)
				}
			}
		}
		if !waits {
			a.Error("nothing is in TIME_WAIT")
		}

		unaccepted := a.open(unix.SOCK_STREAM, nil)
		a.check(unix.Connect(unaccepted, lo(8080)))
		found := false
		for cookie, s := range a.rows() {
			if s.State == socket.Established && s.Local.Port == 8080 && s.Inode == 0 {
				found = true
				if _, after := a.destroy(cookie); after != "gone" {
					a.Errorf("a connection not accepted is %s", after)
				}
			}
		}
		if !found {
			a.Error("nothing waits in the queue")
		}
	})
}

// TestDestroyGroup: of a reuseport group the one that was meant is destroyed,
// and no other.
func TestDestroyGroup(t *testing.T) {
	inArena(t, func(a arena) {
		for _, tt := range []struct {
			kind    int
			address unix.Sockaddr
			state   socket.State
		}{
			{unix.SOCK_STREAM, lo(8080), socket.Listen},
			{unix.SOCK_STREAM, &unix.SockaddrInet4{Port: 8081}, socket.Listen},
			{unix.SOCK_STREAM, &unix.SockaddrInet6{Port: 8082}, socket.Listen},
			{unix.SOCK_STREAM, &unix.SockaddrInet6{Port: 8083, Addr: [16]byte{10: 255, 11: 255, 12: 127, 15: 1}}, socket.Listen},
			{unix.SOCK_DGRAM, lo(5353), socket.Unconn},
			{unix.SOCK_DGRAM, &unix.SockaddrInet6{Port: 5354, Addr: [16]byte{15: 1}}, socket.Unconn},
		} {
			var group []uint64
			var fds []int
			for range 8 {
				fd := a.open(tt.kind, tt.address, unix.SO_REUSEPORT)
				if tt.kind == unix.SOCK_STREAM {
					a.check(unix.Listen(fd, 5))
				}
				group, fds = append(group, a.cookie(fd)), append(fds, fd)
			}
			for i, cookie := range group {
				s := a.rows()[cookie]
				a.check(a.client.Destroy(a.Context(), &s, noInterfaces))
				for j, other := range group {
					abort, err := unix.GetsockoptInt(fds[j], unix.SOL_SOCKET, unix.SO_ERROR)
					a.check(err)
					hit := unix.Errno(abort) == unix.ECONNABORTED
					if tt.state == socket.Listen {
						hit = i >= j && a.rows()[other].State != socket.Listen
						if hit != (i >= j) {
							a.Errorf("%v: after %d, member %d is %s", tt.address, i, j, a.rows()[other].State)
						}
					} else if hit != (i == j) {
						a.Errorf("%v: member %d was meant, %d hit: %v", tt.address, i, j, hit)
					}
				}
			}
		}
	})
}

// TestDestroyStale: a cookie of a socket that is gone hits nothing that has its
// address now, and a bound socket is not found.
func TestDestroyStale(t *testing.T) {
	inArena(t, func(a arena) {
		first := a.open(unix.SOCK_STREAM, lo(8080))
		a.check(unix.Listen(first, 5))
		old := a.rows()[a.cookie(first)]
		a.check(unix.Close(first))
		second := a.open(unix.SOCK_STREAM, lo(8080))
		a.check(unix.Listen(second, 5))
		began := time.Now()
		if err := a.client.Destroy(a.Context(), &old, noInterfaces); !errors.Is(err, ErrNotFound) {
			a.Errorf("a socket that is gone: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			a.Errorf("looked for it for %v", took)
		}
		if s := a.rows()[a.cookie(second)]; s.State != socket.Listen {
			a.Errorf("the new one is %s", s.State)
		}
		third := a.cookie(a.open(unix.SOCK_STREAM, lo(8081)))
		bound := a.rows()[third]
		if err := a.client.Destroy(a.Context(), &bound, noInterfaces); bound.State != socket.Bound || !errors.Is(err, ErrNotFound) {
			a.Errorf("a %s socket: %v", bound.State, err)
		}
	})
}
