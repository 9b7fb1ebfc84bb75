package collector

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/socket"
)

// onPort asks for what has a local port, in the states that keep others from it.
func onPort(t *testing.T, port int) Query {
	t.Helper()
	q := everything(socket.TCP, socket.UDP)
	q.Details |= socket.DetailTimer | socket.DetailReuse
	q.Filter = parsed(t, fmt.Sprintf("sport = :%d", port))
	return q
}

// found are rows with the labels of their namespaces.
func found(rows []*socket.Socket, names map[uint64]string) []string {
	var all []string
	for _, s := range rows {
		line := fmt.Sprintf("%s: %s %s %s", names[s.NetNS.Inode], s.Proto, s.State, s.Local.Addr)
		if s.NoProcess != socket.ReasonNone {
			line += " " + s.NoProcess.String()
		}
		for _, h := range s.Processes {
			if h.Process.PID == os.Getpid() {
				line += " held"
			}
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

// TestElsewhere finds the sockets of namespaces of every kind.
func TestElsewhere(t *testing.T) {
	if !private(t, unix.CLONE_NEWPID) {
		return
	}
	emptyRun(t)
	names := map[uint64]string{}
	all := map[string]netns.Namespace{
		"thread": threadNS(t), "process": processNS(t), "empty": threadNS(t),
		"web": keptNS(t, "/run/netns/web"), "docker": keptNS(t, "/run/docker/netns/0123456789ab"),
	}
	for name, ns := range all {
		names[ns.Inode] = name
	}
	in := func(name string, f func()) {
		must(t, netns.Do(all[name], func() error { f(); return nil }))
	}
	listener(t, 8080, 1) // at home
	for _, name := range []string{"thread", "process", "docker"} {
		in(name, func() { listener(t, 8080, 1) })
	}
	in("web", func() {
		listener(t, 8080, 1)
		listener(t, 80, 1)
		client := connection(t, 9000, 8080)
		must(t, unix.Close(client)) // before the connection is accepted
		bound(t, unix.AF_INET6, unix.SOCK_DGRAM, 0, v6(8080))
	})
	in("thread", func() { bound(t, unix.AF_INET, unix.SOCK_STREAM, 0, v4(2, 8080)) })

	rows, notices, err := Elsewhere(t.Context(), Options{}, onPort(t, 8080))
	must(t, err)
	want := []string{
		"docker: tcp LISTEN 127.0.0.1 held",
		"process: tcp LISTEN 127.0.0.1 held",
		"thread: tcp BOUND 127.0.0.2 held",
		"thread: tcp LISTEN 127.0.0.1 held",
		"web: tcp CLOSE_WAIT 127.0.0.1 not-accepted",
		"web: tcp LISTEN 127.0.0.1 held",
		"web: udp UNCONN ::1 held",
	}
	if diff := cmp.Diff(want, found(rows, names)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]socket.Notice(nil), notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	for _, s := range rows {
		if s.State == socket.Listen && (s.Details == nil || s.Details.Reuse == nil) {
			t.Errorf("%s: SO_REUSEADDR is not known", told(s))
		}
		if name := map[string]string{"web": "web", "docker": "0123456789ab"}[names[s.NetNS.Inode]]; s.NetNS.Name != name {
			t.Errorf("%s is in namespace %q, not %q", told(s), s.NetNS.Name, name)
		}
	}

	// Seen from another one, home is one of the others.
	home, err := netns.Resolve("/proc/self/ns/net", netns.Options{})
	must(t, err)
	names[home.Inode] = "home"
	web := all["web"]
	q := onPort(t, 8080)
	q.Protos, q.States = socket.ProtoSetOf(socket.TCP), socket.StateSetOf(socket.Listen)
	q.Details = 0
	rows, _, err = Elsewhere(t.Context(), Options{NetNS: &web}, q)
	must(t, err)
	want = []string{
		"docker: tcp LISTEN 127.0.0.1", "home: tcp LISTEN 127.0.0.1",
		"process: tcp LISTEN 127.0.0.1", "thread: tcp LISTEN 127.0.0.1",
	}
	if diff := cmp.Diff(want, found(rows, names)); diff != "" {
		t.Errorf("from web (-want +got):\n%s", diff)
	}

	// Sockets that no table lists are of the namespace that they were made in.
	in("web", func() { open(t, unix.AF_INET, unix.SOCK_STREAM, 0) })
	in("docker", func() { open(t, unix.AF_INET, unix.SOCK_DGRAM, 0) })
	q = everything(socket.TCP, socket.UDP)
	q.States = socket.StateSetOf(socket.Close, socket.Unconn)
	rows, _, err = Elsewhere(t.Context(), Options{}, q)
	must(t, err)
	want = []string{"docker: udp UNCONN 0.0.0.0 held", "web: tcp CLOSE 0.0.0.0 held", "web: udp UNCONN ::1 held"}
	if diff := cmp.Diff(want, found(rows, names)); diff != "" {
		t.Errorf("unbound (-want +got):\n%s", diff)
	}
}

// TestElsewhereUnprivileged says what was not searched.
func TestElsewhereUnprivileged(t *testing.T) {
	if !private(t, unix.CLONE_NEWPID) {
		return
	}
	emptyRun(t)
	thread := threadNS(t)
	process := processNS(t)
	keptNS(t, "/run/netns/a")
	keptNS(t, "/run/netns/b")
	must(t, netns.Do(thread, func() error { listener(t, 8080, 1); return nil }))
	second := threadNS(t)
	must(t, netns.Do(second, func() error { listener(t, 8080, 1); return nil }))
	must(t, syscall.Setuid(65534))
	must(t, unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
	rows, notices, err := Elsewhere(t.Context(), Options{}, onPort(t, 8080))
	must(t, err)
	want := []string{"second: tcp LISTEN 127.0.0.1 held", "thread: tcp LISTEN 127.0.0.1 held"}
	if diff := cmp.Diff(want, found(rows, map[uint64]string{thread.Inode: "thread", second.Inode: "second"})); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	var got []string
	for _, n := range notices {
		got = append(got, fmt.Sprintf("%s %d", n.Code, n.Count))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{
		"descriptors-hidden 1", "details-unavailable 0", "netns-hidden 1", "netns-refused 2", "owners-partial 2", "sock-diag-unavailable 0",
	}, got); diff != "" {
		t.Errorf("notices of %+v, %d is the hidden one (-want +got):\n%s", notices, process.PID, diff)
	}

	// What several namespaces have to say is said once, with one count.
	q := onPort(t, 8080)
	q.Filter = parsed(t, "sport = :8080 and fwmark 5")
	q.Details = socket.DetailMark
	rows, notices, err = Elsewhere(t.Context(), Options{}, q)
	must(t, err)
	undecided := slices.DeleteFunc(notices, func(n socket.Notice) bool { return n.Code != "filter-undecided" && n.Code != "sock-diag-unavailable" })
	if len(rows) > 0 || len(undecided) != 2 || undecided[1].Count != 2 || !strings.HasSuffix(undecided[0].Message, "(in 2 other network namespaces)") {
		t.Errorf("rows %q, notices %+v", tellAll(rows), undecided)
	}
}
