package owner

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

const allFacts = socket.DetailOwners | socket.DetailCommand | socket.DetailExe |
	socket.DetailStarted | socket.DetailProcessUser

// TestFacts reads names that a process chose to be awkward.
func TestFacts(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"plain", "a) S 1 (b", "(((", "new\nline\n", "\n", "\xff\xfe \x1b[31m", "", "fifteen bytes..",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, inode := listen(t)
			before := time.Now()
			c := start(t, order{Role: "hold", Name: []byte(name)}, nil, file)
			after := time.Now()
			r := find(t, Want{Details: allFacts, PIDs: []int32{int32(c.pid)}}, inode)
			held := r.Holders(0)
			if len(held) != 1 {
				t.Fatalf("holders %+v", descriptors(held))
			}
			p := *held[0].Process
			// The time of the boot is in whole seconds.
			if p.Started.Before(before.Add(-3*time.Second)) || p.Started.After(after.Add(3*time.Second)) {
				t.Errorf("started %v, between %v and %v", p.Started, before, after)
			}
			p.Started = time.Time{}
			want := socket.Process{
				PID: c.pid, Name: name, Command: "/proc/self/exe", Exe: exe,
				UID: uint32(os.Geteuid()), HasUID: true,
			}
			if diff := cmp.Diff(want, p); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFactsNotWanted: what nobody asked for is not read.
func TestFactsNotWanted(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	c := start(t, order{Role: "hold", Name: []byte("only")}, nil, file)
	held := find(t, Want{Details: socket.DetailOwners, PIDs: []int32{int32(c.pid)}}, inode).Holders(0)
	if len(held) != 1 {
		t.Fatalf("holders %+v", descriptors(held))
	}
	if diff := cmp.Diff(socket.Process{PID: c.pid, Name: "only"}, *held[0].Process); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// TestFactsUser: the effective user is that of the process and not of the
// socket, which it inherited.
func TestFactsUser(t *testing.T) {
	t.Parallel()
	needRoot(t)
	file, inode := listen(t)
	c := start(t, order{Role: "hold"}, asNobody(), file)
	held := find(t, Want{Details: socket.DetailProcessUser, PIDs: []int32{int32(c.pid)}}, inode).Holders(0)
	if len(held) != 1 || held[0].Process.UID != nobody || !held[0].Process.HasUID {
		t.Fatalf("holders %+v", held)
	}
}

// TestFactsAfterDeath: a process that has gone has no facts, even if its number
// is in use again by then.
func TestFactsAfterDeath(t *testing.T) {
	t.Parallel()
	c := start(t, order{Role: "hold"}, nil)
	gone, err := unix.Open(filepath.Join("/proc", strconv.Itoa(c.pid), "fd"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(gone)
	facts := newFacts(procfs.FS{}, "", 0)
	if p, alive, err := facts.read(gone, c.pid, 0); err != nil || !alive || p.PID != c.pid || p.Name == "" {
		t.Errorf("alive: %+v, %v", p, alive)
	}
	c.end()
	// This process stands for another that has got the number since.
	if p, alive, _ := facts.read(gone, os.Getpid(), 0); alive {
		t.Errorf("facts of a process that has gone: %+v", p)
	}
}

// TestFactsContext reads a recorded process, for few machines that run tests
// have a security module that tells contexts.
func TestFactsContext(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{"42/comm": "sshd\n", "42/attr/current": "system_u:system_r:sshd_t:s0\x00", "42/fd/0": ""} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home, err := unix.Open(filepath.Join(root, "42", "fd"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(home)
	for want, details := range map[string]socket.Detail{"system_u:system_r:sshd_t:s0": socket.DetailContext, "": socket.DetailOwners} {
		facts := newFacts(procfs.FS{Root: root}, "", details)
		p, alive, err := facts.read(home, 42, 0)
		if err != nil || !alive || p.Context != want {
			t.Errorf("details %x: %+v, %v, %v; want %q", details, p, alive, err, want)
		}
	}
}
