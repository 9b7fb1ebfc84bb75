package collector

import (
	"errors"
	"net/netip"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// kind makes a socket of some sort with the wish's options and tells its port.
type kind struct {
	name string
	// connects is set where the socket has a peer, which is on lo.
	connects bool
	make     func(a *arena, w wish, port int) (int, error)
}

// loopback is the address of lo that a socket with this address talks to.
func loopback(addr netip.Addr) netip.Addr {
	switch {
	case addr.Is4():
		return netip.MustParseAddr("127.0.0.1")
	case addr.Is4In6():
		return netip.AddrFrom16(netip.MustParseAddr("127.0.0.1").As16())
	}
	return netip.IPv6Loopback()
}

// near is the address to connect to for one who wants the listener w.
func near(w wish) netip.Addr {
	if w.addr.IsUnspecified() || w.addr.Unmap().IsUnspecified() {
		return loopback(w.addr)
	}
	return w.addr
}

// bound makes the socket and binds it.
func (a *arena) bound(w wish, port int) (int, error) {
	fd, err := w.open()
	if err == nil {
		err = unix.Bind(fd, at(w.addr, port))
	}
	return fd, err
}

func (a *arena) listener(w wish, port int) (int, error) {
	fd, err := a.bound(w, port)
	if err == nil {
		err = unix.Listen(fd, 5)
	}
	return fd, err
}

// connect makes a client of the server of its family, and returns the other end.
func (a *arena) connect(fd int, w wish) (peer int, err error) {
	to := loopback(w.addr)
	if err := unix.Connect(fd, at(to, serverPort)); err != nil {
		return -1, err
	}
	server := a.servers[0]
	if !to.Is4() && !to.Is4In6() {
		server = a.servers[1]
	}
	peer, _, err = unix.Accept4(server, unix.SOCK_CLOEXEC)
	a.taken = append(a.taken, peer)
	return peer, err
}

func (a *arena) client(w wish, port int) (fd, peer int, err error) {
	if fd, err = a.bound(w, port); err == nil {
		peer, err = a.connect(fd, w)
	}
	return fd, peer, err
}

// child makes a listener and a connection to it; the owner of what is accepted
// is the wish's, as that of the listener is.
func (a *arena) child(w wish, port int) (listener, client, child int, err error) {
	if listener, err = a.listener(w, port); err != nil {
		return
	}
	peer := near(w)
	if client, err = unix.Socket(familyOf(peer), unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return
	}
	if err = unix.Connect(client, at(peer, port)); err != nil {
		return
	}
	if err = unix.SetNonblock(listener, true); err != nil {
		return
	}
	// With SO_REUSEPORT another listener may have got it.
	if child, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC); err == nil {
		err = unix.Fchown(child, w.uid, -1)
	}
	return
}

// autoport is the port that the kernel chose.
func autoport(fd int) (int, error) {
	name, err := unix.Getsockname(fd)
	switch n := name.(type) {
	case *unix.SockaddrInet4:
		return n.Port, err
	case *unix.SockaddrInet6:
		return n.Port, err
	}
	return 0, errors.Join(err, errors.New("no address"))
}

// stall connects to a listener that does not answer.
func (a *arena) stall(fd int, w wish) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	if err := unix.Connect(fd, at(loopback(w.addr), fullPort)); !errors.Is(err, unix.EINPROGRESS) {
		return errors.Join(err, errors.New("the full listener answers"))
	}
	return nil
}

