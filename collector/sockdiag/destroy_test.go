package sockdiag

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// acknowledge answers a request with an errno, 0 for success.
func acknowledge(errno syscall.Errno) answer {
	return func(seq uint32) []reply {
		body := pack(uint32(-int32(errno)), make([]byte, 16))
		return []reply{datagram(pack(uint32(16+len(body)), uint16(2), uint16(0), seq, uint32(0), body))}
	}
}

func noInterfaces(string) (uint32, bool) { return 0, false }

// TestDestroyRequest spells struct inet_diag_req_v2 out.
func TestDestroyRequest(t *testing.T) {
	t.Parallel()
	k := &kernel{t: t, answers: []answer{acknowledge(0)}}
	s := socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, State: socket.TimeWait, Cookie: 0x1122334455667788, Device: "eth0",
		Local:  socket.Endpoint{Addr: netip.MustParseAddr("192.0.2.1"), Port: 8080},
		Remote: socket.Endpoint{Addr: netip.MustParseAddr("192.0.2.2"), Port: 50000},
	}
	err := k.client().Destroy(t.Context(), &s, func(name string) (uint32, bool) { return 7, name == "eth0" })
	if err != nil {
		t.Fatal(err)
	}
	body := pack(
		uint8(2), uint8(6), uint8(0), uint8(0), ^uint32(0),
		be(8080), be(50000),
		[]byte{192, 0, 2, 1}, make([]byte, 12), []byte{192, 0, 2, 2}, make([]byte, 12),
		uint32(7), uint32(0x55667788), uint32(0x11223344),
	)
	want := pack(uint32(16+len(body)), uint16(21), uint16(5), uint32(1), uint32(0), body) // REQUEST|ACK
	if diff := cmp.Diff(want, k.sent[0]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestDestroyErrors(t *testing.T) {
	t.Parallel()
	v4 := socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: 80}
	established := socket.Socket{Proto: socket.TCP, Family: socket.IPv4, State: socket.Established, Cookie: 5, Local: v4, Remote: v4}
	tests := []struct {
		name   string
		change func(*socket.Socket)
		errno  syscall.Errno
		want   error
		asked  bool
	}{
		{"gone", nil, syscall.ENOENT, ErrNotFound, true},
		{"not root", nil, syscall.EPERM, ErrNotNetAdmin, true},
		{"not built in", nil, syscall.EOPNOTSUPP, ErrNoDestroy, true},
		{"udplite", func(s *socket.Socket) { s.Proto = socket.UDPLite }, syscall.EOPNOTSUPP, ErrIndestructible, true},
		{"something else", nil, syscall.EIO, syscall.EIO, true},
		{"sctp", func(s *socket.Socket) { s.Proto = socket.SCTP }, 0, ErrIndestructible, false},
		{"mptcp", func(s *socket.Socket) { s.Proto = socket.MPTCP }, 0, ErrIndestructible, false},
		{"unix", func(s *socket.Socket) { s.Proto = socket.Unix }, 0, ErrIndestructible, false},
		{"of /proc", func(s *socket.Socket) { s.Cookie = 0 }, 0, ErrNoCookie, false},
		{"device gone", func(s *socket.Socket) { s.Device = "eth9" }, 0, ErrUnknownDevice, false},
	}
	for _, tt := range tests {
		k := &kernel{t: t}
		if tt.asked {
			k.answers = []answer{acknowledge(tt.errno)}
		}
		s := established
		if tt.change != nil {
			tt.change(&s)
		}
		err := k.client().Destroy(t.Context(), &s, noInterfaces)
		var typed *Error
		if !errors.Is(err, tt.want) || !errors.As(err, &typed) || len(k.answers) > 0 {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestDestroyMember: the member of a group is looked for from other peers, and
// no longer than until the kernel says anything else.
func TestDestroyMember(t *testing.T) {
	t.Parallel()
	s := socket.Socket{
		Proto: socket.UDP, Family: socket.IPv6, State: socket.Unconn, Cookie: 5,
		Local: socket.Endpoint{Addr: netip.IPv6Unspecified(), Port: 53},
	}
	k := &kernel{t: t, answers: []answer{acknowledge(syscall.ENOENT), acknowledge(syscall.ENOENT), acknowledge(syscall.ENOENT), acknowledge(0)}}
	if err := k.client().Destroy(t.Context(), &s, noInterfaces); err != nil {
		t.Error(err)
	}
	peers := map[string]bool{}
	for _, request := range k.sent {
		peers[string(request[16+8+2:16+8+4])+string(request[16+8+20:16+8+36])] = true
		if cookie := native.Uint32(request[16+8+40:]); cookie != 5 {
			t.Errorf("asked for cookie %d", cookie)
		}
	}
	if len(peers) != 4 {
		t.Errorf("%d peers, want 4", len(peers))
	}
}
