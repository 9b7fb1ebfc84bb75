package rtnetlink

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// private moves the test's thread to a network namespace of its own, with lo up.
// The thread is moved back before it is unlocked, for it may be the leading one.
func private(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making a network namespace needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip(8) is not installed")
	}
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	must(t, err)
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		home.Close()
		runtime.UnlockOSThread()
		t.Skipf("making a network namespace: %v", err)
	}
	t.Cleanup(func() {
		defer home.Close()
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	})
	batch(t, "link set lo up")
}

// batch runs lines of ip(8) in the thread's namespace.
func batch(t *testing.T, lines ...string) {
	t.Helper()
	if out, err := ip(lines...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func ip(lines ...string) ([]byte, error) {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	return cmd.CombinedOutput()
}

// query is the answer of ip -json.
func query(t *testing.T, into any, args ...string) {
	t.Helper()
	out, err := exec.Command("ip", append([]string{"-json", "-details"}, args...)...).Output()
	must(t, err)
	if len(out) > 0 {
		must(t, json.Unmarshal(out, into))
	}
}

// set writes a setting of the thread's namespace.
func set(t *testing.T, name, value string) {
	t.Helper()
	must(t, os.WriteFile("/proc/sys/net/"+name, []byte(value), 0))
}
