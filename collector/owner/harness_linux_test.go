package owner

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// nobody is a user that runs nothing else here.
const nobody = 65534

func asNobody() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// child is a started role.
type child struct {
	said
	pid int
	end func() // ends the child before the test does
}

// start plays a role in a child until the test ends. The program is named by
// /proc/self/exe because another user may not search the way to it.
func start(t *testing.T, o order, attr *syscall.SysProcAttr, files ...*os.File) child {
	t.Helper()
	role, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = environment(role)
	cmd.Args = append(cmd.Args, o.Args...)
	cmd.SysProcAttr, cmd.ExtraFiles = attr, files
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("child %s: %v", o.Role, err)
		}
	})
	t.Cleanup(end)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("child %s says nothing: %v", o.Role, err)
	}
	c := child{pid: cmd.Process.Pid, end: end}
	if err := json.Unmarshal(line, &c.said); err != nil {
		t.Fatalf("child %s says %q: %v", o.Role, line, err)
	}
	return c
}

// environment is that of a child. Under the race detector a program waits for a
// second before it ends, unless it is told not to.
func environment(role []byte) []string {
	return []string{childRole + "=" + string(role), "GORACE=atexit_sleep_ms=0"}
}

// listen makes a listener and returns it as a file, with its inode. The file
// is the only descriptor of it.
func listen(t *testing.T) (*os.File, uint64) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "listener "+strconv.Itoa(fd))
	t.Cleanup(func() { file.Close() })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	return file, socketsAt(0, fd)[0].Inode
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
}
