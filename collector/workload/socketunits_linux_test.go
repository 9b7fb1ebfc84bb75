package workload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSocketUnitsHostile: what is no file is not waited for, and what is too
// large is said.
func TestSocketUnitsHostile(t *testing.T) {
	t.Parallel()
	root := writeTree(t, map[string]string{
		"etc/systemd/system/good.socket":  "[Socket]\nListenStream=1\n",
		"etc/systemd/system/large.socket": "[Socket]\nListenStream=2\n" + strings.Repeat("#\n", largestUnit),
		"etc/systemd/system/dir.socket/x": "",
	})
	if err := unix.Mkfifo(filepath.Join(root, "etc/systemd/system/pipe.socket"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe.socket.d", "pipe.target.wants"} {
		if err := unix.Mkfifo(filepath.Join(root, "etc/systemd/system", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	units, err := SocketUnits(root)
	if len(units) != 1 || units[0].Name != "good.socket" {
		t.Errorf("units %+v", units)
	}
	for _, name := range []string{"large.socket", "pipe.socket", "dir.socket"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("nothing is said of %s: %v", name, err)
		}
	}
	if units, err := SocketUnits(filepath.Join(root, "nowhere")); units != nil || err != nil {
		t.Errorf("a machine without systemd: %v, %v", units, err)
	}
}

// TestSocketUnitsHere reads whatever this machine has.
func TestSocketUnitsHere(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/usr/lib/systemd/system"); err != nil {
		t.Skip("this machine has no units")
	}
	if _, err := SocketUnits(""); err != nil {
		t.Error(err)
	}
}
