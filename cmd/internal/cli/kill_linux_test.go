package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stage starts mksock in a new network namespace and returns the file by which
// others join it.
func stage(t *testing.T, specs ...string) (netns string, pid int) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network namespaces")
	}
	sc, _, err := play(t.TempDir(), append([]string{"-netns"}, specs...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sc.stop)
	return fmt.Sprintf("/proc/%d/ns/net", sc.cmd.Process.Pid), sc.cmd.Process.Pid
}

// inside runs sockls in a namespace.
func inside(t *testing.T, netns string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command("mksock", append([]string{"-join=" + netns, "-exec", "sockls"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestKillPrompt: it asks, no is the answer that is taken unless it is yes, and
// only yes does it.
func TestKillPrompt(t *testing.T) {
	t.Parallel()
	netns, pid := stage(t, "tcp-listen:127.0.0.1:8080")
	// The namespace is to outlive who is ended.
	anchor, err := os.Open(netns)
	if err != nil {
		t.Fatal(err)
	}
	defer anchor.Close()
	netns = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), anchor.Fd())
	for _, tt := range []struct {
		command, answer string
		code            int
		said            string
	}{
		{"kill", "\n", 1, "Nothing was done."},
		{"kill", "n\n", 1, "Nothing was done."},
		{"kill", "yesterday\n", 1, "Nothing was done."},
		{"kill", "\x04", 1, "Nothing was done."}, // end of input
		{"close", "\n", 1, "Nothing was done."},
		{"kill", "Y\n", 0, fmt.Sprintf("mksock[%d]: ended by SIGTERM", pid)},
	} {
		master, slave := openTerminal(t, 120)
		cmd := exec.Command("mksock", "-join="+netns, "-exec", "sockls", tt.command, ":8080")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		text := readUntil(t, master, " [y/N] ")
		question := "Destroy 1 socket?"
		if tt.command == "kill" {
			question = "Send SIGTERM to 1 process, and SIGKILL after 5s to what holds on?"
		}
		if !strings.Contains(text, question) || !strings.Contains(text, fmt.Sprintf("mksock[%d]", pid)) {
			t.Errorf("it asks %q", text)
		}
		if _, err := io.WriteString(master, tt.answer); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(master) // ends with EIO when the terminal is left
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(string(rest), tt.said) {
			t.Errorf("%s, answered %q: exit %d, %q", tt.command, tt.answer, code, rest)
		}
	}
}

// readUntil reads from a terminal until a text was there.
func readUntil(t *testing.T, r io.Reader, end string) string {
	t.Helper()
	var all []byte
	for !bytes.Contains(all, []byte(end)) {
		var b [256]byte
		n, err := r.Read(b[:])
		if err != nil {
			t.Fatalf("%v after %q", err, all)
		}
		all = append(all, b[:n]...)
	}
	return string(all)
}

// TestKillSupervised: a port that is taken again at once is not free.
func TestKillSupervised(t *testing.T) {
	t.Parallel()
	netns, _ := stage(t, "udp:127.0.0.1:1")
	supervisor := exec.Command("mksock", "-join="+netns, "-exec", "sh", "-c",
		"while :; do mksock tcp-listen:127.0.0.1:8080,reuseaddr; sleep 0.05; done")
	input, err := supervisor.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = supervisor.Process.Kill()
		input.Close() // which ends what it has started
		_ = supervisor.Wait()
	}()
	// On a machine that has much to do the supervisor may be late: then the port
	// was free when it was looked at, and the next attempt tells.
	for began := time.Now(); time.Since(began) < 30*time.Second; {
		if code, _, _ := inside(t, netns, "-tl", ":8080"); code != 0 {
			continue
		}
		time.Sleep(1100 * time.Millisecond) // start times are told apart by that
		code, stdout, stderr := inside(t, netns, "kill", ":8080", "--yes")
		switch {
		case !strings.Contains(stdout, "]: ended by SIGTERM\n"):
			t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
		case code == 0 && strings.Contains(stdout, "tcp 127.0.0.1:8080 is free for now; "):
		case code == 1 && strings.Contains(stdout, "tcp 127.0.0.1:8080 is taken again by mksock["):
			if !strings.Contains(stdout, fmt.Sprintf("\n  It was started by dash[%d], which may", supervisor.Process.Pid)) &&
				!strings.Contains(stdout, fmt.Sprintf("\n  It was started by sh[%d], which may", supervisor.Process.Pid)) {
				t.Errorf("it does not say by whom:\n%s", stdout)
			}
			return
		default:
			t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
		}
	}
	t.Error("it was never taken again")
}

// TestKillAncestor: who sockls was started from is refused, and nobody else is
// signalled then.
func TestKillAncestor(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes a network namespace")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Errorf("unshare: %v", err)
			return
		}
		listener, err := net.Listen("tcp4", "0.0.0.0:8080")
		if err != nil {
			t.Error(err)
			return
		}
		defer listener.Close()
		file, err := listener.(*net.TCPListener).File()
		if err != nil {
			t.Error(err)
			return
		}
		bystander := exec.Command("cat") // holds it, too
		bystander.ExtraFiles = []*os.File{file}
		input, err := bystander.StdinPipe()
		if err == nil {
			err = bystander.Start()
		}
		if err != nil {
			t.Error(err)
			return
		}
		file.Close()
		out, _ := exec.Command("sockls", "kill", ":8080", "--yes").CombinedOutput()
		input.Close()
		if err := bystander.Wait(); err != nil {
			t.Errorf("the other holder was hit: %v", err)
		}
		want := fmt.Sprintf("[%d] holds tcp 0.0.0.0:8080, and is never signalled: this program was started from it\n", os.Getpid())
		if !strings.Contains(string(out), "sockls: nothing was done: ") || !strings.Contains(string(out), want) {
			t.Errorf("it says\n%s", out)
		}
	}()
	<-done
}
