//go:build linux

package mksock

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func getxattr(h holding, name string, buffer []byte) (int, error) {
	return unix.Getxattr(fmt.Sprintf("/proc/%d/fd/%d", h.pid, h.fd), name, buffer)
}

const listen = "tcp-listen:127.0.0.1:8080,label=web"

func (s *stage) mustHold(labels ...string) {
	s.t.Helper()
	for _, label := range labels {
		h, ok := s.held[label]
		if !ok {
			s.t.Errorf("%s is not reported", label)
		} else if h.inode != s.held["web"].inode || h.link() != h.target() {
			s.t.Errorf("%s: descriptor of socket %d is %s", label, s.held["web"].inode, h.link())
		}
	}
}

// nobody checks that no descriptor of the process refers to the socket.
func (s *stage) nobody() {
	s.t.Helper()
	h := s.held["web"]
	if h.pid != 0 || h.fd != -1 {
		s.t.Errorf("web is reported as held by %d, descriptor %d", h.pid, h.fd)
	}
	for _, table := range []string{"fd", "task/" + fmt.Sprint(s.pid) + "/fd"} {
		dir := fmt.Sprintf("/proc/%d/%s/", s.pid, table)
		entries, err := os.ReadDir(dir)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range entries {
			if target, err := os.Readlink(dir + e.Name()); err == nil && target == h.target() {
				s.t.Errorf("%s%s still refers to the socket", dir, e.Name())
			}
		}
	}
	s.compare(s.run("ss", "-Htane"), []string{`LISTEN .* ino:{inode web} sk:{cookie web} .*`})
}

func TestFork(t *testing.T) {
	t.Parallel()
	s := start(t, listen+",fork=2")
	s.mustHold("web", "web_child1", "web_child2")
	pids := map[int]bool{}
	for _, h := range s.order {
		pids[h.pid] = true
	}
	if len(pids) != 3 {
		t.Errorf("%d processes hold the socket, want 3", len(pids))
	}
	child := s.held["web_child1"].pid
	s.stop()
	if err := unix.Kill(child, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("child %d is there after the end: %v", child, err)
	}
}

// The thread is in another network namespace than the process, and the
// descriptor is in the common table.
func TestAway(t *testing.T) {
	t.Parallel()
	s := start(t, listen+",away")
	s.mustHold("web")
	main, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := 0
	for _, task := range tasks {
		if there, err := os.Readlink(fmt.Sprintf("/proc/%d/task/%s/ns/net", s.pid, task.Name())); err == nil && there != main {
			elsewhere++
		}
	}
	if elsewhere != 1 {
		t.Errorf("%d threads are in another namespace, want 1", elsewhere)
	}
	s.compare(s.run("ss", "-Htan"), nil)
}

// A parent that is killed has no time to end its children.
func TestChildrenDieWithParent(t *testing.T) {
	t.Parallel()
	s := start(t, listen+",fork=1")
	child := s.held["web_child1"].pid
	if err := unix.Kill(s.pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); !gone(child); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("child %d outlives its parent", child)
		}
	}
}

// gone counts a zombie that nobody has reaped yet as gone.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestPassed(t *testing.T) {
	t.Parallel()
	s := start(t, listen+",passed")
	s.mustHold("web", "web_receiver")
	// Nothing of the way it went remains.
	s.compare(s.run("ss", "-Hxan"), nil)
}

func TestPassedOnly(t *testing.T) {
	t.Parallel()
	s := start(t, listen+",passed=only")
	s.mustHold("web_receiver")
	s.nobody()
}

func TestInFlight(t *testing.T) {
	t.Parallel()
	s := start(t, listen+",inflight")
	s.nobody()
	s.compare(s.run("ss", "-Hxane"), []string{
		`u_dgr ESTAB 0 [1-9]\d* \* {inode web_sender} \* {inode web_queue} .*`,
		`u_dgr ESTAB [1-9]\d* 0 \* {inode web_queue} \* {inode web_sender} .*`,
	})
}

func TestIOUring(t *testing.T) {
	t.Parallel()
	start(t, listen+",iouring").nobody()
}

func TestThread(t *testing.T) {
	t.Parallel()
	s := start(t, "udp:127.0.0.1:53", listen+",thread")
	h := s.held["web"]
	if h.tid == 0 || h.tid == h.pid {
		t.Errorf("thread of process %d is %d", h.pid, h.tid)
	}
	s.mustHold("web")
	if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", h.pid, h.fd)); err == nil && target == h.target() {
		t.Error("the process shares the descriptor of the thread")
	}
	// The thread has nothing that belongs to the process.
	if in, ok := s.held["udp"]; !ok {
		t.Error("udp is not reported")
	} else if in.tid = h.tid; in.link() == in.target() {
		t.Error("the thread shares the descriptor of the process")
	}
}

