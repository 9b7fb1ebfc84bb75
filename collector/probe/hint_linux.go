package probe

import (
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// forget clears what the bucket of a port remembers of a socket with
// SO_REUSEPORT that could be bound: its user and its address, for which further
// checks are left out (sk_reuseport_match in net/ipv4/inet_connection_sock.c).
// What is compared is less than what was checked, so a later socket could get
// away with what it is refused otherwise.
//
// The memory is cleared by any socket without SO_REUSEPORT that is bound. One in
// repair mode can be, whoever has the port. That mode is for administrators of
// the namespace; for others the memory stays, as it stays after any program that
// was bound there for a moment.
func forget(b why.Bind) {
	if b.Proto != socket.TCP || !b.ReusePort {
		return
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) != nil {
		return
	}
	if b.Device != "" && unix.BindToDevice(fd, b.Device) != nil {
		return
	}
	// Both families have one bucket. An error is of no interest: there is no more
	// that could be tried.
	_ = unix.Bind(fd, &unix.SockaddrInet4{Port: int(b.Port)})
}
