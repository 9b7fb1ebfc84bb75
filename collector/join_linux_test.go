package collector

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// TestJoinTCP makes a TCP socket for every reason, and one for every way in
// which a process has one.
func TestJoinTCP(t *testing.T) {
	if !private(t, 0) {
		return
	}
	want := []string{}
	expect := func(format string, args ...any) { want = append(want, fmt.Sprintf(format, args...)) }

	server := listener(t, 1000, 16)
	expect("tcp LISTEN :1000 fd %d", server)

	client := connection(t, 2000, 1000)
	accepted := accept(t, server)
	expect("tcp ESTABLISHED :2000 -> :1000 fd %d", client)
	expect("tcp ESTABLISHED :1000 -> :2000 fd %d", accepted)

	client = connection(t, 2001, 1000)
	accepted = accept(t, server)
	must(t, unix.Close(client))
	waitForState(t, accepted, socket.CloseWait)
	must(t, unix.Close(accepted))
	settle(t, 2001, socket.TimeWait)
	expect("tcp TIME_WAIT :2001 -> :1000 time-wait")

	client = connection(t, 2002, 1000)
	accepted = accept(t, server)
	must(t, unix.Close(client))
	settle(t, 2002, socket.FinWait2)
	expect("tcp FIN_WAIT2 :2002 -> :1000 orphan")
	expect("tcp CLOSE_WAIT :1000 -> :2002 fd %d", accepted)

	client = connection(t, 2003, 1000)
	accepted = accept(t, server)
	fill(t, client)
	must(t, unix.Close(client))
	expect("tcp FIN_WAIT1 :2003 -> :1000 orphan")
	expect("tcp ESTABLISHED :1000 -> :2003 fd %d", accepted)

	queue := listener(t, 1001, 16)
	expect("tcp LISTEN :1001 fd %d", queue)
	client = connection(t, 2004, 1001)
	expect("tcp ESTABLISHED :2004 -> :1001 fd %d", client)
	expect("tcp ESTABLISHED :1001 -> :2004 not-accepted")

	client = connection(t, 2005, 1001)
	must(t, unix.Close(client))
	settle(t, 2005, socket.FinWait2)
	expect("tcp FIN_WAIT2 :2005 -> :1001 orphan")
	expect("tcp CLOSE_WAIT :1001 -> :2005 not-accepted")

	// With this option a connection stays half-open until data comes.
	deferring := listener(t, 1002, 16)
	must(t, unix.SetsockoptInt(deferring, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 30))
	expect("tcp LISTEN :1002 fd %d", deferring)
	client = connection(t, 2006, 1002)
	settle(t, 2006, socket.Established)
	expect("tcp ESTABLISHED :2006 -> :1002 fd %d", client)
	expect("tcp SYN_RECV :1002 -> :2006 not-accepted")

	idle := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	expect("tcp CLOSE :0 fd %d", idle)
	twice, err := unix.FcntlInt(uintptr(idle), unix.F_DUPFD_CLOEXEC, 500)
	must(t, err)
	want[len(want)-1] += fmt.Sprintf(" fd %d", twice)
	idle6 := open(t, unix.AF_INET6, unix.SOCK_STREAM, 0)
	expect("tcp CLOSE :0 fd %d", idle6)

	named := bound(t, unix.AF_INET, unix.SOCK_STREAM, 0, v4(1, 1003))
	expect("tcp BOUND :1003 fd %d", named)
	named6 := bound(t, unix.AF_INET6, unix.SOCK_STREAM, 0, v6(1004))
	expect("tcp BOUND :1004 fd %d", named6)

	// A second holder.
	holder := exec.Command("sleep", "60")
	passed := listener(t, 1005, 1)
	holder.ExtraFiles = []*os.File{os.NewFile(uintptr(passed), "passed")}
	must(t, holder.Start())
	defer func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	}()
	expect("tcp LISTEN :1005 fd %d pid %d", passed, holder.Process.Pid)

	rows, codes := collect(t, Options{}, everything(socket.TCP))
	slices.Sort(want)
	if diff := cmp.Diff(want, tellAll(rows)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if len(codes) > 0 {
		t.Errorf("notices %v", codes)
	}
	runtime.KeepAlive(holder) // and its file, which is the second descriptor's owner

	// What has no row of its own is not made up where its states are not wanted.
	q := everything(socket.TCP)
	q.States = socket.ListeningStates
	rows, _ = collect(t, Options{}, q)
	for _, s := range rows {
		if s.State != socket.Listen || len(s.Processes) == 0 {
			t.Errorf("among the listeners: %s", told(s))
		}
	}
	if len(rows) != 4 {
		t.Errorf("listeners: %v", tellAll(rows))
	}
	// Neither are IPv6 sockets, where only IPv4 is.
	q = everything(socket.TCP)
	q.IPv6 = false
	rows, _ = collect(t, Options{}, q)
	if n := len(want) - 2; len(rows) != n {
		t.Errorf("%d IPv4 rows, want %d: %v", len(rows), n, tellAll(rows))
	}
}

