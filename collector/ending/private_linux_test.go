package ending

import (
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/procfs"
)

// private runs the calling test in a child that is the first process of a pid
// namespace of its own, with its own /proc and network, and reports whether this
// is that child. The caller returns where it is false.
func private(t *testing.T) bool {
	t.Helper()
	return nstest.Child(t, unix.CLONE_NEWPID)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen makes a listener with one descriptor, which no child inherits unasked.
func listen(t *testing.T, address string) (*os.File, uint64) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	check(t, err)
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	check(t, err)
	var st unix.Stat_t
	check(t, unix.Fstat(int(file.Fd()), &st))
	return file, st.Ino
}

// child is a process that does nothing until its standard input ends.
type child struct {
	*exec.Cmd
	input io.Closer
}

// start starts one that inherits files, by the command line where one is given.
func start(t *testing.T, files []*os.File, command ...string) child {
	t.Helper()
	if len(command) == 0 {
		command = []string{"cat"}
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.ExtraFiles = files
	input, err := cmd.StdinPipe()
	check(t, err)
	check(t, cmd.Start())
	return child{cmd, input}
}

// leave ends it in peace, and reports how it ended.
func (c child) leave() error {
	_ = c.input.Close()
	return c.Wait()
}

// target is what the collector would say of a process that holds a socket.
func target(t *testing.T, pid int, inodes ...uint64) Target {
	t.Helper()
	boot, err := procfs.FS{}.BootTime()
	check(t, err)
	started, err := procfs.FS{}.Started(pid, boot)
	check(t, err)
	return Target{PID: pid, Started: started, Inodes: inodes}
}

func newEnder(t *testing.T) *Ender {
	t.Helper()
	e, err := New(procfs.FS{})
	check(t, err)
	return e
}
