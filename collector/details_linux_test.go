package collector

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// report collects rows with their details and what there is to say of them.
func report(t *testing.T, o Options, q Query) ([]*socket.Socket, []socket.Notice) {
	t.Helper()
	c, err := New(o)
	must(t, err)
	var rows socket.Rows
	r, err := Gather(context.Background(), c, q, func(s *socket.Socket) { rows.Add(s) })
	must(t, err)
	return rows.All, r.Notices
}

func noticeOf(all []socket.Notice, code string) *socket.Notice {
	for i := range all {
		if all[i].Code == code {
			return &all[i]
		}
	}
	return nil
}

// TestReuseOfSockets asks sockets through those who hold them, and nobody about
// those that none holds.
func TestReuseOfSockets(t *testing.T) {
	if !private(t, 0) {
		return
	}
	both := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.SetsockoptInt(both, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(t, unix.SetsockoptInt(both, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
	must(t, unix.Bind(both, v4(1, 1001)))
	must(t, unix.Listen(both, 5))
	bound(t, unix.AF_INET, unix.SOCK_DGRAM, 0, v4(1, 1002))
	listener(t, 1003, 5)
	connection(t, 1004, 1003) // its other end waits to be accepted

	q := everything(socket.TCP, socket.UDP)
	q.Details |= socket.DetailReuse
	rows, notices := report(t, Options{}, q)
	got := map[uint32]*socket.Reuse{}
	for _, s := range rows {
		if s.Local.Port == 1003 && s.State != socket.Listen {
			if s.Details != nil && s.Details.Reuse != nil {
				t.Errorf("a socket without a holder tells %+v", s.Details.Reuse)
			}
			continue
		}
		if s.Details != nil {
			got[s.Local.Port] = s.Details.Reuse
		}
	}
	neither := &socket.Reuse{Address: socket.No, Port: socket.No}
	want := map[uint32]*socket.Reuse{1001: {Address: socket.Yes, Port: socket.Yes}, 1002: neither, 1003: neither, 1004: neither}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reuse (-want +got):\n%s", diff)
	}
	if n := noticeOf(notices, "options-hidden"); n != nil {
		t.Errorf("nothing was refused, and yet: %+v", n)
	}
}

// TestDetailsOfStray: a socket that only a descriptor shows has no details of
// tables, and can be asked all the same.
func TestDetailsOfStray(t *testing.T) {
	if !private(t, 0) {
		return
	}
	fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	q := everything(socket.TCP)
	q.Details |= socket.DetailReuse | socket.DetailTimer | socket.DetailTCPInfo
	rows, _ := report(t, Options{}, q)
	if len(rows) != 1 || rows[0].Details == nil || rows[0].Details.Reuse == nil || rows[0].Details.Reuse.Address != socket.Yes {
		t.Fatalf("rows: %+v", rows)
	}
	if rows[0].Details.TCP != nil {
		t.Errorf("tcp_info of a socket in no table: %+v", rows[0].Details.TCP)
	}
}

// TestRefreshedDetails: sockets in flight have a file and no holder, and are
// therefore read a second time. Their details are then their own.
func TestRefreshedDetails(t *testing.T) {
	if !private(t, 0) {
		return
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	for i := range 20 {
		fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, i<<2))
		must(t, unix.Bind(fd, v4(1, 2001+i)))
		must(t, unix.Listen(fd, 1))
		must(t, unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(fd), nil, 0))
		must(t, unix.Close(fd))
	}
	q := everything(socket.TCP)
	q.Details |= socket.DetailTOS
	rows, _ := report(t, Options{}, q)
	for _, s := range rows {
		if s.NoProcess != socket.ReasonInFlight || s.Details == nil || s.Details.IP == nil {
			t.Errorf("%s: %+v", told(s), s.Details)
		} else if tos := uint8(s.Local.Port-2001) << 2; s.Details.IP.TOS != tos {
			t.Errorf("port %d has TOS %d, want %d", s.Local.Port, s.Details.IP.TOS, tos)
		}
	}
	if len(rows) != 20 {
		t.Errorf("%d rows", len(rows))
	}
}

// TestCgroups gives a group's path and its id, both ways, as root and as others.
func TestCgroups(t *testing.T) {
	if !private(t, 0) {
		return
	}
	mount, err := procfs.FS{}.CgroupMount()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no cgroup v2 hierarchy")
	}
	must(t, err)
	dir, err := os.MkdirTemp(mount, "sockls-test-")
	if err != nil {
		t.Skipf("making a cgroup: %v", err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	inner := filepath.Join(dir, "a b")
	must(t, os.Mkdir(inner, 0o755))
	t.Cleanup(func() { os.Remove(inner) })
	want := strings.TrimPrefix(inner, mount)

	// A child makes the socket, in that group.
	child := exec.Command("/proc/self/exe", "-test.run=^TestHoldSocket$")
	child.Env = append(os.Environ(), "COLLECTOR_HOLD="+inner)
	in, err := child.StdinPipe()
	must(t, err)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	defer func() { in.Close(); _ = child.Wait() }() // it ends with its input, and says nothing new
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}

	q := everything(socket.TCP)
	q.Details = socket.DetailExtended | socket.DetailCgroupPath
	rows, _ := report(t, Options{}, q)
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	e := rows[0].Details.Extended
	if e.CgroupPath != want {
		t.Errorf("path %q, want %q", e.CgroupPath, want)
	}
	for _, name := range []string{want, inner, strings.TrimPrefix(inner, "/sys/fs/cgroup")} {
		c := cgroups{}
		if id, err := c.id(name); id != e.CgroupID || err != nil {
			t.Errorf("id of %q: %d, %v; want %d", name, id, err, e.CgroupID)
		}
		c.close()
	}
	var c cgroups
	defer c.close()
	if _, err := c.id("/no/such/group"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a group that is not there: %v", err)
	}
	if name := c.path(1 << 60); name != "" {
		t.Errorf("a group that is not there has the path %q", name)
	}
	must(t, c.open())
	if c.walk(); c.names[e.CgroupID] != want {
		t.Errorf("a user who may not open handles finds %q, want %q", c.names[e.CgroupID], want)
	}
	root, err := c.id("/")
	if err != nil || c.path(root) != "/" {
		t.Errorf("the root: %d, %v, %q", root, err, c.path(root))
	}
}

