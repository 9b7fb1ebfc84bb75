//go:build amd64 || arm64 || riscv64 || ppc64le || loong64 || mips64le

package taskfile

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// here is the layout of the running kernel, for those who may use it.
func here(t *testing.T) Layout {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("loading a BPF program needs root")
	}
	b, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		t.Skip(err)
	}
	l, err := ReadLayout(b)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// records are those of one process.
func records(t *testing.T, l Layout, tgid int) []Record {
	t.Helper()
	w, err := l.Open()
	if errors.Is(err, unix.EPERM) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var all []Record
	err = w.Each(t.Context(), func(r *Record) {
		if int(r.TGID) == tgid {
			all = append(all, *r)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWalk(t *testing.T) {
	l := here(t)
	if link, err := os.Readlink("/proc/self/ns/pid"); err != nil || link != "pid:[4026531836]" {
		t.Skipf("in pid namespace %s: %v", link, err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(event)
	file, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(file)
	high, err := unix.FcntlInt(uintptr(socket), unix.F_DUPFD_CLOEXEC, 900)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(high)
	var st unix.Stat_t
	if err := unix.Fstat(socket, &st); err != nil {
		t.Fatal(err)
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	all := records(t, l, os.Getpid())
	at := func(fd int) *Record {
		i := slices.IndexFunc(all, func(r Record) bool { return int(r.FD) == fd })
		if i < 0 {
			return nil
		}
		return &all[i]
	}
	for _, fd := range []int{socket, high} {
		r := at(fd)
		if r == nil || r.Kind != Socket || r.Value != st.Ino || r.TID != r.TGID || string(r.Name())+"\n" != string(comm) {
			t.Errorf("descriptor %d: %+v, want a socket with inode %d of %q", fd, r, st.Ino, comm)
		}
	}
	if r := at(event); r == nil || r.Kind != Anonymous || r.Value == 0 {
		t.Errorf("descriptor %d: %+v, want an anonymous file", event, r)
	}
	if r := at(file); r != nil {
		t.Errorf("descriptor %d: %+v, want nothing", file, r)
	}
	if r := at(0); r == nil {
		t.Error("descriptor 0 is not told of")
	}
	if len(all) > 12 {
		t.Errorf("%d records of one process: %+v", len(all), all)
	}
}

func TestWalkEnds(t *testing.T) {
	l := here(t)
	w, err := l.Open()
	if errors.Is(err, unix.EPERM) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Each(ctx, func(*Record) { t.Error("a record") }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestOpenRefused: what the kernel does not take is an error, and leaves nothing.
func TestOpenRefused(t *testing.T) {
	l := here(t)
	before := descriptors(t)
	for name, change := range map[string]func(*Layout){
		"another function":    func(l *Layout) { l.target++ },
		"beyond a structure":  func(l *Layout) { l.inodeNumber = 30_000 },
		"no number of a type": func(l *Layout) { l.target = 1 << 30 },
	} {
		wrong := l
		change(&wrong)
		if w, err := wrong.Open(); err == nil {
			w.Close()
			t.Errorf("%s: no error", name)
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
