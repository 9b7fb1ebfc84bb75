package saved

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

func must(t *testing.T) func(fd int, err error) int {
	return func(fd int, err error) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
}

// bound makes a TCP socket with an address that lives as long as the test.
func bound(t *testing.T, addr unix.Sockaddr, options ...func(fd int) error) int {
	t.Helper()
	family := unix.AF_INET
	if _, ok := addr.(*unix.SockaddrInet6); ok {
		family = unix.AF_INET6
	}
	fd := must(t)(unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	t.Cleanup(func() { _ = unix.Close(fd) })
	for _, option := range options {
		if err := option(fd); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Bind(fd, addr); err != nil {
		t.Fatal(err)
	}
	return fd
}

func listen(t *testing.T, addr unix.Sockaddr, options ...func(fd int) error) int {
	t.Helper()
	fd := bound(t, addr, options...)
	if err := unix.Listen(fd, 7); err != nil {
		t.Fatal(err)
	}
	return fd
}

// TestWhatSSWrites: the sockets in a file of the real ss are those that there
// are, with all their details.
func TestWhatSSWrites(t *testing.T) {
	t.Parallel()
	ss, err := exec.LookPath("ss")
	if err != nil {
		t.Skip("there is no ss")
	}
	nstest.Enter(t)
	server := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 8000}
	fd := listen(t, server)
	listen(t, &unix.SockaddrInet6{Addr: [16]byte{15: 1}, Port: 8001}, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	})
	listen(t, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 8002}, func(fd int) error {
		return errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, 0x2a),
			unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, 0x10),
			unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, "lo"),
		)
	})
	client := bound(t, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 2}})
	if err := unix.Connect(client, server); err != nil {
		t.Fatal(err)
	}
	accepted, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
	t.Cleanup(func() { _ = unix.Close(must(t)(accepted, err)) })
	over := bound(t, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 3}})
	if err := unix.Connect(over, server); err != nil { // not accepted yet
		t.Fatal(err)
	}
	_ = unix.Shutdown(over, unix.SHUT_WR)

	path := filepath.Join(t.TempDir(), "dump")
	if out, err := exec.Command(ss, "-taneimo", "--tos", "--inet-sockopt", "-D", path).CombinedOutput(); err != nil {
		t.Fatalf("ss: %v: %s", err, out)
	}
	q := everything
	q.Protos = socket.ProtoSetOf(socket.TCP)
	q.States = socket.AllStates &^ socket.StateSetOf(socket.Bound, socket.Close)
	q.Details = socket.DetailExtended | socket.DetailMark | socket.DetailTimer | socket.DetailMemory |
		socket.DetailTCPInfo | socket.DetailTOS | socket.DetailIPFlags
	machine, err := collector.New(collector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := sorted(t, machine, q)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f, err := Open(file, path)
	if err != nil {
		t.Fatal(err)
	}
	got := sorted(t, f, q)
	if len(want) != 7 {
		t.Fatalf("%d sockets, want 7", len(want))
	}
	for _, s := range want {
		if s.Device != "" {
			s.Device = "if1" // the file has no names
		}
		if s.Inode == 0 {
			s.UID, s.HasUID = 0, false // nor does it say whether its kernel knew
		}
	}
	diff := cmp.Diff(
		want, got,
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmpopts.IgnoreFields(socket.Timer{}, "Expires"),
		// These go with time, and the last is told by the kernel's version.
		cmpopts.IgnoreFields(socket.TCPInfo{}, "LastDataSent", "LastDataRecv", "LastAckRecv", "BusyTime", "AccECN"),
	)
	if diff != "" {
		t.Errorf("file (-there +read):\n%s", diff)
	}
	if marked := slices.ContainsFunc(got, func(s *socket.Socket) bool {
		return s.Local.Port == 8002 && s.Details.Extended.Mark == 0x2a && s.Details.IP.TOS == 0x10 && s.Details.TCP.Size > 200
	}); !marked {
		t.Error("the details of 8002 are not there")
	}
}

// sorted gathers the rows of a collector in an order of their own.
func sorted(t *testing.T, c collector.Collector, q collector.Query) []*socket.Socket {
	t.Helper()
	var rows []*socket.Socket
	report, err := collector.Gather(t.Context(), c, q, func(s *socket.Socket) { rows = append(rows, s) })
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range report.Notices {
		if n.Code != "interfaces-unnamed" {
			t.Errorf("notice %s: %s", n.Code, n.Message)
		}
	}
	slices.SortFunc(rows, socket.Compare)
	return rows
}
