package collector

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// keptNS makes a namespace that only a mount keeps, with lo up.
func keptNS(t *testing.T, place string) netns.Namespace {
	t.Helper()
	must(t, os.WriteFile(place, nil, 0o600))
	done := make(chan error, 1)
	nstest.Apart(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = unix.Mount("/proc/thread-self/ns/net", place, "", unix.MS_BIND, "")
		}
		if err == nil {
			err = nstest.LoopbackUp()
		}
		done <- err
	})
	must(t, <-done)
	ns, err := netns.Resolve(place, netns.Options{})
	must(t, err)
	return ns
}

// threadNS makes a namespace with one thread in it, which stays there until the
// test ends.
func threadNS(t *testing.T) netns.Namespace {
	t.Helper()
	done, end := make(chan error, 1), make(chan struct{})
	link := ""
	nstest.Apart(func() {
		link = fmt.Sprintf("/proc/%d/task/%d/ns/net", unix.Getpid(), unix.Gettid())
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = nstest.LoopbackUp()
		}
		done <- err
		<-end
	})
	must(t, <-done)
	t.Cleanup(func() { close(end) })
	ns, err := netns.Resolve(link, netns.Options{})
	must(t, err)
	return ns
}

// processNS starts a process in a namespace of its own. The process ends with
// the test, which is the first of its pid namespace.
func processNS(t *testing.T) netns.Namespace {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	must(t, cmd.Start())
	ns, err := netns.Resolve(fmt.Sprint(cmd.Process.Pid), netns.Options{})
	must(t, err)
	must(t, netns.Do(ns, nstest.LoopbackUp))
	return ns
}

// emptyRun puts an empty directory in place of /run.
func emptyRun(t *testing.T) {
	t.Helper()
	must(t, unix.Mount("none", "/run", "tmpfs", 0, "mode=755"))
	for _, dir := range []string{"/run/netns", "/run/docker/netns"} {
		must(t, os.MkdirAll(dir, 0o755))
	}
}

// TestAway: a collection in another namespace is the collection of one who is
// there, whatever it asks for.
func TestAway(t *testing.T) {
	if !private(t, unix.CLONE_NEWPID) {
		return
	}
	emptyRun(t)
	ns := keptNS(t, "/run/netns/web")
	listener(t, 7000, 1)                // which is at home
	must(t, netns.Do(ns, func() error { // so that interfaces have names of their own
		ip := exec.Command("ip", "-batch", "-")
		ip.Stdin = strings.NewReader("link set lo down name away0\nlink set away0 up\ntuntap add dev away1 mode tun\n")
		out, err := ip.CombinedOutput()
		if err != nil {
			t.Errorf("ip: %s", out)
		}
		return err
	}))
	must(t, netns.Do(ns, func() error {
		listener(t, 8080, 5)
		client := connection(t, 9000, 8080)
		must(t, unix.BindToDevice(client, "away0"))
		udp := bound(t, unix.AF_INET6, unix.SOCK_DGRAM, 0, v6(5353))
		must(t, unix.BindToDevice(udp, "away0"))
		bound(t, unix.AF_INET, unix.SOCK_STREAM, 0, v4(1, 8081))
		open(t, unix.AF_INET, unix.SOCK_STREAM, 0) // which no table lists
		open(t, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_UDP)
		bound(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0, &unix.SockaddrUnix{Name: "@away"})
		packet := open(t, unix.AF_PACKET, unix.SOCK_RAW, 0)
		must(t, unix.Bind(packet, &unix.SockaddrLinklayer{Protocol: 0x0300, Ifindex: 1}))
		return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("9000 9001"), 0)
	}))
	queries := map[string]Query{
		"everything":     everything(socket.Protos()...),
		"without owners": everything(socket.Protos()...),
		"a device":       everything(socket.Protos()...),
		"chosen ports":   everything(socket.TCP),
		"marks":          everything(socket.TCP, socket.UDP),
	}
	for name, q := range queries {
		q.Details |= socket.DetailNetNS | socket.DetailReuse
		switch name {
		case "without owners":
			q.Details = socket.DetailNetNS
		case "a device":
			q.Filter = parsed(t, "dev away0")
		case "chosen ports":
			q.Filter = parsed(t, "autobound or sport = :8080")
			q.Details |= socket.DetailAutobound
		case "marks":
			q.Details |= socket.DetailMark
		}
		q.Details |= filter.Details(q.Filter)
		refuse := func() (sockdiag.Conn, error) { return nil, unix.EPERM }
		for _, o := range []Options{{}, {Dial: refuse}} {
			var there []*socket.Socket
			var thereCodes []string
			must(t, netns.Do(ns, func() error {
				there, thereCodes = collect(t, o, q)
				return nil
			}))
			o.NetNS = &ns
			away, awayCodes := collect(t, o, q)
			diag := o.Dial == nil
			if diff := cmp.Diff(lines(there), lines(away)); diff != "" {
				t.Errorf("%s, sock_diag %v: rows (-there +away):\n%s", name, diag, diff)
			}
			if diff := cmp.Diff(thereCodes, awayCodes); diff != "" {
				t.Errorf("%s, sock_diag %v: notices (-there +away):\n%s", name, diag, diff)
			}
			if len(there) == 0 && (diag || name != "a device") { // which /proc/net does not tell
				t.Errorf("%s, sock_diag %v: no rows", name, diag)
			}
			for _, s := range away {
				if s.Local.Port == 7000 || s.NetNS == nil || *s.NetNS != ns.NetNS {
					t.Errorf("%s, sock_diag %v: %s of %+v", name, diag, told(s), s.NetNS)
				}
			}
		}
	}
	l, leave, err := (&linux{away: &ns}).inside()
	must(t, err)
	defer leave()
	if index, ok := l.linkIndex("away1"); !ok || !slices.Contains(l.linkIndexes(), index) || l.linkName(index) != "away1" {
		t.Errorf("away1 is %d, which is %q and not among %d", index, l.linkName(index), l.linkIndexes())
	}
	home, _ := collect(t, Options{}, everything(socket.TCP))
	if diff := cmp.Diff([]string{fmt.Sprintf("tcp LISTEN :7000 fd %d", home[0].Processes[0].FD)}, tellAll(home)); diff != "" {
		t.Errorf("at home (-want +got):\n%s", diff)
	}
}

