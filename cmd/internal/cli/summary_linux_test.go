package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/netns/nstest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openSocket makes a socket that lives as long as the child.
func openSocket(t *testing.T, family, kind int) int {
	t.Helper()
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	return fd
}

func loopback(port int) unix.Sockaddr {
	return &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}
}

func boundSocket(t *testing.T, kind, port int) int {
	t.Helper()
	fd := openSocket(t, unix.AF_INET, kind)
	must(t, unix.Bind(fd, loopback(port)))
	return fd
}

func listenOn(t *testing.T, port, backlog int) int {
	t.Helper()
	fd := boundSocket(t, unix.SOCK_STREAM, port)
	must(t, unix.Listen(fd, backlog))
	return fd
}

func connectTo(t *testing.T, port int) (int, error) {
	t.Helper()
	fd := openSocket(t, unix.AF_INET, unix.SOCK_STREAM)
	return fd, unix.Connect(fd, loopback(port))
}

// answer is what the tests look for in the JSON.
type answer struct {
	Notices []struct{ Code, Message string }
	Summary struct {
		Counters struct {
			Sockets int
			TCP     struct {
				Total, Established, Closed, Orphaned int
				TimeWait                             int `json:"time_wait"`
			}
			Transports map[string]struct{ Total, IPv4, IPv6 int }
			TurnedAway struct {
				ListenOverflows int `json:"listen_overflows"`
			} `json:"turned_away"`
		}
		Sockets struct {
			States map[string]int
		}
		Ephemeral struct {
			First, Last, Size, Bound, TCP, UDP int
			Destinations                       []struct {
				Remote     struct{ Port int }
				Used, Free int
				TimeWait   int `json:"time_wait"`
			}
		}
		TimeWait  struct{ Count, TCP int } `json:"time_wait"`
		Listeners struct {
			Total, Full int
			Worst       []struct {
				Full   bool
				Socket struct {
					Proto string
					RecvQ int `json:"recv_q"`
					SendQ int `json:"send_q"`
				}
			}
		}
	}
}

func ask(t *testing.T, set func(*listOptions, *collector.Query)) answer {
	t.Helper()
	stdout, _, err := summarise(t, func(o *listOptions, q *collector.Query) {
		o.json = true
		if set != nil {
			set(o, q)
		}
	})
	must(t, err)
	var a answer
	if err := json.Unmarshal([]byte(stdout), &a); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	for _, n := range a.Notices {
		t.Errorf("notice %s: %s", n.Code, n.Message)
	}
	return a
}

// eventually waits for what the kernel does in its own time.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 100 {
		if done() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// TestSummaryLikeSS makes sockets of all that ss counts and compares the
// numbers with its own.
func TestSummaryLikeSS(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	ss, err := exec.LookPath("ss")
	if err != nil {
		t.Skip("needs ss: ", err)
	}
	listener := listenOn(t, 9000, 100)
	for i := range 8 {
		fd, err := connectTo(t, 9000)
		must(t, err)
		accepted, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		must(t, err)
		if i < 5 {
			unix.Close(fd)
			unix.Close(accepted)
		}
	}
	orphan, err := connectTo(t, 9000)
	must(t, err)
	must(t, unix.SetNonblock(orphan, true))
	for data := make([]byte, 1<<20); err == nil; {
		_, err = unix.Write(orphan, data)
	}
	unix.Close(orphan)                            // nobody takes what it has sent
	openSocket(t, unix.AF_INET, unix.SOCK_STREAM) // unbound
	boundSocket(t, unix.SOCK_STREAM, 7000)
	boundSocket(t, unix.SOCK_DGRAM, 7000)
	openSocket(t, unix.AF_UNIX, unix.SOCK_STREAM)
	if fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err == nil {
		must(t, unix.Bind(fd, &unix.SockaddrInet6{Addr: [16]byte{15: 1}, Port: 7001}))
		must(t, unix.Listen(fd, 1))
	}
	raw, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	must(t, err)
	defer unix.Close(raw)

	var want, got, text string
	eventually(t, "the numbers of ss", func() bool {
		// Those of the whole machine change while other programs run.
		out, err := exec.Command(ss, "-s").Output()
		must(t, err)
		want = strings.Join(strings.Fields(string(out)), " ")
		text, _, err = summarise(t, func(o *listOptions, _ *collector.Query) { o.summary = "counters" })
		must(t, err)
		head, _, _ := strings.Cut(text, "UNIX ")
		before, _, _ := strings.Cut(head, "(closed counts")
		_, after, _ := strings.Cut(head, "machine)")
		got = strings.Join(strings.Fields(before+after), " ")
		return got == want
	})
	if t.Failed() {
		t.Logf("(-want +got):\n%s", cmp.Diff(want, got))
	}
	c := ask(t, func(o *listOptions, _ *collector.Query) { o.summary = "counters" }).Summary.Counters
	if c.TCP.TimeWait < 3 || c.TCP.Established < 6 || c.Transports["udp"].IPv4 != 1 || c.Transports["raw"].Total != 1 {
		t.Errorf("%+v\n%s", c, text)
	}
	if c.Sockets == 0 || c.TCP.Orphaned == 0 || c.TCP.Closed < c.TCP.TimeWait+2 {
		t.Errorf("%+v\n%s", c, text)
	}
	// What is counted one by one adds up to the counters.
	all := ask(t, nil).Summary
	if states := all.Sockets.States; states["ESTABLISHED"] != all.Counters.TCP.Established-states["CLOSE_WAIT"] ||
		states["TIME_WAIT"] != all.Counters.TCP.TimeWait || all.TimeWait.Count != states["TIME_WAIT"] {
		t.Errorf("states %v, counters %+v", states, all.Counters.TCP)
	}
}

