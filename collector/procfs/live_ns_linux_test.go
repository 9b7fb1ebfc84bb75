package procfs

import (
	"fmt"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// inNamespace runs a function on a thread in a network namespace of its own,
// and skips the test where this user may not make one.
func inNamespace(t *testing.T, run func() error) {
	t.Helper()
	nstest.Run(t, func(t *testing.T) {
		if err := run(); err != nil {
			t.Error(err)
		}
	})
}

// TestLiveThreadNamespace: a thread in a namespace of its own reads that
// namespace's tables, which hold nothing.
func TestLiveThreadNamespace(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	inNamespace(t, func() error {
		return FS{}.Inet(socket.TCP, socket.IPv4, func(s *socket.Socket) error {
			return fmt.Errorf("a row in an empty namespace: %+v", *s)
		})
	})
}

// TestLivePing makes ping sockets where the namespace allows them to everyone.
func TestLivePing(t *testing.T) {
	t.Parallel()
	const ident = 4242
	tests := []struct {
		name           string
		domain, number int
		bind           unix.Sockaddr
		family         socket.Family
		addr           string
	}{
		{"icmp", unix.AF_INET, unix.IPPROTO_ICMP, &unix.SockaddrInet4{Port: ident}, socket.IPv4, "0.0.0.0"},
		{"icmp6", unix.AF_INET6, unix.IPPROTO_ICMPV6, &unix.SockaddrInet6{Port: ident}, socket.IPv6, "::"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inNamespace(t, func() error {
				const sysctl = "/proc/sys/net/ipv4/ping_group_range"
				if err := os.WriteFile(sysctl, []byte("0 2147483647"), 0o600); err != nil {
					return err
				}
				fd, err := unix.Socket(tt.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, tt.number)
				if err != nil {
					return err
				}
				defer unix.Close(fd)
				if err := unix.Bind(fd, tt.bind); err != nil {
					return err
				}
				var st unix.Stat_t
				if err := unix.Fstat(fd, &st); err != nil {
					return err
				}
				want := []socket.Socket{{
					Local: ipEnd(tt.addr, ident), Inode: st.Ino, UID: uint32(os.Geteuid()), HasUID: true,
					Proto: socket.Ping, Family: tt.family, Type: socket.Dgram, State: socket.Unconn,
				}}
				var got []socket.Socket
				err = FS{}.Inet(socket.Ping, tt.family, gather(&got))
				if diff := diffRows(want, got); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
				return err
			})
		})
	}
}