// TestHoldSocket is the child of TestCgroups.
func TestHoldSocket(t *testing.T) {
	group := os.Getenv("COLLECTOR_HOLD")
	if group == "" {
		return
	}
	must(t, os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0))
	listener(t, 1005, 5)
	_, _ = os.Stdout.WriteString("x")
	_, _ = os.Stdin.Read(make([]byte, 1))
	must(t, os.WriteFile(filepath.Join(filepath.Dir(filepath.Dir(group)), "cgroup.procs"), []byte("0"), 0))
}

// TestNoCgroups: without the hierarchy there is a notice and no path.
func TestNoCgroups(t *testing.T) {
	t.Parallel()
	c := collection{reader: newReader(&session{linux: &linux{}}, Query{Details: socket.DetailCgroupPath}), extras: newExtras(procfs.FS{Root: t.TempDir()})}
	defer c.extras.close()
	s := &socket.Socket{Details: &socket.Details{Extended: &socket.Extended{CgroupID: 1}}}
	c.detail(s)
	if s.Details.Extended.CgroupPath != "" || noticeOf(c.detailNotices(), "cgroups-unavailable") == nil {
		t.Errorf("path %q, notices %+v", s.Details.Extended.CgroupPath, c.detailNotices())
	}
	if _, err := c.extras.cgroups.id("/a"); err == nil {
		t.Error("a group without a hierarchy has an id")
	}
}

// TestNetAdmin is about the one capability that shows more: root has it, and
// loses it with the capability or by owning no more than another's namespace.
func TestNetAdmin(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	const own = "/proc/thread-self/ns/net"
	if !hasNetAdmin(own) {
		t.Skip("root without CAP_NET_ADMIN")
	}
	lost := make(chan bool)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with what it has lost
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var sets [2]unix.CapUserData
		if unix.Capget(&header, &sets[0]) == nil {
			sets[0].Effective &^= 1 << unix.CAP_NET_ADMIN
			if unix.Capset(&header, &sets[0]) == nil {
				lost <- hasNetAdmin(own)
				return
			}
		}
		lost <- false
	}()
	if <-lost {
		t.Error("the capability was given up, and yet is there")
	}
}

// TestMarks: who may not see marks is told so, and a filter on them does not
// take none for an answer.
func TestMarks(t *testing.T) {
	if !private(t, 0) {
		return
	}
	fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, 7))
	must(t, unix.Bind(fd, v4(1, 1001)))
	must(t, unix.Listen(fd, 5))
	q := everything(socket.TCP)
	q.Details = socket.DetailMark
	rows, notices := report(t, Options{}, q)
	if len(rows) != 1 || rows[0].Details.Extended == nil || rows[0].Details.Extended.Mark != 7 || noticeOf(notices, "marks-hidden") != nil {
		t.Errorf("as root: %+v, %+v", rows[0].Details, notices)
	}
	runtime.LockOSThread() // and never unlocked
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	must(t, unix.Capget(&header, &sets[0]))
	sets[0].Effective &^= 1 << unix.CAP_NET_ADMIN
	must(t, unix.Capset(&header, &sets[0]))
	rows, notices = report(t, Options{}, q)
	if len(rows) != 1 || rows[0].Details.Extended != nil || noticeOf(notices, "marks-hidden") == nil {
		t.Errorf("without the capability: %+v, %+v", rows[0].Details.Extended, notices)
	}
}

// TestDetailsOfFallback: /proc/net tells none of them, which is said.
func TestDetailsOfFallback(t *testing.T) {
	t.Parallel()
	c := collection{reader: newReader(&session{linux: &linux{}}, Query{Details: socket.DetailTimer | socket.DetailMemory})}
	if n := c.detailNotices(); len(n) != 0 {
		t.Errorf("nothing fell back: %+v", n)
	}
	c.poor = socket.ProtoSetOf(socket.TCP)
	n := noticeOf(c.detailNotices(), "details-unavailable")
	if n == nil || !strings.Contains(n.Message, "timers, memory") || !strings.Contains(n.Message, "tcp") {
		t.Errorf("%+v", c.detailNotices())
	}
	c.query.Details = socket.DetailQueues | socket.DetailOwners
	if n := c.detailNotices(); len(n) != 0 {
		t.Errorf("nothing was asked for that /proc/net lacks: %+v", n)
	}
}

// TestTCPInfoTail: the release decides what the struct does not tell.
func TestTCPInfoTail(t *testing.T) {
	t.Parallel()
	var got []int
	for _, release := range []string{"5.10.0", "6.17.9", "6.18.4-arch1", "6.19", "7.0.0-rc1", "7.1", "garbage"} {
		got = append(got, int(tcpInfoTail(release)))
	}
	if want := []int{0, 0, 1, 1, 2, 2, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
