package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKillForNow: a port whose process was started by a loop that sleeps for long
// is free, and not for good. It is told beforehand, too, and so is the loop.
func TestKillForNow(t *testing.T) {
	t.Parallel()
	netns, _ := stage(t, "udp:127.0.0.1:1")
	loop := exec.Command("mksock", "-join="+netns, "-exec", "sh", "-c",
		"while :; do mksock tcp-listen:127.0.0.1:8080,reuseaddr; sleep 60; done")
	input, err := loop.StdinPipe()
	if err == nil {
		err = loop.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		// Its sleep would outlive it.
		_ = loop.Process.Signal(unix.SIGSTOP)
		for _, pid := range childrenOf(t, loop.Process.Pid) {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		_ = loop.Process.Kill()
		input.Close()
		_ = loop.Wait()
	}()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if code, _, _ := inside(t, netns, "-tl", ":8080"); code == 0 {
			break
		}
		if time.Since(began) > 30*time.Second {
			t.Fatal("it never listens")
		}
	}
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", loop.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s[%d]", bytes.TrimSpace(comm), loop.Process.Pid)
	plan := "   do    It was started by " + name + ", which may start it again: then end that one first.\n"
	if _, stdout, _ := inside(t, netns, "kill", ":8080", "--dry-run"); !strings.Contains(stdout, plan) || !strings.Contains(stdout, "parents   "+name+" < ") {
		t.Errorf("before:\n%s", stdout)
	}
	code, stdout, stderr := inside(t, netns, "kill", ":8080", "--yes")
	want := "tcp 127.0.0.1:8080 is free for now; " + name + ", which started it, goes on and may start it again\n"
	if code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func childrenOf(t *testing.T, pid int) (all []int) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Error(err)
	}
	for _, word := range strings.Fields(string(b)) {
		child, err := strconv.Atoi(word)
		if err != nil {
			t.Error(err)
		}
		all = append(all, child)
	}
	return all
}

// TestKillInterrupted: who interrupts it is told what has been signalled by then.
func TestKillInterrupted(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--json"}} {
		netns, pid := stage(t, "tcp-listen:127.0.0.1:8080")
		// What is stopped gets no signal but SIGKILL until it goes on.
		if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("mksock", append([]string{"-join=" + netns, "-exec", "sockls", "kill", ":8080", "--yes", "--timeout", "1m"}, args...)...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for began := time.Now(); !pending(t, pid, unix.SIGTERM); time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > 30*time.Second {
				t.Error("it never is signalled")
				break
			}
		}
		_ = cmd.Process.Signal(os.Interrupt)
		err := cmd.Wait()
		_ = unix.Kill(pid, unix.SIGCONT)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 128+int(unix.SIGINT) {
			t.Errorf("%v", err)
		}
		want := fmt.Sprintf("mksock[%d]: got SIGTERM, and had not ended when this was interrupted\n", pid)
		if args != nil {
			want = fmt.Sprintf(`{"pid":%d,"result":"remains","signals":["TERM"],"error":"it was interrupted before"`, pid)
		}
		if !strings.Contains(stdout.String(), want) || stderr.String() != "sockls: interrupted; whether the port is free was not looked at\n" {
			t.Errorf("it says\n%s%s", stdout.String(), stderr.String())
		}
	}
}

// pending reports whether a signal waits for a process.
func pending(t *testing.T, pid int, sig unix.Signal) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\nShdPnd:\t")
	word, _, _ := strings.Cut(rest, "\n")
	set, err := strconv.ParseUint(word, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return set&(1<<(sig-1)) != 0
}
