package rtnetlink

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

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
