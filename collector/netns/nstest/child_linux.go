package nstest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// childTest names the test that a child of the test binary is to run.
const childTest = "SOCKLS_CHILD_TEST"

// Child runs the calling test in a child that has a network and a mount namespace
// of its own, with lo up, and reports whether this is that child. The caller returns
// where it is false. Flags are further namespaces; with one for processes
// (CLONE_NEWPID) comes its /proc.
//
// It is for tests that move threads, look into /proc/self or mount something. In
// the parent the test is parallel, the child has nothing else to do.
func Child(t *testing.T, flags uintptr) bool {
	t.Helper()
	if os.Getenv(childTest) == t.Name() {
		settle(t, flags)
		return true
	}
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("making namespaces needs root")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), childTest+"="+t.Name(), "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | flags}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Errorf("%v\n%s", err, out)
	case err != nil:
		t.Skipf("making namespaces: %v", err)
	case strings.Contains(string(out), "--- SKIP: "+t.Name()+" "):
		t.Skipf("%s", out)
	default:
		t.Logf("%s", out)
	}
	return false
}

// settle makes the namespaces fit to live in.
func settle(t *testing.T, flags uintptr) {
	t.Helper()
	err := errors.Join(LoopbackUp(), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	if err == nil && flags&unix.CLONE_NEWPID != 0 {
		err = unix.Mount("proc", "/proc", "proc", 0, "")
	}
	if err != nil {
		t.Fatal(err)
	}
}
