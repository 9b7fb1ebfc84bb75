package netns

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
)

// private runs the calling test in a child that has namespaces of its own for
// the network, for mounts and for processes, with /proc of the latter and an
// empty /run, and reports whether this is that child. The caller returns where
// it is false.
func private(t *testing.T) bool {
	t.Helper()
	if !nstest.Child(t, unix.CLONE_NEWPID) {
		return false
	}
	letGo(t)
	must(t, unix.Mount("none", "/run", "tmpfs", 0, ""))
	return true
}

// letGo unmounts the namespaces that are mounted on this machine, in this mount
// namespace only.
func letGo(t *testing.T) {
	t.Helper()
	file, err := os.Open("/proc/self/mountinfo")
	must(t, err)
	defer file.Close()
	var points []string
	must(t, parseMounts(file, func(_ uint64, point string) { points = append(points, point) }))
	for _, point := range points {
		must(t, unix.Unmount(point, unix.MNT_DETACH))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// inode is that of the namespace that a link leads to.
func inode(t *testing.T, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Stat(path, &st))
	return st.Ino
}

// here is the namespace that the program is in.
func here(t *testing.T) uint64 {
	t.Helper()
	ns, err := Current("")
	must(t, err)
	return ns.Inode
}

// thread makes a namespace with one thread in it, which stays until the test
// ends and never runs anything else, and returns the link of that thread.
func thread(t *testing.T) (link string) {
	t.Helper()
	type made struct {
		link string
		err  error
	}
	ready, end := make(chan made), make(chan struct{})
	nstest.Apart(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		ready <- made{taskPath("/proc", unix.Getpid(), unix.Gettid()), err}
		<-end
	})
	m := <-ready
	must(t, m.err)
	t.Cleanup(func() { close(end) })
	return m.link
}

// keep mounts a new namespace in a place and leaves nobody in it.
func keep(t *testing.T, place string) uint64 {
	t.Helper()
	write(t, place, "")
	done := make(chan error, 1)
	var tid int
	nstest.Apart(func() {
		tid = unix.Gettid()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- unix.Mount("/proc/thread-self/ns/net", place, "", unix.MS_BIND, "")
	})
	must(t, <-done)
	for unix.Tgkill(unix.Getpid(), tid, 0) == nil { // it is about to end
		runtime.Gosched()
	}
	return inode(t, place)
}

// process starts one in a namespace of its own and returns its pid. It ends with
// the test, which is the first process of its pid namespace.
func process(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	must(t, cmd.Start())
	return cmd.Process.Pid
}
