package sockdiag

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// heard collects events in the background.
type heard struct {
	rows chan socket.Socket
	lost chan struct{}
}

// listen subscribes on the calling thread, until the test ends.
func listen(t *testing.T, protos socket.ProtoSet, ports ...uint16) heard {
	t.Helper()
	conn, err := DialEvents(protos, ports)
	must(t, err)
	h := heard{rows: make(chan socket.Socket, 1000), lost: make(chan struct{}, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- NewEvents(conn, testIfName, socket.DetailTCPInfo, TailUnknown).Watch(ctx, func(e Event) error {
			if e.Lost() {
				h.lost <- struct{}{}
				return nil
			}
			row := *e.Socket
			row.Details = row.Details.Clone()
			h.rows <- row
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("watch: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the watch goes on after its end")
		}
	})
	return h
}

// next is the next event, which is waited for longer than it ever takes.
func (h heard) next(t *testing.T) socket.Socket {
	t.Helper()
	for {
		select {
		case row := <-h.rows:
			if row.Local.Port != 0 { // that of setting the loopback interface up has none
				return row
			}
		case <-time.After(10 * time.Second):
			t.Error("no event")
			runtime.Goexit()
		}
	}
}

// expect compares all of a row but its tcp_info.
func (h heard) expect(t *testing.T, of live, want socket.Socket) {
	t.Helper()
	got := h.next(t)
	if want.Proto == socket.TCP && (got.Details == nil || got.Details.TCP == nil) {
		t.Errorf("no tcp_info: %+v", got)
	}
	got.Details = nil
	want.Cookie = of.cookie
	if diff := diffRows(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

// TestLiveEvents: each way in which a socket comes to its end.
func TestLiveEvents(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		h := listen(t, socket.ProtoSetOf(socket.TCP, socket.UDP))
		tcp := socket.Socket{Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Close}
		udp := socket.Socket{Proto: socket.UDP, Family: socket.IPv4, Type: socket.Dgram, State: socket.Unconn}
		local := func(port int) unix.Sockaddr { return &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port} }
		make4 := func(typ int, port int) (int, live) {
			fd, err := unix.Socket(unix.AF_INET, typ|unix.SOCK_CLOEXEC, 0)
			must(t, err)
			must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
			must(t, unix.Bind(fd, local(port)))
			return fd, liveOf(t, fd)
		}

		bound, it := make4(unix.SOCK_STREAM, 1001)
		must(t, unix.Close(bound))
		want := tcp
		want.Local = inetEnd("127.0.0.1", 1001)
		h.expect(t, it, want)

		listener, theListener := make4(unix.SOCK_STREAM, 1002)
		must(t, unix.Listen(listener, 5))
		client, it := make4(unix.SOCK_STREAM, 1003)
		must(t, unix.Connect(client, local(1002)))
		server, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		must(t, err)
		theServer := liveOf(t, server)
		// The client goes first and leaves a FIN_WAIT2, which later is TIME_WAIT,
		// behind: its socket is gone all the same.
		must(t, unix.Close(client))
		want.Local, want.Remote = inetEnd("127.0.0.1", 1003), inetEnd("127.0.0.1", 1002)
		h.expect(t, it, want)
		must(t, unix.Close(server))
		want.Local, want.Remote = want.Remote, want.Local
		h.expect(t, theServer, want)
		must(t, unix.Close(listener))
		want.Remote = socket.Endpoint{}
		h.expect(t, theListener, want)

		datagrams, it := make4(unix.SOCK_DGRAM, 1004)
		must(t, unix.Close(datagrams))
		want = udp
		want.Local = inetEnd("127.0.0.1", 1004)
		h.expect(t, it, want)
		connected, it := make4(unix.SOCK_DGRAM, 1004)
		must(t, unix.Connect(connected, local(1005)))
		must(t, unix.Close(connected))
		want.State, want.Remote = socket.Established, inetEnd("127.0.0.1", 1005)
		h.expect(t, it, want)

		six, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		must(t, unix.SetsockoptString(six, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, "lo"))
		must(t, unix.Bind(six, &unix.SockaddrInet6{Port: 1006}))
		it = liveOf(t, six)
		must(t, unix.Close(six))
		want = tcp
		want.Family, want.Local, want.Device = socket.IPv6, inetEnd("::", 1006), "eth1"
		h.expect(t, it, want)
	})
}

// TestLiveEventsOfPorts: the kernel keeps what nobody asked for to itself.
func TestLiveEventsOfPorts(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		few := listen(t, socket.ProtoSetOf(socket.UDP), 2001, 2003)
		none := listen(t, socket.ProtoSetOf(socket.TCP))
		for port := 2000; port <= 2004; port++ {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			must(t, err)
			must(t, unix.Bind(fd, &unix.SockaddrInet4{Port: port}))
			must(t, unix.Close(fd))
		}
		var ports []uint32
		for range 2 {
			ports = append(ports, few.next(t).Local.Port)
		}
		slices.Sort(ports) // which the kernel need not do
		if !slices.Equal(ports, []uint32{2001, 2003}) || len(few.rows) > 0 || len(none.rows) > 0 {
			t.Errorf("events of %v, %d more, %d of TCP", ports, len(few.rows), len(none.rows))
		}
	})
}

// TestLiveEventsOverrun: who does not listen is told that something was lost.
func TestLiveEventsOverrun(t *testing.T) {
	t.Parallel()
	nstest.Run(t, func(t *testing.T) {
		conn, err := DialEvents(socket.ProtoSetOf(socket.UDP), nil)
		must(t, err)
		defer conn.Close()
		overrun := make(chan struct{})
		raw, err := conn.(eventConn).file.SyscallConn()
		must(t, err)
		go func() {
			defer close(overrun)
			_ = raw.Control(func(fd uintptr) {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
				_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd)}}, 10_000) // for POLLERR
			})
		}()
		for done := false; !done; {
			select {
			case <-overrun:
				done = true
			default:
				fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
				must(t, err)
				must(t, unix.Close(fd))
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		enough := errors.New("enough")
		err = NewEvents(conn, testIfName, 0, TailUnknown).Watch(ctx, func(e Event) error {
			if e.Lost() {
				if e.Missing < 1 {
					t.Errorf("%d events are missing", e.Missing)
				}
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Errorf("nothing was lost: %v", err)
		}
	})
}

const privilegeTest = "SOCKDIAG_EVENTS_AS_NOBODY"

// TestLiveEventsPrivilege: it takes no privilege to listen.
func TestLiveEventsPrivilege(t *testing.T) {
	if os.Getenv(privilegeTest) != "" {
		h := listen(t, socket.ProtoSetOf(socket.UDP), 3001)
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		must(t, unix.Bind(fd, &unix.SockaddrInet4{Port: 3001}))
		must(t, unix.Close(fd))
		if got := h.next(t); got.Local.Port != 3001 {
			t.Errorf("an event of %+v", got)
		}
		return
	}
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become nobody in a network namespace")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestLiveEventsPrivilege$", "-test.v", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), privilegeTest+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET, Credential: &syscall.Credential{Uid: 65534, Gid: 65534},
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}
