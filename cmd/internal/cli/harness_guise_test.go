//go:build linux

package cli_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// dockerProxy is the program that dockerd starts for a published port, as far
// as it listens, with the report that mksock makes.
func dockerProxy() {
	// Kernels before 6.14 call a program by the number of the descriptor that
	// execveat was given.
	must(os.WriteFile("/proc/self/comm", []byte("docker-proxy"), 0))
	_ = flag.String("proto", "tcp", "")
	host := flag.String("host-ip", "", "")
	port := flag.String("host-port", "", "")
	_ = flag.String("container-ip", "", "")
	_ = flag.String("container-port", "", "")
	flag.Parse()
	l, err := net.Listen("tcp4", net.JoinHostPort(*host, *port))
	must(err)
	raw, err := l.(*net.TCPListener).SyscallConn()
	must(err)
	must(raw.Control(func(fd uintptr) {
		var st unix.Stat_t
		must(unix.Fstat(int(fd), &st))
		cookie, err := unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_COOKIE)
		must(err)
		fmt.Printf("socket label=proxy pid=%d tid=0 fd=%d inode=%d cookie=%d port=%s\nREADY\n", os.Getpid(), fd, st.Ino, cookie, *port)
	}))
	_, _ = os.Stdin.Read(make([]byte, 1)) // until it is closed
}

// must is for programs that tests start.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// cmdGroup moves the process of a scene into a control group of version 2, which
// is gone with the theatre.
func cmdGroup(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || theatreOf(ts).scenes[args[0]] == nil {
		ts.Fatalf("usage: group NAME PATH")
	}
	dir, err := ownGroup()
	if err != nil {
		ts.Fatalf("group: %v", err)
	}
	sc := theatreOf(ts).scenes[args[0]]
	for name := range strings.SplitSeq(args[1], "/") {
		dir = filepath.Join(dir, name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			ts.Fatalf("group: %v", err)
		}
		sc.groups = append(sc.groups, dir)
	}
	pid := strconv.Itoa(sc.cmd.Process.Pid)
	if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(pid), 0); err != nil {
		ts.Fatalf("group: %v", err)
	}
}

// ownGroup is the directory of the control group of version 2 that the tests run
// in.
func ownGroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range bytes.Lines(text) {
		path, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "0::")
		if !ok {
			continue
		}
		for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
			var st unix.Statfs_t
			if unix.Statfs(root, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
				return filepath.Join(root, path), nil
			}
		}
	}
	return "", errors.New("no control groups of version 2")
}

// canGroup reports whether control groups can be made.
func canGroup() bool {
	dir, err := ownGroup()
	if err != nil {
		return false
	}
	dir, err = os.MkdirTemp(dir, "sockls-test-")
	if err != nil {
		return false
	}
	return os.Remove(dir) == nil
}

// canLink reports whether an interface of a kind can be made, in a namespace
// that is gone with the attempt.
func canLink(kind string) bool {
	args := []string{"link", "add", "x0", "type", kind}
	if kind == "vxlan" {
		args = append(args, "id", "1", "dstport", "4789")
	}
	cmd := exec.Command("ip", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	return cmd.Run() == nil
}
