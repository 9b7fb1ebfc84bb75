package netns

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector/socket"
)

// TestList finds namespaces of every kind, each once.
func TestList(t *testing.T) {
	if !private(t) {
		return
	}
	for _, dir := range []string{"/run/netns", "/run/docker/netns", "/run/odd place"} {
		must(t, os.MkdirAll(dir, 0o755))
	}
	var want []Namespace
	self := os.Getpid()
	add := func(ns Namespace) { want = append(want, ns) }

	add(Namespace{NetNS: socket.NetNS{Inode: here(t)}, Paths: []string{taskPath("/proc", self, 0)}, PID: self, Processes: 1})

	link := thread(t)
	var pid, tid int
	_, err := fmt.Sscanf(link, "/proc/%d/task/%d/", &pid, &tid)
	must(t, err)
	add(Namespace{NetNS: socket.NetNS{Inode: inode(t, link)}, Paths: []string{link}, PID: self, TID: tid, Processes: 1})

	child := process(t)
	linked := "/run/netns/linked"
	must(t, os.Symlink(taskPath("/proc", child, 0), linked))
	add(Namespace{
		NetNS: socket.NetNS{Inode: inode(t, linked), Name: "linked"},
		Paths: []string{linked, taskPath("/proc", child, 0)}, PID: child, Processes: 1,
	})

	for place, name := range map[string]string{
		"/run/netns/web":                 "web",
		"/run/docker/netns/0123456789ab": "0123456789ab",
		"/run/odd place/a\tb\\c\n#\x1bd": "a\tb\\c\n#\x1bd",
		"/run/odd place/covered":         "",
	} {
		ns := Namespace{NetNS: socket.NetNS{Inode: keep(t, place), Name: name}, Paths: []string{place}}
		if name == "" { // covered by another mount, it is known and cannot be reached
			must(t, unix.Mount("/proc/self/ns/uts", place, "", unix.MS_BIND, ""))
			ns.Paths = nil
		}
		add(ns)
	}
	// Names for what is known already, things that are no namespaces, and
	// namespaces that are not of the network.
	must(t, os.Symlink("/run/netns/web", "/run/netns/www"))
	write(t, "/run/docker/netns/default", "")
	must(t, unix.Mount("/proc/self/ns/net", "/run/docker/netns/default", "", unix.MS_BIND, ""))
	want[0].Paths = append([]string{"/run/docker/netns/default"}, want[0].Paths...)
	write(t, "/run/netns/file", "")
	must(t, os.Symlink("/proc/self/ns/uts", "/run/netns/uts"))
	must(t, unix.Mkfifo("/run/netns/fifo", 0o600))
	must(t, os.Symlink("/nonexistent", "/run/netns/nowhere"))
	for i := range want {
		if want[i].Name == "web" {
			want[i].Paths = append(want[i].Paths, "/run/netns/www")
		}
	}

	got, seen, err := List(Options{RunDirs: []string{"/run/netns", "/run/docker/netns", "/run/nonexistent"}})
	must(t, err)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Namespace{}), cmpopts.SortSlices(func(a, b Namespace) bool {
		return a.Inode < b.Inode
	})); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Seen{}, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

// TestListLeader: a process whose main thread has exited is where its other
// threads are.
func TestListLeader(t *testing.T) {
	if !private(t) {
		return
	}
	link := thread(t)
	// The main thread of this process cannot be ended without ending the test, so
	// a recorded tree stands for it: the link of the main thread is gone.
	root := t.TempDir()
	dir := fmt.Sprintf("%s/7/task", root)
	for _, tid := range []string{"7", "8"} {
		must(t, os.MkdirAll(dir+"/"+tid+"/ns", 0o755))
	}
	target, err := os.Readlink(link)
	must(t, err)
	must(t, os.Symlink(target, dir+"/8/ns/net"))
	got, seen, err := List(Options{Proc: root, RunDirs: []string{}})
	must(t, err)
	want := []Namespace{{
		NetNS: socket.NetNS{Inode: inode(t, link)}, Paths: []string{dir + "/8/ns/net"}, PID: 7, TID: 8, Processes: 1,
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Namespace{})); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if !seen.Veiled || !errors.Is(seen.MountsErr, os.ErrNotExist) {
		t.Errorf("seen: %+v", seen)
	}
}

