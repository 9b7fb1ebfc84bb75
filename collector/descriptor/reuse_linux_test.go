package descriptor

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// TestReuse asks sockets of this process what it set.
func TestReuse(t *testing.T) {
	t.Parallel()
	var i Inspector
	defer i.Close()
	for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM} {
		for _, want := range []socket.Reuse{
			{Address: socket.No, Port: socket.No},
			{Address: socket.Yes, Port: socket.No},
			{Address: socket.No, Port: socket.Yes},
			{Address: socket.Yes, Port: socket.Yes},
		} {
			fd := open(t, unix.AF_INET, kind, 0)
			if want.Address == socket.Yes {
				must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
			}
			if want.Port == socket.Yes {
				must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
			}
			got, _, err := i.Reuse(os.Getpid(), 0, fd, inodeOf(t, fd))
			if err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		}
	}
}

// TestReuseV6Only: the socket tells IPV6_V6ONLY, and one of IPv4 has none.
func TestReuseV6Only(t *testing.T) {
	t.Parallel()
	var i Inspector
	defer i.Close()
	for value, want := range []socket.Tri{socket.No, socket.Yes} {
		fd := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
		must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, value))
		if _, got, err := i.Reuse(os.Getpid(), 0, fd, inodeOf(t, fd)); err != nil || got != want {
			t.Errorf("%+v, %v; want %v", got, err, want)
		}
	}
}

// TestReuseGone: a descriptor that was closed, or is another file by now, tells
// nothing.
func TestReuseGone(t *testing.T) {
	t.Parallel()
	var i Inspector
	defer i.Close()
	fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	if _, _, err := i.Reuse(os.Getpid(), 0, fd, inodeOf(t, fd)+1); !errors.Is(err, ErrGone) {
		t.Errorf("another socket: %v", err)
	}
	if _, _, err := i.Reuse(os.Getpid(), 0, 1<<20, 1); !errors.Is(err, ErrGone) {
		t.Errorf("no descriptor: %v", err)
	}
	file, err := os.Open("/dev/null")
	must(t, err)
	defer file.Close()
	if _, _, err := i.Reuse(os.Getpid(), 0, int(file.Fd()), inodeOf(t, int(file.Fd()))); !errors.Is(err, ErrGone) {
		t.Errorf("no socket: %v", err)
	}
}