// TestSummaryEphemeral fills a small range of ports until connect() fails.
func TestSummaryEphemeral(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	setting := func(name, value string) {
		must(t, os.WriteFile(filepath.Join("/proc/sys/net/ipv4", name), []byte(value), 0))
	}
	// Of a range of odd size the kernel can overlook the last free port.
	setting("ip_local_port_range", "40000 40019")
	setting("ip_local_reserved_ports", "40004-40005")
	setting("tcp_tw_reuse", "0")
	listener := listenOn(t, 9000, 100)
	listenOn(t, 40010, 1)
	boundSocket(t, unix.SOCK_STREAM, 40011)
	boundSocket(t, unix.SOCK_DGRAM, 40012)

	if e := ask(t, nil).Summary.Ephemeral; e.First != 40000 || e.Last != 40019 || e.Size != 18 || e.Bound != 2 || e.TCP != 2 || e.UDP != 1 || len(e.Destinations) > 0 {
		t.Errorf("before: %+v", e)
	}
	var connected []int
	for {
		fd, err := connectTo(t, 9000)
		if errors.Is(err, unix.EADDRNOTAVAIL) {
			break
		}
		must(t, err)
		connected = append(connected, fd)
		accepted, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		must(t, err)
		defer unix.Close(accepted)
		if len(connected) <= 6 {
			// The port stays in use: the one who closes first waits.
			unix.Close(fd)
			unix.Close(accepted)
		}
	}
	listenOn(t, 9001, 100)
	_, err := connectTo(t, 9001) // towards which all ports are left
	must(t, err)

	a := ask(t, nil).Summary
	e := a.Ephemeral
	if len(connected) != 16 || e.Size != 18 || e.Bound != 2 || e.TCP != 18 || e.UDP != 1 || len(e.Destinations) != 2 {
		t.Fatalf("%d connections: %+v", len(connected), e)
	}
	if d := e.Destinations[0]; d.Used != 16 || d.TimeWait != 6 || d.Free != 0 || d.Remote.Port != 9000 {
		t.Errorf("worst: %+v", d)
	}
	if d := e.Destinations[1]; d.Used != 1 || d.TimeWait != 0 || d.Free != 15 || d.Remote.Port != 9001 {
		t.Errorf("other: %+v", d)
	}
	if a.TimeWait.Count != 6 {
		t.Errorf("TIME_WAIT: %+v", a.TimeWait)
	}
	text, _, err := summarise(t, nil)
	must(t, err)
	const warning = "\n! ephemeral range 100% used towards 127.0.0.1:9000: 0 ports left, 6 in TIME_WAIT\n"
	if !strings.HasSuffix(text, warning) || !strings.Contains(text, "; tcp_tw_reuse off\n") {
		t.Errorf("no warning in\n%s", text)
	}
}

// TestSummaryAcceptQueue makes listeners that nobody accepts from.
func TestSummaryAcceptQueue(t *testing.T) {
	if !nstest.Child(t, 0) {
		return
	}
	listenOn(t, 9000, 1)
	listenOn(t, 9001, 9)
	listenOn(t, 9002, 2)
	for _, port := range []int{9000, 9000, 9001, 9002, 9002} {
		_, err := connectTo(t, port)
		must(t, err)
	}
	late := openSocket(t, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
	if err := unix.Connect(late, loopback(9000)); !errors.Is(err, unix.EINPROGRESS) {
		t.Errorf("connect to a full queue: %v", err)
	}
	path := &unix.SockaddrUnix{Name: "@full"}
	full := openSocket(t, unix.AF_UNIX, unix.SOCK_STREAM)
	must(t, unix.Bind(full, path))
	must(t, unix.Listen(full, 0))
	must(t, unix.Connect(openSocket(t, unix.AF_UNIX, unix.SOCK_STREAM), path))

	s := ask(t, nil).Summary
	l := s.Listeners
	if l.Total != 4 || l.Full != 2 || len(l.Worst) != 2 {
		t.Fatalf("%+v", l)
	}
	var got []string
	for _, w := range l.Worst {
		got = append(got, fmt.Sprintf("%s %d/%d %t", w.Socket.Proto, w.Socket.RecvQ, w.Socket.SendQ, w.Full))
	}
	if diff := cmp.Diff([]string{"tcp 2/1 true", "unix 1/0 true"}, got); diff != "" {
		t.Errorf("worst (-want +got):\n%s", diff)
	}
	if s.Counters.TurnedAway.ListenOverflows == 0 {
		t.Error("the kernel has counted nothing")
	}
	text, _, err := summarise(t, nil)
	must(t, err)
	const warnings = "\n! accept queue full: tcp 127.0.0.1:9000; new connections are turned away\n" +
		"! accept queue full: unix @full; connect() waits\n"
	if !strings.HasSuffix(text, warnings) {
		t.Errorf("no warnings in\n%s", text)
	}
}