// waitForState waits until the peer's segment has come.
func waitForState(t *testing.T, fd int, want socket.State) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		must(t, err)
		if socket.State(info.State) == want {
			return
		}
	}
	t.Fatalf("descriptor %d does not come to %v", fd, want)
}

// settle waits until the connection from a local port has come to a state. Its
// last segments are acknowledged when the kernel finds the time.
func settle(t *testing.T, port uint32, want socket.State) {
	t.Helper()
	q := everything(socket.TCP)
	q.Details = 0
	var last socket.State
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		rows, _ := collect(t, Options{}, q)
		for _, s := range rows {
			if s.Local.Port == port {
				last = s.State
			}
		}
		if last == want {
			return
		}
	}
	t.Fatalf("the connection from port %d is in %v and does not come to %v", port, last, want)
}

// fill writes more than the peer takes, so that the end of the stream waits.
func fill(t *testing.T, fd int) {
	t.Helper()
	must(t, unix.SetNonblock(fd, true))
	for {
		if _, err := unix.Write(fd, make([]byte, 64<<10)); errors.Is(err, unix.EAGAIN) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestJoinOthers: datagram sockets without an address are in no table, and the
// kernel's own netlink sockets have no process.
func TestJoinOthers(t *testing.T) {
	if !private(t, 0) {
		return
	}
	udp := open(t, unix.AF_INET6, unix.SOCK_DGRAM, 0)
	lite := open(t, unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE)
	nl := open(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT)
	group := bound(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE,
		&unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1, Pid: 77})
	must(t, unix.SetsockoptInt(group, unix.SOL_SOCKET, unix.SO_RCVBUF, 4096))
	rows, codes := collect(t, Options{}, everything(socket.UDP, socket.UDPLite, socket.Netlink))
	kernels := 0
	rows = slices.DeleteFunc(rows, func(s *socket.Socket) bool {
		kernel := s.NoProcess == socket.ReasonKernel
		if kernel && (s.Proto != socket.Netlink || s.Local.Port != 0) {
			t.Errorf("not the kernel's: %s", told(s))
		}
		if kernel {
			kernels++
		}
		// The collector's own connection is there, too.
		return kernel || s.Proto == socket.Netlink && s.Local.Node == unix.NETLINK_SOCK_DIAG
	})
	if kernels < 2 {
		t.Errorf("%d netlink sockets of the kernel", kernels)
	}
	want := []string{
		fmt.Sprintf("udp UNCONN :0 fd %d", udp),
		fmt.Sprintf("udplite UNCONN :0 fd %d", lite),
		fmt.Sprintf("netlink UNCONN :0 fd %d", nl),
		fmt.Sprintf("netlink UNCONN :77 fd %d", group),
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, tellAll(rows)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for _, s := range rows {
		if s.Inode == inodeOf(t, nl) && s.Local.Node != unix.NETLINK_KOBJECT_UEVENT {
			t.Errorf("netlink protocol %d", s.Local.Node)
		}
	}
	if len(codes) > 0 {
		t.Errorf("notices %v", codes)
	}
}

// TestJoinThread collects on a thread that has moved to another namespace than
// the rest of the process.
func TestJoinThread(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("making a network namespace needs root")
	}
	outside := listener(t, 0, 1)
	defer unix.Close(outside)
	var rows []*socket.Socket
	want := []uint64{}
	nstest.Run(t, func(t *testing.T) {
		inside, idle := listener(t, 1000, 1), open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		defer unix.Close(inside)
		defer unix.Close(idle)
		want = append(want, inodeOf(t, inside), inodeOf(t, idle))
		rows, _ = collect(t, Options{}, everything(socket.TCP))
	})
	got := []uint64{}
	for _, s := range rows {
		got = append(got, s.Inode)
		// Another test may be starting a child, which then has a copy.
		if !slices.ContainsFunc(s.Processes, func(h socket.Holder) bool { return h.Process.PID == os.Getpid() }) {
			t.Errorf("without this process: %s", told(s))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inodes (-want +got):\n%s", diff)
	}
}