func streamKinds() []kind {
	return []kind{
		{"listener", false, func(a *arena, w wish, port int) (int, error) {
			_, err := a.listener(w, port)
			return port, err
		}},
		{"listener of MPTCP", false, func(a *arena, w wish, port int) (int, error) {
			w.multipath = true
			_, err := a.listener(w, port)
			if errors.Is(err, unix.EPROTONOSUPPORT) {
				w.multipath = false // the kernel has none
				_, err = a.listener(w, port)
			}
			return port, err
		}},
		{"bound", false, func(a *arena, w wish, port int) (int, error) {
			_, err := a.bound(w, port)
			return port, err
		}},
		{"client", true, func(a *arena, w wish, port int) (int, error) {
			_, _, err := a.client(w, port)
			return port, err
		}},
		{"client with a port from the kernel", true, func(a *arena, w wish, _ int) (int, error) {
			fd, err := w.open()
			if err == nil {
				_, err = a.connect(fd, w)
			}
			if err != nil {
				return 0, err
			}
			return autoport(fd)
		}},
		{"half open", true, func(a *arena, w wish, port int) (int, error) {
			fd, err := a.bound(w, port)
			if err == nil {
				err = a.stall(fd, w)
			}
			return port, err
		}},
		{"half open with a port from the kernel", true, func(a *arena, w wish, _ int) (int, error) {
			fd, err := w.open()
			if err == nil {
				err = a.stall(fd, w)
			}
			if err != nil {
				return 0, err
			}
			return autoport(fd)
		}},
		{"disconnected", true, func(a *arena, w wish, port int) (int, error) {
			fd, _, err := a.client(w, port)
			if err == nil {
				err = disconnect(fd)
			}
			return port, err
		}},
		{"closed by its peer", true, func(a *arena, w wish, port int) (int, error) {
			_, peer, err := a.client(w, port)
			return port, closed(err, peer)
		}},
		{"listener with a child", true, func(a *arena, w wish, port int) (int, error) {
			_, _, _, err := a.child(w, port)
			return port, err
		}},
		{"child", true, func(a *arena, w wish, port int) (int, error) {
			listener, _, _, err := a.child(w, port)
			return port, closed(err, listener)
		}},
		{"child of another user", true, func(a *arena, w wish, port int) (int, error) {
			listener, _, child, err := a.child(w, port)
			if err == nil {
				err = unix.Fchown(child, 7, -1)
			}
			return port, closed(err, listener)
		}},
		{"child that nobody accepted", true, func(a *arena, w wish, port int) (int, error) {
			_, err := a.listener(w, port)
			if err == nil {
				peer := near(w)
				client := open(a.T, familyOf(peer), unix.SOCK_STREAM, 0)
				err = unix.Connect(client, at(peer, port))
			}
			return port, err
		}},
		{"TIME_WAIT of a client", true, func(a *arena, w wish, port int) (int, error) {
			fd, peer, err := a.client(w, port)
			return port, closed(err, fd, peer)
		}},
		{"TIME_WAIT of a server", true, func(a *arena, w wish, port int) (int, error) {
			listener, client, child, err := a.child(w, port)
			return port, closed(err, child, client, listener)
		}},
		{"FIN_WAIT2 with a file", true, func(a *arena, w wish, port int) (int, error) {
			fd, _, err := a.client(w, port)
			if err == nil {
				err = unix.Shutdown(fd, unix.SHUT_WR)
			}
			return port, err
		}},
		{"FIN_WAIT2, an orphan", true, func(a *arena, w wish, port int) (int, error) {
			fd, _, err := a.client(w, port)
			if err == nil { // beyond TCP_TIMEWAIT_LEN the socket itself waits
				err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_LINGER2, 110)
			}
			return port, closed(err, fd)
		}},
		{"FIN_WAIT2, what is left of it", true, func(a *arena, w wish, port int) (int, error) {
			fd, _, err := a.client(w, port)
			return port, closed(err, fd)
		}},
	}
}

// closed closes sockets, one after the other, if nothing was wrong before.
func closed(err error, fds ...int) error {
	for _, fd := range fds {
		if err == nil {
			err = unix.Close(fd)
		}
	}
	return err
}

// disconnect takes a socket its peer.
func disconnect(fd int) error {
	unspecified := [16]byte{}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspecified)), uintptr(len(unspecified)))
	if errno != 0 {
		return errno
	}
	return nil
}

