package procfs

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

func inetTableOf(proto socket.Proto, family socket.Family) func(func(*socket.Socket) error) error {
	return func(yield func(*socket.Socket) error) error { return FS{}.Inet(proto, family, yield) }
}

func TestLiveInet(t *testing.T) {
	t.Parallel()
	uid := uint32(os.Geteuid())
	tests := []struct {
		name   string
		family int
		typ    int
		number int
		bind   unix.Sockaddr
		listen bool
		want   socket.Socket
	}{
		{
			"tcp", unix.AF_INET, unix.SOCK_STREAM, 0, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}, true,
			socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Listen},
		},
		{
			"tcp6", unix.AF_INET6, unix.SOCK_STREAM, 0, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}, true,
			socket.Socket{Proto: socket.TCP, Family: socket.IPv6, Type: socket.Stream, State: socket.Listen},
		},
		{
			"udp", unix.AF_INET, unix.SOCK_DGRAM, 0, &unix.SockaddrInet4{Addr: [4]byte{127, 9, 8, 7}}, false,
			socket.Socket{Proto: socket.UDP, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn},
		},
		{
			"udp6 mapped", unix.AF_INET6, unix.SOCK_DGRAM, 0,
			&unix.SockaddrInet6{Addr: netip.MustParseAddr("::ffff:127.9.8.7").As16()}, false,
			socket.Socket{Proto: socket.UDP, Family: socket.IPv6, Type: socket.Dgram, State: socket.Unconn},
		},
		{
			"udplite", unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE,
			&unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}, false,
			socket.Socket{Proto: socket.UDPLite, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn},
		},
		{
			"raw", unix.AF_INET, unix.SOCK_RAW, 253, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}, false,
			socket.Socket{Proto: socket.Raw, Family: socket.IPv4, Type: socket.RawType, State: socket.Unconn},
		},
		{
			"raw6", unix.AF_INET6, unix.SOCK_RAW, 253, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}, false,
			socket.Socket{Proto: socket.Raw, Family: socket.IPv6, Type: socket.RawType, State: socket.Unconn},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fd, inode := rawSocket(t, tt.family, tt.typ, tt.number)
			if err := unix.Bind(fd, tt.bind); err != nil {
				t.Skipf("bind: %v", err)
			}
			if tt.listen {
				if err := unix.Listen(fd, 1); err != nil {
					t.Fatal(err)
				}
			}
			want := tt.want
			want.Inode, want.UID, want.HasUID = inode, uid, true
			want.Local = localEnd(t, fd, tt.number)
			got := find(t, inode, inetTableOf(want.Proto, want.Family))
			if diff := diffRows(want, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

// localEnd asks the socket for its address. Raw sockets answer with no port,
// and the table shows their protocol in its place.
func localEnd(t *testing.T, fd, number int) socket.Endpoint {
	t.Helper()
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	var end socket.Endpoint
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		end = socket.Endpoint{Addr: netip.AddrFrom4(name.Addr), Port: uint32(name.Port)}
	case *unix.SockaddrInet6:
		end = socket.Endpoint{Addr: netip.AddrFrom16(name.Addr), Port: uint32(name.Port)}
	}
	if number == 253 {
		end.Port = 253
	}
	return end
}

// TestLiveBacklog: a listener's receive queue is the connections nobody has
// accepted, and those connections have no inode.
func TestLiveBacklog(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server := netip.MustParseAddrPort(listener.Addr().String())
	peer := netip.MustParseAddrPort(client.LocalAddr().String())

	// The handshake ends on the server's side after connect has returned.
	var listening, waiting []socket.Socket
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		listening, waiting = nil, nil
		err = FS{}.Inet(socket.TCP, socket.IPv4, func(s *socket.Socket) error {
			switch {
			case s.Local != socket.Endpoint{Addr: server.Addr(), Port: uint32(server.Port())}:
			case s.State == socket.Listen:
				listening = append(listening, *s)
			case s.Remote == socket.Endpoint{Addr: peer.Addr(), Port: uint32(peer.Port())}:
				waiting = append(waiting, *s)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(listening) > 0 && len(waiting) > 0 && waiting[0].State == socket.Established {
			break
		}
	}
	if len(listening) == 0 || listening[0].RecvQ != 1 || listening[0].SendQ != 0 {
		t.Errorf("listener: %+v", listening)
	}
	if len(waiting) == 0 || waiting[0].Inode != 0 || waiting[0].State != socket.Established {
		t.Errorf("connection: %+v", waiting)
	}
}
