package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// tables are those of the namespace, as the kernel prints them.
func tables(t *testing.T) string {
	t.Helper()
	var all []byte
	for _, name := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := os.ReadFile("/proc/thread-self/net/" + name)
		must(t, err)
		all = append(all, b...)
	}
	return string(all)
}

// TestNothingRemains: not even TIME_WAIT, and the port is anybody's at once.
func TestNothingRemains(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	still(t)
	before := tables(t)
	for _, b := range []why.Bind{
		wish("127.0.0.1"), wish(""), wish("::", v6only), wish("127.0.0.1", reusePort, user(1000)),
		wish("127.0.0.1", udp), wish("", udp, reuseAddr),
	} {
		for range 100 {
			errno, err := Listen(b)
			if err != nil || errno != "" {
				t.Fatalf("%+v: %q, %v", b, errno, err)
			}
			makeAll(t, []existing{{udp: b.Proto == socket.UDP}})()
		}
	}
	if diff := cmp.Diff(before, tables(t)); diff != "" {
		t.Errorf("left behind:\n%s", diff)
	}
}

// TestNextBind: what others could bind they can bind after a probe, too. The
// bucket of a port remembers which checks it may leave out, and a probe writes
// there; one with SO_REUSEPORT can let in what would have been refused, as any
// program does that binds like that and goes.
func TestNextBind(t *testing.T) {
	t.Parallel()
	kinds := []existing{
		{},
		{reuseAddr: true},
		{reusePort: true},
		{reusePort: true, uid: 1000},
		{reuseAddr: true, reusePort: true},
		{addr: "127.0.0.2"},
		{addr: "127.0.0.2", reuseAddr: true},
		{addr: "127.0.0.2", reusePort: true},
		{listen: true},
		{reuseAddr: true, listen: true},
		{reusePort: true, listen: true},
		{addr: "0.0.0.0", reuseAddr: true},
		{addr: "0.0.0.0", reusePort: true},
		{addr: "::", reusePort: true},
	}
	wishes := []why.Bind{
		wish("127.0.0.1"), wish("127.0.0.1", reuseAddr), wish("127.0.0.1", reusePort),
		wish("127.0.0.1", reusePort, user(1000)), wish("127.0.0.1", reuseAddr, reusePort), wish("127.0.0.2", reusePort),
		wish("::", v6only, reusePort), wish("", reuseAddr),
	}
	nstest.Enter(t)
	still(t)
	outcome := func(there, next existing, b *why.Bind, f func(why.Bind) (string, error)) error {
		defer makeAll(t, []existing{there})()
		if b != nil {
			if _, err := f(*b); err != nil {
				t.Fatal(err)
			}
		}
		return next.try(t)
	}
	for _, there := range kinds {
		for _, next := range kinds {
			want := outcome(there, next, nil, nil)
			for _, b := range wishes {
				for _, f := range []func(why.Bind) (string, error){Bind, Listen} {
					got := outcome(there, next, &b, f)
					if got == nil && b.ReusePort && next.reusePort {
						continue
					}
					if !errors.Is(got, want) {
						t.Errorf("%+v, then a probe of %+v, then %+v: %v, and without the probe: %v", there, b, next, got, want)
					}
				}
			}
		}
	}
}

