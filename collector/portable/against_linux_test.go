package portable_test

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/portable"
	"github.com/sockls/sockls/collector/socket"
)

// menagerie makes sockets of each kind that both collectors can see.
func menagerie(t *testing.T) {
	t.Helper()
	listen := func(network, at string) *net.TCPListener {
		l, err := net.Listen(network, at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l.(*net.TCPListener)
	}
	dial := func(network, at string) net.Conn {
		c, err := net.Dial(network, at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	accept := func(l net.Listener) net.Conn {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	server := listen("tcp4", "127.0.0.1:1000")
	listen("tcp6", "[::1]:1001")
	listen("tcp6", "[::]:1002") // IPV6_V6ONLY
	dual := listen("tcp", "[::]:1003")
	listen("tcp4", "0.0.0.0:1004")

	dial("tcp4", "127.0.0.1:1000")
	accept(server)
	dial("tcp4", "127.0.0.1:1003") // a mapped address at the other end
	accept(dual)
	half := dial("tcp4", "127.0.0.1:1000")
	accept(server)
	half.Close()                           // FIN_WAIT2 and CLOSE_WAIT
	over := dial("tcp4", "127.0.0.1:1000") // TIME_WAIT
	other := accept(server)
	over.Close()
	time.Sleep(50 * time.Millisecond)
	other.Close()
	dial("tcp4", "127.0.0.1:1000") // not accepted

	for _, at := range []string{"127.0.0.1:1100", "[::1]:1101", "[::]:1102"} {
		c, err := net.ListenPacket("udp", at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	dial("udp4", "127.0.0.1:1100")
	dial("udp6", "[::1]:1101")

	shared, err := server.File() // another descriptor of the same socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shared.Close() })
	time.Sleep(50 * time.Millisecond)
}

// TestAgainstLinux holds what is made of gopsutil's rows against the collector of
// Linux: the same sockets, in the same states, of the same processes.
func TestAgainstLinux(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	menagerie(t)
	const details = socket.DetailOwners | socket.DetailCommand | socket.DetailExe | socket.DetailStarted | socket.DetailProcessUser | socket.DetailParents
	q := collector.Query{
		Protos: socket.ProtoSetOf(socket.TCP, socket.UDP), IPv4: true, IPv6: true,
		States: socket.AllStates &^ (1<<socket.Close | 1<<socket.Bound), Details: details,
	}
	native, err := collector.New(collector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	truth := map[string]*socket.Socket{}
	if _, err := native.Collect(t.Context(), q, func(s *socket.Socket) error {
		truth[place(s)] = s
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const least = 18
	if len(truth) < least {
		t.Fatalf("a menagerie of %d", len(truth))
	}
	seen := 0
	report, err := portable.NewLinux().Collect(t.Context(), portable.Query(q), func(s *socket.Socket) error {
		seen++
		is, ok := truth[place(s)]
		if !ok {
			t.Errorf("there is no %s", place(s))
			return nil
		}
		delete(truth, place(s))
		compare(t, is, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := range truth {
		t.Errorf("%s was not seen", at)
	}
	if len(report.Source.Tables) != 4 || report.Source.Owners != "gopsutil" || len(report.Notices) != 0 {
		t.Errorf("report %+v", report)
	}
	t.Logf("%d sockets", seen)
}

func place(s *socket.Socket) string {
	remote := "-"
	if !s.Remote.IsZero() && s.Remote.Port != 0 {
		remote = fmt.Sprintf("%s %d", s.Remote.Addr, s.Remote.Port)
	}
	return fmt.Sprintf("%s %s %s %s %d > %s", s.Proto, s.Family, s.State, s.Local.Addr, s.Local.Port, remote)
}

// compare holds the processes of a row against the truth. gopsutil knows one
// descriptor of each socket.
func compare(t *testing.T, is, s *socket.Socket) {
	t.Helper()
	if (len(is.Processes) == 0) != (len(s.Processes) == 0) {
		t.Errorf("%s: holders %v, and are %v", place(s), s.Processes, is.Processes)
		return
	}
	if len(s.Processes) == 0 {
		if is.State == socket.TimeWait && s.NoProcess != socket.ReasonTimeWait {
			t.Errorf("%s: nobody, for %s", place(s), s.NoProcess)
		}
		return
	}
	h := s.Processes[0]
	at := slices.IndexFunc(is.Processes, func(o socket.Holder) bool { return o.Process.PID == h.Process.PID && o.FD == h.FD })
	if at < 0 {
		t.Errorf("%s: holder %d/%d", place(s), h.Process.PID, h.FD)
		return
	}
	o, p := is.Processes[at].Process, h.Process
	// The names of processes are longer than the kernel's where gopsutil finds more.
	if !strings.HasPrefix(p.Name, o.Name) || p.Command != o.Command || p.Exe != o.Exe || p.UID != o.UID || p.User != o.User {
		t.Errorf("%s: %+v is %+v", place(s), p, o)
	}
	if d := p.Started.Sub(o.Started); d < -2*time.Second || d > 2*time.Second {
		t.Errorf("%s: started %v, not %v", place(s), p.Started, o.Started)
	}
	if len(p.Parents) == 0 || p.Parents[0].PID != os.Getppid() {
		t.Errorf("%s: parents %v", place(s), p.Parents)
	}
}

// TestHoldersThroughLibrary: holders of single rows.
func TestHoldersThroughLibrary(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	menagerie(t)
	q := portable.Query{Protos: socket.ProtoSetOf(socket.TCP), IPv4: true, States: socket.StateSetOf(socket.Listen)}
	c := portable.NewLinux()
	var rows []*socket.Socket
	if _, err := c.Collect(t.Context(), q, func(s *socket.Socket) error {
		rows = append(rows, s)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.FindHolders(t.Context(), q, rows); err != nil || len(rows) != 2 {
		t.Fatal(len(rows), err)
	}
	for _, s := range rows {
		if len(s.Processes) != 1 || s.Processes[0].Process.PID != unix.Getpid() {
			t.Errorf("%s: %v", place(s), s.Processes)
		}
	}
}