// lines are rows in full, but for those that the reading itself makes.
func lines(rows []*socket.Socket) []string {
	var all []string
	for _, s := range rows {
		if s.Proto == socket.Netlink {
			continue
		}
		line := fmt.Sprintf("%s %v %v %q inode %d uid %d", told(s), s.Local, s.Remote, s.Device, s.Inode, s.UID)
		if s.NetNS != nil {
			line += fmt.Sprintf(" in %+v", *s.NetNS)
		}
		if s.Details != nil && s.Details.Reuse != nil {
			line += fmt.Sprintf(" reuse %+v", *s.Details.Reuse)
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

// TestAwayUnprivileged: a namespace that may not be entered is read from /proc
// where a process is in it that the user may look at, and refused otherwise.
func TestAwayUnprivileged(t *testing.T) {
	if !private(t, unix.CLONE_NEWPID) {
		return
	}
	emptyRun(t)
	thread, kept := threadNS(t), keptNS(t, "/run/netns/web")
	must(t, netns.Do(thread, func() error {
		listener(t, 8080, 5)
		return nil
	}))
	listener(t, 7000, 1)
	must(t, syscall.Setuid(65534))
	must(t, unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))

	q := everything(socket.TCP, socket.UDP)
	q.Details |= socket.DetailMark
	rows, codes := collect(t, Options{NetNS: &thread}, q)
	var got []string
	for _, s := range rows {
		got = append(got, fmt.Sprintf("%s :%d in %d", s.State, s.Local.Port, s.NetNS.Inode))
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("LISTEN :8080 in %d", thread.Inode)}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if !slices.Contains(codes, "sock-diag-unavailable") {
		t.Errorf("notices %q", codes)
	}

	c, err := New(Options{NetNS: &kept})
	must(t, err)
	_, err = c.Collect(t.Context(), q, func(*socket.Socket) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "run as root") {
		t.Errorf("a namespace that nobody is in: %v", err)
	}
	first, last, err := procfs.FS{Enter: func(func() error) error { return unix.EPERM }}.LocalPorts()
	if err == nil {
		t.Errorf("settings of a namespace that was not entered: %d-%d", first, last)
	}
}
