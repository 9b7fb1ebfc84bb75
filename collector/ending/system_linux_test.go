package ending

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
)

// TestEndReal ends processes that answer signals in different ways.
func TestEndReal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, script string
		options      Options
		want         Result
		signals      []syscall.Signal
		holds        bool // in the end
	}{
		{"ends", `read x`, Options{syscall.SIGTERM, time.Minute, true}, Ended, []syscall.Signal{syscall.SIGTERM}, false},
		{"ignores TERM", `trap "" TERM; echo; read x`, Options{syscall.SIGTERM, 50 * time.Millisecond, true}, Ended, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, false},
		{"drains", `trap "exec 3<&-" USR1; echo; read x || read x`, Options{syscall.SIGUSR1, time.Minute, true}, Released, []syscall.Signal{syscall.SIGUSR1}, false},
		{"reloads", `trap "" HUP; echo; read x`, Options{syscall.SIGHUP, 50 * time.Millisecond, false}, Remains, []syscall.Signal{syscall.SIGHUP}, true},
		{"stopped", `kill -STOP $$; read x`, Options{syscall.SIGTERM, 50 * time.Millisecond, true}, Ended, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			socket, inode := listen(t, "127.0.0.1:0")
			cmd := exec.Command("sh", "-c", tt.script)
			cmd.ExtraFiles = []*os.File{socket}
			input, err := cmd.StdinPipe()
			check(t, err)
			output, err := cmd.StdoutPipe()
			check(t, err)
			check(t, cmd.Start())
			defer func() {
				_ = input.Close()
				_ = cmd.Process.Kill() // a stopped one hears nothing else
				_ = cmd.Wait()
			}()
			check(t, socket.Close())
			if tt.name != "ends" && tt.name != "stopped" {
				_, err = output.Read(make([]byte, 1)) // its trap is set
				check(t, err)
			}
			for tt.name == "stopped" && !stopped(t, cmd.Process.Pid) {
				time.Sleep(time.Millisecond)
			}
			e := newEnder(t)
			p, err := e.Open(target(t, cmd.Process.Pid, inode))
			check(t, err)
			defer p.Close()
			got := e.End(t.Context(), []*Process{p}, tt.options)[0]
			if got.Result != tt.want || !slices.Equal(got.Signals, tt.signals) || got.Err != nil {
				t.Errorf("%+v, want %s after %v", got, tt.want, tt.signals)
			}
			if err := p.check(); (err == nil) != tt.holds {
				t.Errorf("in the end: %v", err)
			}
		})
	}
}

// stopped reports whether a process has been stopped by a signal.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	check(t, err)
	return bytes.Contains(stat, []byte(") T "))
}

// TestEndThread: a socket that only a thread's own table holds is its process's.
func TestEndThread(t *testing.T) {
	t.Parallel()
	socket, inode := listen(t, "127.0.0.1:0")
	defer socket.Close()
	started := make(chan error)
	leave := make(chan struct{})
	defer close(leave)
	go func() {
		// Never unlocked: the thread ends with its table.
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_FILES)
		started <- err
		<-leave
	}()
	check(t, <-started)
	check(t, socket.Close())
	holds, err := system{}.holds(os.Getpid(), &Target{Inodes: []uint64{inode}})
	if !holds || err != nil {
		t.Errorf("holds %v, %v", holds, err)
	}
}

// TestGuard: this program and everything above it is refused.
func TestGuard(t *testing.T) {
	t.Parallel()
	socket, inode := listen(t, "127.0.0.1:0")
	defer socket.Close()
	e := newEnder(t)
	for pid, want := range map[int]error{os.Getpid(): RefusedSelf, e.ancestors[0]: RefusedAncestor, 1: RefusedFirst} {
		_, err := e.Open(target(t, pid, inode))
		if !errors.Is(err, want) {
			t.Errorf("pid %d: %v, want %v", pid, err, want)
		}
	}
	if !slices.Contains(e.ancestors, 1) {
		t.Errorf("the ancestors %v do not lead to the first process", e.ancestors)
	}
}

// TestForeignProc: pids of another pid namespace's /proc mean nothing here.
func TestForeignProc(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	check(t, os.Symlink("7", dir+"/self"))
	if _, err := New(procfs.FS{Root: dir}); err == nil {
		t.Error("the processes of another namespace were taken for this one's")
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	// proc_pid_stat(5), with a name that looks like the rest of the line.
	const user = "7 (a) S 1 2 (b) S 1 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0"
	const dead = "7 (sh) Z 5 7 7 34816 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0"
	const thread = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0"
	for stat, want := range map[string]identity{
		user:   {start: 123450 * time.Millisecond, name: "a) S 1 2 (b", parent: 1, group: 7},
		dead:   {start: 10 * time.Millisecond, name: "sh", parent: 5, group: 7, terminal: true, dead: true},
		thread: {start: 30 * time.Millisecond, name: "kthreadd", kernel: true},
	} {
		if got, ok := parseStat([]byte(stat)); got != want || !ok {
			t.Errorf("%s: %+v, %v", stat, got, ok)
		}
	}
	for _, stat := range []string{"", "7 (a) S 1", user[:60], "7 (a) S 1 7 7 0 -1 x 0 0 0 0 0 0 0 0 20 0 1 0 1 0"} {
		if got, ok := parseStat([]byte(stat)); ok {
			t.Errorf("%q: %+v", stat, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (a) S 1 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0"))
	f.Add([]byte("7 (a)) S 1 7 7 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 18446744073709551615"))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if is, ok := parseStat(stat); ok && is.start < 0 || !ok && is != (identity{}) {
			t.Errorf("%q: %+v, %v", stat, is, ok)
		}
	})
}