// TestServiceGoesOn: a service that shares its port can start another worker after
// a probe that fails or joins it, although a connection that was accepted by another
// user is in the way of all that the kernel does not remember.
func TestServiceGoesOn(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	still(t)
	worker := existing{addr: "0.0.0.0", reusePort: true, listen: true}
	for _, b := range []why.Bind{
		wish("0.0.0.0"), wish("0.0.0.0", reuseAddr), wish("0.0.0.0", reusePort), wish("0.0.0.0", reuseAddr, reusePort),
		wish("127.0.0.1", reusePort), wish("", reusePort), wish("127.0.0.1", reusePort, user(1002)),
	} {
		for _, f := range []func(why.Bind) (string, error){Bind, Listen} {
			first, err := worker.open(t)
			must(t, err)
			client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			must(t, err)
			must(t, unix.Connect(client, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
			accepted, _, err := unix.Accept4(first, unix.SOCK_CLOEXEC)
			must(t, err)
			must(t, unix.Fchown(accepted, 1002, -1))
			if err := worker.try(t); err != nil {
				t.Fatalf("before: %v", err)
			}
			if _, err := f(b); err != nil {
				t.Fatal(err)
			}
			if err := worker.try(t); err != nil {
				t.Errorf("after a probe of %+v: %v", b, err)
			}
			linger := &unix.Linger{Onoff: 1}
			must(t, unix.SetsockoptLinger(accepted, unix.SOL_SOCKET, unix.SO_LINGER, linger)) // no TIME_WAIT
			for _, fd := range []int{accepted, client, first} {
				must(t, unix.Close(fd))
			}
		}
	}
}

// TestBindAndListenAgree tries all pairs of a socket and a wish.
func TestBindAndListenAgree(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	still(t)
	var all []existing
	for _, addr := range []string{"127.0.0.1", "0.0.0.0", "::", "::1"} {
		for bits := range 16 {
			all = append(all, existing{
				addr: addr, reuseAddr: bits&1 != 0, reusePort: bits&2 != 0, listen: bits&4 != 0, v6only: bits&8 != 0 && addr == "::",
			})
		}
	}
	free := 0
	for _, there := range all {
		end := makeAll(t, []existing{there})
		for _, next := range all {
			b := why.Bind{
				Proto: socket.TCP, Addr: netip.MustParseAddr(next.addr), Port: port,
				ReuseAddr: next.reuseAddr, ReusePort: next.reusePort, V6Only: socket.TriOf(next.v6only),
			}
			bound, bindErr := Bind(b)
			listens, listenErr := Listen(b)
			if err := errors.Join(bindErr, listenErr); err != nil {
				t.Fatal(err)
			}
			if bound != listens {
				t.Errorf("%+v, then %+v: bind %q, listen %q", there, b, bound, listens)
			}
			if bound == "" {
				free++
			}
		}
		end()
	}
	if total := len(all) * len(all); free == 0 || free == total {
		t.Errorf("%d of %d are free", free, total)
	}
}

// try makes it and closes it at once.
func (e existing) try(t *testing.T) error {
	t.Helper()
	fd, err := e.open(t)
	unix.Close(fd)
	return err
}

// TestConnectionsShareOn: a port that outgoing connections share is shared on
// after a probe. Before Linux 6.18 it is not, which the documentation says.
func TestConnectionsShareOn(t *testing.T) {
	t.Parallel()
	var name unix.Utsname
	must(t, unix.Uname(&name))
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor); err != nil {
		t.Fatal(err)
	}
	if major < 6 || major == 6 && minor < 18 {
		t.Skip("the bucket of a port does not recover before Linux 6.18")
	}
	nstest.Enter(t)
	still(t)
	must(t, os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("4242 4242"), 0))
	for last := byte(1); last <= 3; last++ {
		listener := connectTo(t, last)
		defer unix.Close(listener)
	}
	client := dial(t, 1)
	defer unix.Close(client)
	second := dial(t, 2)
	defer unix.Close(second)
	if errno, err := Bind(wish("127.0.0.2")); err != nil || errno != "" {
		t.Fatalf("probe beside connections: %q, %v", errno, err)
	}
	third := dial(t, 3)
	defer unix.Close(third)
}

// connectTo makes a listener at 127.0.0.LAST, on another port.
func connectTo(t *testing.T, last byte) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	must(t, unix.Bind(fd, server(last)))
	must(t, unix.Listen(fd, 16))
	return fd
}

func server(last byte) unix.Sockaddr {
	return &unix.SockaddrInet4{Port: 99, Addr: [4]byte{127, 0, 0, last}}
}

// dial connects from a port of the kernel's choice.
func dial(t *testing.T, last byte) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	must(t, unix.Connect(fd, server(last)))
	return fd
}

// TestNobodyIsConnected: while a probe listens in a group, no client is connected
// to it or reset; those that met it get through after it has gone.
func TestNobodyIsConnected(t *testing.T) {
	t.Parallel()
	nstest.Enter(t)
	still(t)
	member := existing{reusePort: true, listen: true}.make(t)
	defer unix.Close(member)
	probe, err := open(wish("127.0.0.1", reusePort), true)
	must(t, err)
	var clients []int
	for range 16 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		must(t, err)
		defer unix.Close(fd)
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); !errors.Is(err, unix.EINPROGRESS) {
			must(t, err)
		}
		clients = append(clients, fd)
	}
	waiting := slices.DeleteFunc(slices.Clone(clients), func(fd int) bool { return connected(t, fd, 0) })
	if len(waiting) == 0 {
		t.Error("no client met the probe, so nothing was tested")
	}
	if _, _, err := unix.Accept4(probe, unix.SOCK_CLOEXEC); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("the probe accepts: %v", err)
	}
	unix.Close(probe)
	for _, fd := range clients {
		if !connected(t, fd, 5*time.Second) {
			t.Error("a client never got through")
		}
	}
}

// connected reports whether a connection is made within some time; it fails the
// test where it was refused.
func connected(t *testing.T, fd int, within time.Duration) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, int(within.Milliseconds()))
	must(t, err)
	if errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || errno != 0 {
		t.Errorf("a client got %v, %v", syscall.Errno(errno), err)
	}
	return n > 0
}
