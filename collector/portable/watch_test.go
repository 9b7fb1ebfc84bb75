package portable_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
)

// row is a socket as these systems list it, without an inode, and seldom with a cookie.
func row(state socket.State, local, remote string, cookie uint64) *socket.Socket {
	end := func(text string) (e socket.Endpoint) {
		if text != "" {
			at := netip.MustParseAddrPort(text)
			e = socket.Endpoint{Addr: at.Addr(), Port: uint32(at.Port())}
		}
		return e
	}
	return &socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: state,
		Local: end(local), Remote: end(remote), Cookie: cookie, NoQueues: true,
	}
}

// TestWatchWithoutInodes: sockets are told apart by what these systems tell.
func TestWatchWithoutInodes(t *testing.T) {
	const at, peer = "127.0.0.1:80", "127.0.0.1:9"
	tests := []struct {
		name       string
		prev, next []*socket.Socket
		want       []string
	}{
		{"nothing", []*socket.Socket{row(socket.Listen, at, "", 0)}, []*socket.Socket{row(socket.Listen, at, "", 0)}, nil},
		{"one of two that are alike", []*socket.Socket{row(socket.Listen, at, "", 0), row(socket.Listen, at, "", 0)}, []*socket.Socket{row(socket.Listen, at, "", 0)}, []string{"close LISTEN"}},
		{"another listener in its place", []*socket.Socket{row(socket.Listen, at, "", 5)}, []*socket.Socket{row(socket.Listen, at, "", 6)}, []string{"open LISTEN", "close LISTEN"}},
		{"the end of a connection", []*socket.Socket{row(socket.Established, at, peer, 0)}, []*socket.Socket{row(socket.TimeWait, at, peer, 0)}, []string{"change TIME_WAIT"}},
		{"a listener beside its connection", []*socket.Socket{row(socket.Listen, at, "", 0)}, []*socket.Socket{row(socket.Listen, at, "", 0), row(socket.Established, at, peer, 0)}, []string{"open ESTABLISHED"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range watch.Diff(tt.prev, tt.next, 0, time.Now()) {
				got = append(got, fmt.Sprint(e.Kind, " ", e.Socket.State))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