// TestListMany: ways to a namespace are a few, processes in it are counted all.
func TestListMany(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for pid := 1; pid <= 100; pid++ {
		dir := fmt.Sprintf("%s/%d/ns", root, pid)
		must(t, os.MkdirAll(dir, 0o755))
		must(t, os.Symlink(fmt.Sprintf("net:[%d]", 1+pid%2), dir+"/net"))
	}
	got, _, err := List(Options{Proc: root, RunDirs: []string{}})
	must(t, err)
	path := func(pid int) string { return taskPath(root, pid, 0) }
	want := []Namespace{
		{NetNS: socket.NetNS{Inode: 1}, Paths: []string{path(2), path(4), path(6)}, PID: 2, Processes: 50},
		{NetNS: socket.NetNS{Inode: 2}, Paths: []string{path(1), path(3), path(5)}, PID: 1, Processes: 50},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Namespace{})); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

// TestListDenied: a user without privilege is told how much is hidden.
func TestListDenied(t *testing.T) {
	if !private(t) {
		return
	}
	child := process(t)
	must(t, os.MkdirAll("/run/netns", 0o755))
	kept := keep(t, "/run/netns/web")
	must(t, syscall.Setuid(65534)) // of the whole process, which is not to be dumped from then on
	must(t, unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
	got, seen, err := List(Options{})
	must(t, err)
	if want := (Seen{Denied: 1, DeniedPID: child}); !cmp.Equal(want, seen) {
		t.Errorf("seen %+v, want %+v", seen, want)
	}
	var inodes []uint64
	for _, ns := range got {
		inodes = append(inodes, ns.Inode)
	}
	if diff := cmp.Diff([]uint64{here(t), kept}, inodes, cmpopts.SortSlices(func(a, b uint64) bool { return a < b })); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

func TestParseMounts(t *testing.T) {
	t.Parallel()
	type mount struct {
		Inode uint64
		Point string
	}
	tests := []struct {
		name, text string
		want       []mount
	}{
		{"empty", "", nil},
		{
			"a name",
			"36 25 0:4 net:[4026532281] /run/netns/web rw shared:7 - nsfs nsfs rw\n",
			[]mount{{4026532281, "/run/netns/web"}},
		},
		{
			"no optional fields, no newline at the end",
			"36 25 0:4 net:[1] /run/netns/web rw - nsfs nsfs rw",
			[]mount{{1, "/run/netns/web"}},
		},
		{
			"escapes",
			`36 25 0:4 net:[1] /a\040b\011c\012d\134e\043f\400 rw - nsfs nsfs rw` + "\n",
			[]mount{{1, "/a b\tc\nd\\e#f\x00"}},
		},
		{
			"an escape that is none",
			`36 25 0:4 net:[1] /a\04 rw - nsfs nsfs rw` + "\n",
			[]mount{{1, `/a\04`}},
		},
		{"other namespaces", "36 25 0:4 uts:[1] /run/u rw - nsfs nsfs rw\n36 25 0:4 mnt:[1] /run/m rw - nsfs nsfs rw\n", nil},
		{"other file systems", "36 25 0:4 net:[1] /run/u rw - tmpfs nsfs rw\n", nil},
		{"a file system that says it is one", `36 25 0:4 /\040-\040nsfs\040 /run/u rw - tmpfs nsfs rw` + "\n", nil},
		{"short", " - nsfs \nnet:[1] - nsfs \n", nil},
		{
			"a line too long for any mount is passed over",
			"1 1 0:4 / /" + strings.Repeat("x", 200<<10) + " rw - nsfs nsfs rw\n36 25 0:4 net:[1] /a rw - nsfs nsfs rw\n",
			[]mount{{1, "/a"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []mount
			err := parseMounts(strings.NewReader(tt.text), func(inode uint64, point string) {
				got = append(got, mount{inode, point})
			})
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzParseMounts(f *testing.F) {
	f.Add("36 25 0:4 net:[4026532281] /run/netns/web rw shared:7 - nsfs nsfs rw\n")
	f.Add(`36 25 0:4 net:[1] /a\040b\011c\012d\134e\04 rw - nsfs nsfs rw`)
	f.Add("1 1 0:4 / / rw - ext4 /dev/vda rw\n\n - nsfs ")
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		err := parseMounts(strings.NewReader(text), func(_ uint64, point string) {
			n++
			if point == "" {
				t.Error("no mount point")
			}
		})
		if most := strings.Count(text, "\n") + 1; err != nil || n > most {
			t.Errorf("%d mounts in %d lines, error %v", n, most, err)
		}
	})
}
