package descriptor

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// inspector is one for the namespace of the calling thread.
func inspector() (Inspector, error) {
	var st unix.Stat_t
	err := unix.Stat("/proc/thread-self/ns/net", &st)
	return Inspector{NetNS: st.Ino, IfName: func(index uint32) string { return fmt.Sprintf("if%d", index) }}, err
}

// inspect looks at a descriptor of this process's shared table.
func inspect(t *testing.T, fd int) socket.Socket {
	t.Helper()
	i, err := inspector()
	if err != nil {
		t.Fatal(err)
	}
	s, err := i.Socket(os.Getpid(), 0, fd, inodeOf(t, fd))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inodeOf(t *testing.T, fd int) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

// open makes a socket that is closed with the test. It skips the test where
// this user or kernel may not have one.
func open(t *testing.T, family, kind, protocol int) int {
	t.Helper()
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EINVAL) ||
		errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EPROTONOSUPPORT) {
		t.Skipf("socket(%d, %d, %d): %v", family, kind, protocol, err)
	}
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func portOf(t *testing.T, fd int) uint32 {
	t.Helper()
	address, err := unix.Getsockname(fd)
	must(t, err)
	switch a := address.(type) {
	case *unix.SockaddrInet4:
		return uint32(a.Port)
	case *unix.SockaddrInet6:
		return uint32(a.Port)
	case *unix.SockaddrVM:
		return a.Port
	}
	t.Fatalf("no port in %+v", address)
	return 0
}

var (
	loop4 = [4]byte{127, 0, 0, 1}
	loop6 = [16]byte{15: 1}
)

// end is an endpoint of an internet protocol.
func end(address string, port uint32) socket.Endpoint {
	return socket.Endpoint{Addr: netip.MustParseAddr(address), Port: port}
}