func TestLeaderExit(t *testing.T) {
	t.Parallel()
	s := start(t, listen+",leader-exit")
	h := s.held["web"]
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.pid))
	if err != nil || !strings.Contains(string(stat), ") Z ") {
		t.Errorf("leader is not a zombie: %s %v", stat, err)
	}
	if entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.pid)); err == nil && len(entries) > 0 {
		t.Errorf("the leader still has %d descriptors", len(entries))
	}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", h.pid))
	if err != nil {
		t.Fatal(err)
	}
	holders := 0
	for _, task := range tasks {
		link := fmt.Sprintf("/proc/%d/task/%s/fd/%d", h.pid, task.Name(), h.fd)
		if target, err := os.Readlink(link); err == nil && target == h.target() {
			holders++
		}
	}
	if holders == 0 {
		t.Error("no thread holds the socket")
	}
	s.stop()
	if !gone(h.pid) {
		t.Error("the process outlives mksock")
	}
}

func TestName(t *testing.T) {
	for _, test := range []struct{ escaped, want string }{
		{`web`, "web"},
		{``, ""},
		{`a) R (b`, "a) R (b"},
		{`a\nb\x1b[31m`, "a\nb\x1b[31m"},
		{`\xff\xfe`, "\xff\xfe"},
		{`0123456789abcdefgh`, "0123456789abcde"},
	} {
		t.Run(test.escaped, func(t *testing.T) {
			t.Parallel()
			s := start(t, "-name", test.escaped, listen+",fork=1")
			for _, h := range s.order {
				comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", h.pid))
				if err != nil || string(comm) != test.want+"\n" {
					t.Errorf("%s: comm is %q, %v, want %q", h.label, comm, err, test.want)
				}
			}
		})
	}
}

func TestUID(t *testing.T) {
	t.Parallel()
	before := start(t, "-uid", "60123", listen)
	before.compare(before.run("ss", "-Htane"), []string{`LISTEN .* uid:60123 ino:{inode web} .*`})
	after := start(t, "-uid-after", "60124", listen)
	after.compare(after.run("ss", "-Htane"), []string{`LISTEN .*:\* ino:{inode web} .*`})
	for pid, want := range map[int]string{before.pid: "60123", after.pid: "60124"} {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil || !strings.Contains(string(status), "Uid:\t"+want+"\t"+want+"\t"+want) {
			t.Errorf("process %d is not of user %s: %v", pid, want, err)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	first := start(t, listen)
	second := startIn(t, t.TempDir(), "-join", fmt.Sprintf("/proc/%d/ns/net", first.pid), "tcp-listen:127.0.0.1:8081,label=b")
	second.held["web"] = first.held["web"]
	second.compare(first.run("ss", "-Htane"), []string{`.* ino:{inode web} .*`, `.* ino:{inode b} .*`})
}

// Each name refuses its own call and leaves the others alone.
func TestSeccomp(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, test := range []struct {
		list string
		want map[string]bool // refused?
	}{
		{"sock_diag", map[string]bool{"sock_diag": true, "route": false, "kcmp": false}},
		{"netlink", map[string]bool{"sock_diag": true, "route": true, "kcmp": false}},
		{"kcmp,sock_diag", map[string]bool{"sock_diag": true, "route": false, "kcmp": true}},
	} {
		cmd := command("-seccomp", test.list, "-exec", "/proc/self/exe", "-test.run=^TestRefused$", "-test.v")
		cmd.Env = append(cmd.Env, "MKSOCK_PROBE=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for call, refused := range test.want {
			if line := fmt.Sprintf("refused %s %t\n", call, refused); !strings.Contains(string(out), line) {
				t.Errorf("-seccomp %s: no line %q in\n%s", test.list, line, out)
			}
		}
	}
}

// TestRefused is the other side of TestSeccomp.
func TestRefused(t *testing.T) {
	if os.Getenv("MKSOCK_PROBE") == "" {
		t.Skip("runs inside TestSeccomp")
	}
	for name, protocol := range map[string]int{"sock_diag": unix.NETLINK_SOCK_DIAG, "route": unix.NETLINK_ROUTE} {
		_, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, protocol)
		fmt.Printf("refused %s %t\n", name, errors.Is(err, unix.EPERM))
	}
	self := uintptr(os.Getpid())
	_, _, errno := unix.Syscall6(unix.SYS_KCMP, self, self, 0, 0, 0, 0)
	fmt.Printf("refused kcmp %t\n", errno == unix.EPERM)
}

func TestExec(t *testing.T) {
	needRoot(t)
	t.Parallel()
	out, err := command("-uid", "60123", "-hide", "/proc", "-exec", "sh", "-c", "id -u; ls /proc | wc -l; exit 3").CombinedOutput()
	var status *exec.ExitError
	if !errors.As(err, &status) || status.Sys().(syscall.WaitStatus).ExitStatus() != 3 {
		t.Errorf("status: %v", err)
	}
	if string(out) != "60123\n0\n" {
		t.Errorf("output: %q", out)
	}
}
