package owner

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// TestParents: a process at the end of a chain of others.
func TestParents(t *testing.T) {
	t.Parallel()
	file, inode := listen(t)
	const links = 5
	c := start(t, order{Role: "chain", N: links, Name: []byte("first")}, nil, file)
	holder := c.PIDs[len(c.PIDs)-1]
	held := find(t, Want{Details: socket.DetailParents, PIDs: []int32{int32(holder)}}, inode).Holders(0)
	if len(held) != 1 {
		t.Fatalf("holders %+v", descriptors(held))
	}
	parents := held[0].Process.Parents
	var want []socket.Ancestor
	for i := range links {
		name := "first"
		if i < links-1 {
			name = fmt.Sprintf("link) %d (", i+1)
		}
		want = append(want, socket.Ancestor{PID: c.PIDs[links-1-i], Name: name})
	}
	if len(parents) <= links {
		t.Fatalf("parents %+v", parents)
	}
	if diff := cmp.Diff(want, parents[:links]); diff != "" {
		t.Errorf("parents (-want +got):\n%s", diff)
	}
	if parents[links].PID != os.Getpid() {
		t.Errorf("above the chain is %+v, not this process %d", parents[links], os.Getpid())
	}
	last := parents[len(parents)-1]
	if l, err := (procfs.FS{}).Lineage(last.PID); err != nil || l.Parent != 0 {
		t.Errorf("the last is %+v, which has the parent %d, %v", last, l.Parent, err)
	}
}

// TestParentsOfTheFirst: the first process has none, which is not the same as
// not knowing.
func TestParentsOfTheFirst(t *testing.T) {
	t.Parallel()
	a := newAncestors(procfs.FS{})
	if got := a.of(1); got == nil || len(got) != 0 {
		t.Errorf("parents of the first process: %+v", got)
	}
	if got := a.of(1 << 30); got != nil {
		t.Errorf("parents of no process: %+v", got)
	}
}

// family writes the stat files of a recorded /proc.
type family struct {
	t    *testing.T
	root string
}

func (f family) put(pid, parent int, start uint64, name string) {
	f.t.Helper()
	dir := filepath.Join(f.root, strconv.Itoa(pid))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		f.t.Fatal(err)
	}
	text := fmt.Sprintf("%d (%s) S %d 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, name, parent, start)
	if err := os.WriteFile(filepath.Join(dir, "stat"), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f family) remove(pid int) {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(f.root, strconv.Itoa(pid))); err != nil {
		f.t.Fatal(err)
	}
}

// TestAncestors are the ways in which a chain can be odd.
func TestAncestors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		put  func(f family)
		want []socket.Ancestor
	}{
		{"plain", func(f family) {
			f.put(1, 0, 0, "init")
			f.put(5, 1, 10, "sh")
			f.put(9, 5, 20, "web")
		}, []socket.Ancestor{{PID: 5, Name: "sh"}, {PID: 1, Name: "init"}}},
		{"all in one tick", func(f family) {
			f.put(1, 0, 7, "init")
			f.put(5, 1, 7, "sh")
			f.put(9, 5, 7, "web")
		}, []socket.Ancestor{{PID: 5, Name: "sh"}, {PID: 1, Name: "init"}}},
		{"a younger one has the parent's number", func(f family) {
			f.put(1, 0, 0, "init")
			f.put(5, 1, 30, "other")
			f.put(9, 5, 20, "web")
		}, []socket.Ancestor{}},
		{"the parent is gone", func(f family) { f.put(9, 5, 20, "web") }, []socket.Ancestor{}},
		{"the grandparent cannot be read", func(f family) {
			f.put(5, 3, 10, "sh")
			f.put(9, 5, 20, "web")
		}, []socket.Ancestor{{PID: 5, Name: "sh"}}},
		{"the parent is outside", func(f family) { f.put(9, 0, 20, "web") }, []socket.Ancestor{}},
		{"nothing", func(family) {}, nil},
	}
	for _, tt := range tests {
		f := family{t, t.TempDir()}
		tt.put(f)
		if diff := cmp.Diff(tt.want, newAncestors(procfs.FS{Root: f.root}).of(9)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestAncestorsLoop: two processes that are each other's parent, which no kernel
// tells of, end the walk all the same.
func TestAncestorsLoop(t *testing.T) {
	t.Parallel()
	f := family{t, t.TempDir()}
	f.put(8, 9, 5, "a")
	f.put(9, 8, 5, "b")
	if got := newAncestors(procfs.FS{Root: f.root}).of(9); len(got) == 0 || len(got) > 1000 {
		t.Errorf("%d ancestors", len(got))
	}
}

// TestAncestorsKnown: what was read once serves those that were there by then,
// and nobody who came later.
func TestAncestorsKnown(t *testing.T) {
	t.Parallel()
	f := family{t, t.TempDir()}
	f.put(1, 0, 0, "init")
	f.put(5, 1, 10, "master")
	f.put(9, 5, 20, "worker")
	a := newAncestors(procfs.FS{Root: f.root})
	now := uint64(100)
	a.now = func() uint64 { return now }
	master := []socket.Ancestor{{PID: 5, Name: "master"}, {PID: 1, Name: "init"}}
	if diff := cmp.Diff(master, a.of(9)); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	// It cannot be read any more, yet it was the parent of this one as well.
	f.remove(5)
	f.put(10, 5, 30, "worker")
	if diff := cmp.Diff(master, a.of(10)); diff != "" {
		t.Errorf("of one that was there (-want +got):\n%s", diff)
	}
	// Another has got the number, and started this one.
	now = 300
	f.put(5, 1, 150, "other")
	f.put(11, 5, 200, "worker")
	other := []socket.Ancestor{{PID: 5, Name: "other"}, {PID: 1, Name: "init"}}
	if diff := cmp.Diff(other, a.of(11)); diff != "" {
		t.Errorf("of one that came later (-want +got):\n%s", diff)
	}
	// From now on this is the one, and it cannot be the first one's parent.
	if got := a.of(9); len(got) != 0 {
		t.Errorf("the parent of an older process: %+v", got)
	}
}

// TestAncestorsAdopted: a process whose parent ends while it is looked for has
// the one that adopted it.
func TestAncestorsAdopted(t *testing.T) {
	t.Parallel()
	f := family{t, t.TempDir()}
	f.put(1, 0, 0, "init")
	f.put(9, 5, 20, "web") // and there is no 5
	a := newAncestors(procfs.FS{Root: f.root})
	a.now = func() uint64 {
		// The clock is read right before the parent is.
		f.put(9, 1, 20, "web")
		return 100
	}
	if diff := cmp.Diff([]socket.Ancestor{{PID: 1, Name: "init"}}, a.of(9)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// The number of the process itself becomes another's.
	f.put(9, 5, 20, "web")
	a.now = func() uint64 {
		f.put(9, 1, 90, "other")
		return 100
	}
	if got := a.of(9); len(got) != 0 {
		t.Errorf("parents of another process: %+v", got)
	}
}