func datagramKinds() []kind {
	return []kind{
		{"unconnected", false, func(a *arena, w wish, port int) (int, error) {
			_, err := a.bound(w, port)
			return port, err
		}},
		{"connected", true, func(a *arena, w wish, port int) (int, error) {
			fd, err := a.bound(w, port)
			if err == nil {
				err = unix.Connect(fd, at(loopback(w.addr), serverPort))
			}
			return port, err
		}},
		{"connected with a port from the kernel", true, func(a *arena, w wish, _ int) (int, error) {
			fd, err := w.open()
			if err == nil {
				err = unix.Connect(fd, at(loopback(w.addr), serverPort))
			}
			if err != nil {
				return 0, err
			}
			return autoport(fd)
		}},
		{"disconnected", true, func(a *arena, w wish, port int) (int, error) {
			fd, err := a.bound(w, port)
			if err == nil {
				err = unix.Connect(fd, at(loopback(w.addr), serverPort))
			}
			if err == nil {
				err = disconnect(fd)
			}
			return port, err
		}},
	}
}

// TestMatrixStreams is the matrix for TCP.
func TestMatrixStreams(t *testing.T) { matrix(t, 1, socket.TCP, streamKinds(), 3) }

// TestMatrixDatagrams is the matrix for UDP.
func TestMatrixDatagrams(t *testing.T) { matrix(t, 2, socket.UDP, datagramKinds(), 6) }

// TestMatrixLite is the matrix for UDP-Lite, where the kernel still has it.
func TestMatrixLite(t *testing.T) { matrix(t, 3, socket.UDPLite, datagramKinds()[:2], 2) }

// matrix compares Decide and the kernel for each kind of socket with each
// address and option, and wishes drawn for them.
func matrix(t *testing.T, seed uint64, proto socket.Proto, kinds []kind, each int) {
	if !private(t, 0) {
		return
	}
	if fd, err := (wish{proto: proto, addr: netip.IPv4Unspecified()}).open(); err != nil {
		t.Skipf("the kernel has no %s: %v", proto, err)
	} else {
		must(t, unix.Close(fd))
	}
	a := newArena(t, seed)
	type cell struct {
		kind string
		wish wish
		port int
	}
	var cells []cell
	ports := map[int]bool{}
	for _, k := range kinds {
		devices := a.devices()
		if k.connects {
			devices = devices[:2] // none and lo
		}
		for _, w := range wishes(proto, []int{1000}, []string{""}) {
			for range each {
				w.uid, w.device = a.rng.IntN(2)*1000, devices[a.rng.IntN(len(devices))]
				a.next++
				port, err := k.make(a, w, a.next)
				if err == nil && ports[port] {
					continue // the kernel chose one port twice, for other addresses
				}
				ports[port] = true
				if err == nil {
					cells = append(cells, cell{k.name, w, port})
				} else if w.device == "" || errnoOf(err) != unix.EADDRNOTAVAIL {
					t.Fatalf("%s of %s: %v", k.name, w, err)
				}
			}
		}
	}
	all := wishes(proto, []int{0, 1000}, a.devices())
	rows := a.rows()
	var n score
	unclear := map[string]int{}
	for _, c := range cells {
		if len(rows[c.port]) == 0 {
			t.Errorf("no row of %s of %s", c.kind, c.wish)
		}
		before := n.unclear
		// Until the kernel lets one in.
		for range 200 {
			if a.judge(&n, c.kind+" of "+c.wish.String(), all[a.rng.IntN(len(all))], c.port, rows[c.port]) {
				break
			}
		}
		unclear[c.kind] += n.unclear - before
	}
	t.Logf("%d sockets, %+v, unclear %v", len(cells), n, unclear)
	if n.free < len(cells)/2 || n.taken < len(cells)/4 || n.unclear > n.total/5 {
		t.Errorf("the matrix is too thin: %+v", n)
	}
}
