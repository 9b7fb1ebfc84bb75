package netfilter

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/netns/nstest"
)

// private runs the calling test in a child with a network namespace of its own
// and reports whether this is that child. The caller returns where it is false.
func private(t *testing.T) bool {
	t.Helper()
	if !nstest.Child(t, 0) {
		return false
	}
	runtime.LockOSThread()
	return true
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
