package owner

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// only finds the one holder of a socket.
func only(t *testing.T, details socket.Detail, pid int, inode uint64) *socket.Process {
	t.Helper()
	held := find(t, Want{Details: details, PIDs: []int32{int32(pid)}}, inode).Holders(0)
	if len(held) != 1 {
		t.Fatalf("holders %+v", descriptors(held))
	}
	return held[0].Process
}

func TestDir(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "new\nline", "\xff (deleted)"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		file, inode := listen(t)
		c := start(t, order{Role: "hold", Dir: []byte(dir)}, nil, file)
		if got := only(t, socket.DetailDir, c.pid, inode).Dir; got != dir {
			t.Errorf("directory %q, want %q", got, dir)
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		if got := only(t, socket.DetailDir, c.pid, inode).Dir; got != dir+" (deleted)" {
			t.Errorf("a directory that is gone: %q", got)
		}
	}
}

// TestInnerPID: the first process of a pid namespace of its own.
func TestInnerPID(t *testing.T) {
	t.Parallel()
	needRoot(t)
	file, inode := listen(t)
	c := start(t, order{Role: "hold"}, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}, file)
	p := only(t, socket.DetailWorkload|socket.DetailParents, c.pid, inode)
	if p.InnerPID != 1 || p.Workload == nil {
		t.Errorf("inner pid %d, workload %+v", p.InnerPID, p.Workload)
	}
	if len(p.Parents) == 0 || p.Parents[0].PID != os.Getpid() {
		t.Errorf("parents %+v", p.Parents)
	}
	own, inode := listen(t)
	outside := start(t, order{Role: "hold"}, nil, own)
	if p := only(t, socket.DetailWorkload, outside.pid, inode); p.InnerPID != 0 {
		t.Errorf("inner pid %d of a process outside", p.InnerPID)
	}
}

// cgroup makes a control group in the unified hierarchy until the test ends, and
// opens it.
func cgroup(t *testing.T, path string) *os.File {
	t.Helper()
	needRoot(t)
	mount, err := procfs.FS{}.CgroupMount()
	if err != nil {
		t.Skip("no unified hierarchy of control groups is mounted: ", err)
	}
	at := mount
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		at = filepath.Join(at, name)
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Skip("no control group can be made: ", err)
		}
		dir := at
		t.Cleanup(func() {
			if err := os.Remove(dir); err != nil {
				t.Error(err)
			}
		})
	}
	file, err := os.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func inGroup(group *os.File) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
}

// TestWorkload: a process in a control group of the kernel's.
func TestWorkload(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0123456789abcdef", 4)
	unit := "sockls-test-" + strconv.Itoa(os.Getpid()) + ".service"
	path := "/" + unit + "/libpod-payload-" + id
	group := cgroup(t, path)
	file, inode := listen(t)
	c := start(t, order{Role: "hold"}, inGroup(group), file)
	want := &socket.Workload{
		Cgroup: path, Unit: unit, Container: &socket.Container{Runtime: "podman", ID: id},
	}
	if diff := cmp.Diff(want, only(t, socket.DetailWorkload, c.pid, inode).Workload); diff != "" {
		t.Errorf("workload (-want +got):\n%s", diff)
	}
	c.end()
}

// TestWorkloadName finds the name in the files of an engine, for what the system
// runs and for nothing that a user does.
func TestWorkloadName(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0123456789abcdef", 4)
	root := t.TempDir()
	dir := filepath.Join(root, "var/lib/docker/containers", id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.v2.json"), []byte(`{"Name":"/web"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorkloads(procfs.FS{}, root)
	for path, want := range map[string]string{
		"/docker/" + id: "web",
		"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id + ".scope": "",
	} {
		got := w.byGroups([]procfs.Cgroup{{Path: path}})
		if got.Container == nil || got.Container.Name != want || got.Container.ID != id {
			t.Errorf("%s: %+v", path, got.Container)
		}
		if again := w.byGroups([]procfs.Cgroup{{Path: path}}); again != got {
			t.Errorf("%s: not shared", path)
		}
	}
}

// TestProxy: only root's docker-proxy is believed.
func TestProxy(t *testing.T) {
	t.Parallel()
	needRoot(t)
	o := order{Role: "hold", Name: []byte("docker-proxy"), Args: strings.Fields(
		"-proto tcp -host-ip 127.0.0.1 -host-port 8080 -container-ip 172.17.0.2 -container-port 80 -use-listen-fd")}
	file, inode := listen(t)
	c := start(t, o, nil, file)
	want := &socket.Proxy{
		Proto: socket.TCP, Host: netip.MustParseAddrPort("127.0.0.1:8080"), Inside: netip.MustParseAddrPort("172.17.0.2:80"),
	}
	p := only(t, socket.DetailWorkload, c.pid, inode)
	if p.Workload == nil {
		t.Fatal("no workload")
	}
	if diff := cmp.Diff(want, p.Workload.Proxy, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("proxy (-want +got):\n%s", diff)
	}
	other, inode := listen(t)
	forged := start(t, o, asNobody(), other)
	if p := only(t, socket.DetailWorkload, forged.pid, inode); p.Workload == nil || p.Workload.Proxy != nil {
		t.Errorf("nobody's: %+v", p.Workload)
	}
}

// TestFactsOfAnotherThread: a thread that has ended, and whose number another
// process has got, lends its facts to nobody.
func TestFactsOfAnotherThread(t *testing.T) {
	t.Parallel()
	c := start(t, order{Role: "hold"}, nil)
	task, err := unix.Open("/proc/self/task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(task)
	const all = allFacts | socket.DetailDir | socket.DetailWorkload
	facts := newFacts(procfs.FS{}, "", all)
	p, alive, err := facts.read(task, os.Getpid(), c.pid)
	if err != nil || !alive || p.Command != "" || p.Exe != "" || p.Dir != "" || p.Workload != nil {
		t.Errorf("%+v, %v, %v", p, alive, err)
	}
	p, alive, err = facts.read(task, os.Getpid(), unix.Gettid())
	if err != nil || !alive || p.Command == "" || p.Exe == "" || p.Dir == "" || p.Workload == nil {
		t.Errorf("of a thread that is there: %+v, %v, %v", p, alive, err)
	}
}
