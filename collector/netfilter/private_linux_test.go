package netfilter

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// privateTest names the test that a child of the test binary is to run in a
// network namespace of its own.
const privateTest = "NETFILTER_PRIVATE_TEST"

// private runs the calling test in a child with a network namespace of its own
// and reports whether this is that child. The caller returns where it is false.
func private(t *testing.T) bool {
	t.Helper()
	if os.Getenv(privateTest) == t.Name() {
		runtime.LockOSThread()
		must(t, loopbackUp())
		return true
	}
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("making a network namespace needs root")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), privateTest+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Errorf("%v\n%s", err, out)
	case err != nil:
		t.Skipf("making namespaces: %v", err)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	default:
		t.Logf("%s", out)
	}
	return false
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(loopback)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shell runs commands in the namespace of the test, which has rules of its own
// tools afterwards.
func shell(t *testing.T, script string) string {
	t.Helper()
	for _, tool := range [...]string{"nft", "iptables-nft", "iptables-legacy", "ip"} {
		if _, err := exec.LookPath(tool); err != nil && strings.Contains(script, tool+" ") {
			t.Skipf("%v", err)
		}
	}
	cmd := exec.Command("sh", "-e")
	cmd.Stdin = strings.NewReader(script)
	cmd.Env = append(os.Environ(), "XTABLES_LOCKFILE=/tmp/netfilter-test.lock")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%.3000s\n%.3000s", err, script, out)
	}
	return string(out)
}

// restore loads rules into the namespace of the calling thread.
func restore(tb testing.TB, rules string) {
	tb.Helper()
	cmd := exec.Command("iptables-nft-restore")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Skipf("%v %s", err, out)
	}
}