// TestSocket describes sockets of all kinds, one field for one. Each case
// makes its socket and says what is to be seen; inode, cookie and user are
// compared for all.
func TestSocket(t *testing.T) {
	t.Parallel()
	type wanted = socket.Socket
	stream := wanted{Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream}
	with := func(base wanted, change func(*wanted)) wanted {
		change(&base)
		return base
	}
	tests := []struct {
		name string
		make func(t *testing.T) (int, wanted)
	}{
		{"tcp before bind", func(t *testing.T) (int, wanted) {
			return open(t, unix.AF_INET, unix.SOCK_STREAM, 0), with(stream, func(w *wanted) {
				w.State, w.Local = socket.Close, end("0.0.0.0", 0)
			})
		}},
		{"tcp6 before bind", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
			return fd, with(stream, func(w *wanted) {
				w.Family, w.State, w.Local, w.V6Only = socket.IPv6, socket.Close, end("::", 0), socket.No
			})
		}},
		{"tcp bound", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
			must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: loop4}))
			return fd, with(stream, func(w *wanted) {
				w.State, w.Local = socket.Bound, end("127.0.0.1", portOf(t, fd))
			})
		}},
		{"tcp6 bound, v6only", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
			must(t, unix.Bind(fd, &unix.SockaddrInet6{Addr: loop6}))
			return fd, with(stream, func(w *wanted) {
				w.Family, w.State, w.V6Only = socket.IPv6, socket.Bound, socket.Yes
				w.Local = end("::1", portOf(t, fd))
			})
		}},
		{"tcp on a device", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
			if err := unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, "lo"); err != nil {
				t.Skipf("SO_BINDTODEVICE: %v", err)
			}
			return fd, with(stream, func(w *wanted) {
				w.State, w.Device, w.Local = socket.Close, "lo", end("0.0.0.0", 0)
			})
		}},
		{"tcp listening", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
			must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: loop4}))
			must(t, unix.Listen(fd, 3))
			return fd, with(stream, func(w *wanted) {
				w.State, w.Local = socket.Listen, end("127.0.0.1", portOf(t, fd))
			})
		}},
		{"tcp connected", func(t *testing.T) (int, wanted) {
			client, server := connected(t)
			return client, with(stream, func(w *wanted) {
				w.State = socket.Established
				w.Local, w.Remote = end("127.0.0.1", portOf(t, client)), end("127.0.0.1", portOf(t, server))
			})
		}},
		{"tcp6 connected to a mapped address", func(t *testing.T) (int, wanted) {
			listener := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
			must(t, unix.Bind(listener, &unix.SockaddrInet4{Addr: loop4}))
			must(t, unix.Listen(listener, 1))
			fd := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
			mapped := [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}
			must(t, unix.Connect(fd, &unix.SockaddrInet6{Addr: mapped, Port: int(portOf(t, listener))}))
			return fd, with(stream, func(w *wanted) {
				w.Family, w.State, w.V6Only = socket.IPv6, socket.Established, socket.No
				w.Local = end("::ffff:127.0.0.1", portOf(t, fd))
				w.Remote = end("::ffff:127.0.0.1", portOf(t, listener))
			})
		}},
		{"tcp half closed by its peer", func(t *testing.T) (int, wanted) {
			client, server := connected(t)
			must(t, unix.Shutdown(server, unix.SHUT_WR))
			if n, err := unix.Read(client, make([]byte, 1)); n != 0 || err != nil {
				t.Fatalf("read: %d, %v", n, err)
			}
			return client, with(stream, func(w *wanted) {
				w.State = socket.CloseWait
				w.Local, w.Remote = end("127.0.0.1", portOf(t, client)), end("127.0.0.1", portOf(t, server))
			})
		}},
		{"mptcp before bind", func(t *testing.T) (int, wanted) {
			return open(t, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP), with(stream, func(w *wanted) {
				w.Proto, w.State, w.Local = socket.MPTCP, socket.Close, end("0.0.0.0", 0)
			})
		}},
		{"udp unbound", func(t *testing.T) (int, wanted) {
			return open(t, unix.AF_INET, unix.SOCK_DGRAM, 0), wanted{
				Proto: socket.UDP, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn, Local: end("0.0.0.0", 0),
			}
		}},
		{"udp6 connected", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_INET6, unix.SOCK_DGRAM, 0)
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
			must(t, unix.Connect(fd, &unix.SockaddrInet6{Addr: loop6, Port: 9}))
			return fd, wanted{
				Proto: socket.UDP, Family: socket.IPv6, Type: socket.Dgram, State: socket.Established,
				V6Only: socket.No, Local: end("::1", portOf(t, fd)), Remote: end("::1", 9),
			}
		}},
		{"udplite", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE)
			must(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: loop4}))
			return fd, wanted{
				Proto: socket.UDPLite, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn,
				Local: end("127.0.0.1", portOf(t, fd)),
			}
		}},
		{"netlink unbound", func(t *testing.T) (int, wanted) {
			return open(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT), wanted{
				Proto: socket.Netlink, Family: socket.FamilyNetlink, Type: socket.RawType, State: socket.Unconn,
				Local: socket.Endpoint{Node: unix.NETLINK_KOBJECT_UEVENT},
			}
		}},
		{"netlink bound", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_NETLINK, unix.SOCK_DGRAM, unix.NETLINK_ROUTE)
			must(t, unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}))
			address, err := unix.Getsockname(fd)
			must(t, err)
			return fd, wanted{
				Proto: socket.Netlink, Family: socket.FamilyNetlink, Type: socket.Dgram, State: socket.Unconn,
				Local: socket.Endpoint{Port: address.(*unix.SockaddrNetlink).Pid},
			}
		}},
		{"vsock unbound", func(t *testing.T) (int, wanted) {
			const anything = 0xffffffff
			return open(t, unix.AF_VSOCK, unix.SOCK_STREAM, 0), wanted{
				Proto: socket.Vsock, Family: socket.FamilyVsock, Type: socket.Stream, State: socket.Close,
				Local: socket.Endpoint{Node: anything, Port: anything},
			}
		}},
		{"vsock bound", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_VSOCK, unix.SOCK_STREAM, 0)
			must(t, unix.Bind(fd, &unix.SockaddrVM{CID: unix.VMADDR_CID_ANY, Port: unix.VMADDR_PORT_ANY}))
			return fd, wanted{
				Proto: socket.Vsock, Family: socket.FamilyVsock, Type: socket.Stream, State: socket.Bound,
				Local: socket.Endpoint{Node: unix.VMADDR_CID_ANY, Port: portOf(t, fd)},
			}
		}},
		{"vsock listening", func(t *testing.T) (int, wanted) {
			fd := open(t, unix.AF_VSOCK, unix.SOCK_STREAM, 0)
			must(t, unix.Bind(fd, &unix.SockaddrVM{CID: unix.VMADDR_CID_ANY, Port: unix.VMADDR_PORT_ANY}))
			must(t, unix.Listen(fd, 1))
			return fd, wanted{
				Proto: socket.Vsock, Family: socket.FamilyVsock, Type: socket.Stream, State: socket.Listen,
				Local: socket.Endpoint{Node: unix.VMADDR_CID_ANY, Port: portOf(t, fd)},
			}
		}},
		{"xdp", func(t *testing.T) (int, wanted) {
			return open(t, unix.AF_XDP, unix.SOCK_RAW, 0), wanted{
				Proto: socket.XDP, Family: socket.FamilyXDP, Type: socket.RawType, State: socket.Unconn,
			}
		}},
		{"raw", func(t *testing.T) (int, wanted) {
			return open(t, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP), wanted{
				Proto: socket.Raw, Family: socket.IPv4, Type: socket.RawType, State: socket.Unconn,
				Local: end("0.0.0.0", unix.IPPROTO_ICMP),
			}
		}},
		{"unix unnamed", func(t *testing.T) (int, wanted) {
			return open(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0), wanted{
				Proto: socket.Unix, Family: socket.FamilyUnix, Type: socket.Dgram, State: socket.Unconn,
			}
		}},
		{"unix path", func(t *testing.T) (int, wanted) {
			return unixListener(t, t.TempDir()+"/a\nb \xff")
		}},
		{"unix path that fills the address", func(t *testing.T) (int, wanted) {
			dir, err := os.MkdirTemp("", "u")
			must(t, err)
			t.Cleanup(func() { os.RemoveAll(dir) })
			return unixListener(t, dir+"/"+strings.Repeat("x", max(1, 108-1-len(dir))))
		}},
		{"unix abstract with NULs", func(t *testing.T) (int, wanted) {
			return unixListener(t, fmt.Sprintf("\x00sockls\x00%d\x00\x00", os.Getpid()))
		}},
		{"unix pair", func(t *testing.T) (int, wanted) {
			pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
			must(t, err)
			t.Cleanup(func() { unix.Close(pair[0]); unix.Close(pair[1]) })
			return pair[0], wanted{
				Proto: socket.Unix, Family: socket.FamilyUnix, Type: socket.Seqpacket, State: socket.Established,
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fd, want := tt.make(t)
			want.Inode, want.UID, want.HasUID = inodeOf(t, fd), uint32(os.Geteuid()), true
			cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
			must(t, err)
			want.Cookie = cookie
			got := inspect(t, fd)
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("socket (-want +got):\n%s", diff)
			}
			i, err := inspector()
			must(t, err)
			p, err := i.Proto(os.Getpid(), 0, fd)
			if err != nil || p != want.Proto {
				t.Errorf("Proto: %v, %v, want %v", p, err, want.Proto)
			}
		})
	}
}

// connected makes two ends of a connection.
func connected(t *testing.T) (client, server int) {
	t.Helper()
	listener := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.Bind(listener, &unix.SockaddrInet4{Addr: loop4}))
	must(t, unix.Listen(listener, 1))
	client = open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.Connect(client, &unix.SockaddrInet4{Addr: loop4, Port: int(portOf(t, listener))}))
	server, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	must(t, err)
	t.Cleanup(func() { unix.Close(server) })
	return client, server
}

// unixListener binds exact bytes, which package unix cannot for all.
func unixListener(t *testing.T, name string) (int, socket.Socket) {
	t.Helper()
	fd := open(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, bindUnix(fd, name))
	must(t, unix.Listen(fd, 1))
	return fd, socket.Socket{
		Proto: socket.Unix, Family: socket.FamilyUnix, Type: socket.Stream, State: socket.Listen,
		Local: socket.Endpoint{Name: name},
	}
}
