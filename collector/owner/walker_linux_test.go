package owner

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
)

// TestWalkerWithoutKcmp: where tables cannot be compared, a process with many
// threads still has each descriptor once, and a thread's own are not lost.
func TestWalkerWithoutKcmp(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	shared := start(t, order{Role: "hold"}, nil, file)
	leaderless := start(t, order{Role: "leader-exit"}, nil, file)
	split := start(t, order{Role: "threads", N: 3}, nil)

	root, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	inodes := NewInodes(0)
	inodes.Add(inode)
	for _, s := range split.Sockets {
		inodes.Add(s.Inode)
	}
	w := &walker{root: root, want: Want{Inodes: inodes}, facts: newFacts(procfs.FS{}, "", 0)}
	for _, pid := range []int{shared.pid, leaderless.pid, split.pid} {
		w.visit(int32(pid))
	}
	got := descriptors(w.held)
	if len(got) != 5 {
		t.Fatalf("held %+v, want 5", got)
	}
	if want := (Descriptor{Inode: inode, PID: int32(shared.pid), FD: 3}); got[0] != want {
		t.Errorf("held %+v, want %+v", got[0], want)
	}
	if h := got[1]; h.PID != int32(leaderless.pid) || h.TID == 0 || h.FD != 3 || h.Inode != inode {
		t.Errorf("held %+v, want descriptor 3 of a thread of %d", h, leaderless.pid)
	}
	rest := got[2:]
	slices.SortFunc(rest, compareDescriptors)
	slices.SortFunc(split.Sockets, compareDescriptors)
	if diff := cmp.Diff(split.Sockets, rest); diff != "" {
		t.Errorf("held by threads (-want +got):\n%s", diff)
	}
}

// TestKnownTable asks about the same tables twice.
func TestKnownTable(t *testing.T) {
	t.Parallel()
	c := start(t, order{Role: "threads", N: 30}, nil)
	w := &walker{compares: true, tables: []int32{int32(c.pid)}}
	for _, s := range c.Sockets {
		if known, sure := w.knownTable(s.TID); known || !sure {
			t.Fatalf("a new table: known %v, sure %v", known, sure)
		}
	}
	for _, s := range c.Sockets {
		if known, sure := w.knownTable(s.TID); !known || !sure {
			t.Errorf("a table that was seen: known %v, sure %v", known, sure)
		}
	}
	if len(w.tables) != 31 {
		t.Errorf("%d tables, want 31", len(w.tables))
	}
	if known, sure := w.knownTable(1 << 30); known || sure {
		t.Errorf("no thread: known %v, sure %v", known, sure)
	}
}

// TestListPIDsAgain: the list is whole every time, which is what finds those
// born meanwhile.
func TestListPIDsAgain(t *testing.T) {
	t.Parallel()
	root, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(root)
	for range 3 {
		late := start(t, order{Role: "hold"}, nil)
		pids, err := listPIDs(root)
		if err != nil || !slices.Contains(pids, int32(os.Getpid())) || !slices.Contains(pids, int32(late.pid)) {
			t.Errorf("pids %v, %v, want %d and %d among them", pids, err, os.Getpid(), late.pid)
		}
	}
}

// TestFindZombie: a process that has ended holds nothing, though it is listed.
func TestFindZombie(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	cmd := exec.Command("/bin/sh", "-c", ":")
	cmd.ExtraFiles = []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	for {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "stat"))
		if err != nil {
			t.Fatal(err)
		}
		if stateOfStat(b) == 'Z' {
			break
		}
	}
	wantHolders(t, find(t, Want{}, inode), 0, here(inode, file.Fd()))
}
