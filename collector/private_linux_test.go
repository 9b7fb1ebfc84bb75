package collector

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// private runs the calling test in a child with a network namespace of its
// own, where nothing is but what the test makes, and reports whether this is
// that child. More namespaces can be given. The caller returns where it is
// false.
func private(t *testing.T, flags uintptr) bool {
	t.Helper()
	if !nstest.Child(t, flags) {
		return false
	}
	if flags&unix.CLONE_NEWPID == 0 {
		must(t, seeEveryProcess())
	}
	return true
}

// seeEveryProcess makes sure that no process is hidden from root, as the first
// one can be by a security module. Where it is, nothing that it might hold can
// be given a reason, and the tests are about those.
func seeEveryProcess() error {
	if _, err := os.Readlink("/proc/1/fd/0"); !errors.Is(err, unix.EACCES) {
		return nil
	}
	return unix.Mount("tmpfs", "/proc/1", "tmpfs", unix.MS_RDONLY, "")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open makes a socket that lives as long as the test, at least.
func open(t *testing.T, family, kind, protocol int) int {
	t.Helper()
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	must(t, err)
	return fd
}

// v4 is an address of the loopback network, v6 is ::1.
func v4(last byte, port int) unix.Sockaddr {
	return &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, last}, Port: port}
}

func v6(port int) unix.Sockaddr { return &unix.SockaddrInet6{Addr: [16]byte{15: 1}, Port: port} }

// bound makes a socket with an address.
func bound(t *testing.T, family, kind, protocol int, address unix.Sockaddr) int {
	t.Helper()
	fd := open(t, family, kind, protocol)
	must(t, unix.Bind(fd, address))
	return fd
}

// listener makes a TCP listener on 127.0.0.1.
func listener(t *testing.T, port, backlog int) int {
	t.Helper()
	fd := bound(t, unix.AF_INET, unix.SOCK_STREAM, 0, v4(1, port))
	must(t, unix.Listen(fd, backlog))
	return fd
}

// connection makes a client of a listener, from a port of its choice.
func connection(t *testing.T, from, to int) int {
	t.Helper()
	fd := bound(t, unix.AF_INET, unix.SOCK_STREAM, 0, v4(1, from))
	must(t, unix.Connect(fd, v4(1, to)))
	return fd
}

func accept(t *testing.T, listener int) int {
	t.Helper()
	fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	must(t, err)
	return fd
}

func inodeOf(t *testing.T, fd int) uint64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Fstat(fd, &st))
	return st.Ino
}

// everything asks for all states of some protocols, with their holders.
func everything(protos ...socket.Proto) Query {
	return Query{
		Protos: socket.ProtoSetOf(protos...), IPv4: true, IPv6: true,
		States: socket.AllStates, Details: socket.DetailOwners | socket.DetailPeer,
	}
}

// collect gathers the rows of a query and the codes of its notices. One is left
// out: the processes of strangers are seen, too, and some may be looked into and
// not copied from. Sockets of the test that cannot be looked at are missing rows.
func collect(t *testing.T, o Options, q Query) ([]*socket.Socket, []string) {
	t.Helper()
	c, err := New(o)
	must(t, err)
	var rows []*socket.Socket
	report, err := c.Collect(t.Context(), q, func(s *socket.Socket) error {
		kept := *s
		rows = append(rows, &kept)
		return nil
	})
	must(t, err)
	var codes []string
	for _, n := range report.Notices {
		if n.Code != "descriptors-unreadable" {
			codes = append(codes, n.Code)
		}
	}
	return rows, codes
}

// told is a row as the tests speak of it.
func told(s *socket.Socket) string {
	line := fmt.Sprintf("%s %s :%d", s.Proto, s.State, s.Local.Port)
	if s.Remote.Port != 0 {
		line += fmt.Sprintf(" -> :%d", s.Remote.Port)
	}
	if s.NoProcess != socket.ReasonNone {
		line += " " + s.NoProcess.String()
	}
	for _, h := range s.Processes {
		if h.Process.PID == os.Getpid() {
			line += fmt.Sprintf(" fd %d", h.FD)
		} else {
			line += fmt.Sprintf(" pid %d", h.Process.PID)
		}
	}
	return line
}

func tellAll(rows []*socket.Socket) []string {
	var all []string
	for _, s := range rows {
		all = append(all, told(s))
	}
	slices.Sort(all)
	return all
}
