package probe

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// still lets nothing of this program fork until the test is over: between fork
// and exec a child has a copy of every descriptor, and what is closed here is not
// closed.
func still(t *testing.T) {
	t.Helper()
	syscall.ForkLock.RLock()
	t.Cleanup(syscall.ForkLock.RUnlock)
}

// command runs a program in the thread's namespace.
func command(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// existing is a socket that is there before the probe.
type existing struct {
	udp                  bool
	addr                 string // "" for 127.0.0.1
	reuseAddr, reusePort bool
	v6only               bool
	device               string
	uid                  int
	listen               bool
}

// port is the one that everything here is about.
const port = 4242

// makeAll makes them and returns a function that closes them.
func makeAll(t *testing.T, all []existing) (end func()) {
	t.Helper()
	var fds []int
	for _, e := range all {
		fds = append(fds, e.make(t))
	}
	return func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
}

// make makes it; the caller closes it.
func (e existing) make(t *testing.T) int {
	t.Helper()
	fd, err := e.open(t)
	must(t, err)
	return fd
}

// open is make with the error of bind or listen.
func (e existing) open(t *testing.T) (int, error) {
	t.Helper()
	family, addr := parse(t, e.addr)
	kind := unix.SOCK_STREAM
	if e.udp {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	set := func(on bool, level, name int) {
		if on {
			must(t, unix.SetsockoptInt(fd, level, name, 1))
		}
	}
	set(e.reuseAddr, unix.SOL_SOCKET, unix.SO_REUSEADDR)
	set(e.reusePort, unix.SOL_SOCKET, unix.SO_REUSEPORT)
	set(e.v6only, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
	if e.device != "" {
		must(t, unix.BindToDevice(fd, e.device))
	}
	if e.uid != 0 {
		must(t, unix.Fchown(fd, e.uid, -1))
	}
	err = unix.Bind(fd, addr)
	if err == nil && e.listen {
		err = unix.Listen(fd, 16)
	}
	return fd, err
}

// parse makes an address with port.
func parse(t *testing.T, text string) (int, unix.Sockaddr) {
	t.Helper()
	switch text {
	case "", "127.0.0.1":
		return unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	case "0.0.0.0":
		return unix.AF_INET, &unix.SockaddrInet4{Port: port}
	case "127.0.0.2":
		return unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 2}}
	case "::":
		return unix.AF_INET6, &unix.SockaddrInet6{Port: port}
	case "::1":
		return unix.AF_INET6, &unix.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}}
	}
	t.Fatal(fmt.Errorf("no address %q", text))
	return 0, nil
}
