package owner

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/owner/taskfile"
)

// freshProc shows the processes of this pid namespace.
func freshProc() error {
	return errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("proc", "/proc", "proc", 0, ""),
	)
}

// refuseBPF has bpf(2) refused to all threads of this process, as engines do to
// their containers.
func refuseBPF() error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_BPF, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}

// TestFallback: whatever keeps the kernel from being asked, the answer is the same,
// and it says why.
func TestFallback(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file, inode := listen(t)
	holder := start(t, order{Role: "hold"}, nil, file)
	tests := []struct {
		name   string
		order  order
		attr   *syscall.SysProcAttr
		reason string
		blind  bool // the holder cannot be seen by anyone there
	}{
		{name: "without rights", attr: asNobody(), reason: "CAP_BPF", blind: true},
		{name: "refused", order: order{NoBPF: true}, reason: "operation not permitted"},
		{name: "no types", order: order{Types: filepath.Join(dir, "none")}, reason: "no such file"},
		{name: "empty types", order: order{Types: write("empty", nil)}, reason: "0 bytes"},
		{name: "no types at all", order: order{Types: write("text", []byte("these are no types"))}, reason: "cut short"},
		{
			name: "another pid namespace", order: order{Fresh: true}, reason: "not the first pid namespace", blind: true,
			attr: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS},
		},
		{
			name: "the /proc of another pid namespace", reason: "pid namespace",
			attr: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := tt.order
			o.Role, o.Way, o.Inodes = "find", BPF, []uint64{inode}
			f := start(t, o, tt.attr).Found
			if f.Error != "" {
				t.Fatal(f.Error)
			}
			if f.Way != ByProc || !f.Refused || !strings.Contains(f.Reason, tt.reason) {
				t.Errorf("way %v, refused %v, reason %q, want proc and %q", f.Way, f.Refused, f.Reason, tt.reason)
			}
			want := Descriptor{Inode: inode, PID: int32(holder.pid), FD: 3}
			if slices.Contains(f.Holders, want) == tt.blind {
				t.Errorf("holders %+v, %+v among them is not as it ought to be", f.Holders, want)
			}
		})
	}
}

// TestWrongTypes: a kernel whose structures are not where its types say is found
// out, by the kernel itself or by the self-test.
func TestWrongTypes(t *testing.T) {
	t.Parallel()
	needBPF(t)
	right, err := os.ReadFile(kernelTypes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := taskfile.ReadLayout(right); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, inode := listen(t)
	for _, member := range []string{"tgid", "pid", "comm", "f_inode", "f_op", "i_ino", "i_sb", "s_magic"} {
		for _, by := range []int32{-8, 8} {
			wrong := move(t, right, member, by)
			path := filepath.Join(dir, member)
			if err := os.WriteFile(path, wrong, 0o600); err != nil {
				t.Fatal(err)
			}
			inodes := NewInodes(1)
			inodes.Add(inode)
			r, err := Chooser{Way: BPF, Kernel: &Kernel{types: path}}.Find(t.Context(), Want{Inodes: inodes})
			if err != nil {
				t.Fatal(err)
			}
			if r.Way == BPF {
				t.Errorf("%s moved by %d: it is believed", member, by)
			}
			if !strings.Contains(r.Reason, "self-test") && !strings.Contains(r.Reason, "load bpf program") {
				t.Errorf("%s moved by %d: %s", member, by, r.Reason)
			}
			if len(r.Holders(0)) == 0 {
				t.Errorf("%s moved by %d: no holder", member, by)
			}
		}
	}
}

// move has the types say that all members of a name are so many bytes further on.
func move(t *testing.T, right []byte, member string, by int32) []byte {
	t.Helper()
	order := binary.NativeEndian
	head := order.Uint32(right[4:])
	types := head + order.Uint32(right[8:])
	end := types + order.Uint32(right[12:])
	strings := right[head+order.Uint32(right[16:]):]
	name := bytes.Index(strings, []byte("\x00"+member+"\x00")) + 1
	if name == 0 {
		t.Fatalf("no string %s", member)
	}
	wrong := bytes.Clone(right)
	moved := 0
	// What follows a type of each kind, once and for each of its elements.
	once := map[uint32]uint32{1: 4, 3: 12, 14: 4, 17: 4}
	each := map[uint32]uint32{4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
	for at := types; at < end; {
		info := order.Uint32(right[at+4:])
		kind, n := info>>24&31, info&0xffff
		at += 12
		for i := range n {
			m := at + i*12
			if kind == 4 && order.Uint32(right[m:]) == uint32(name) {
				order.PutUint32(wrong[m+8:], order.Uint32(right[m+8:])+uint32(by*8))
				moved++
			}
		}
		at += once[kind] + n*each[kind]
	}
	if moved == 0 {
		t.Fatalf("no member %s", member)
	}
	return wrong
}

// TestGiveUp: what could not be done once is not tried again.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	needBPF(t)
	path := filepath.Join(t.TempDir(), "types")
	k := &Kernel{types: path}
	c := Chooser{Way: BPF, Kernel: k}
	for range 2 {
		r, err := c.Find(t.Context(), Want{Inodes: NewInodes(0)})
		if err != nil || r.Way != ByProc || !strings.Contains(r.Reason, "no such file") {
			t.Errorf("way %v, reason %q, %v", r.Way, r.Reason, err)
		}
	}
	if !errors.Is(k.gaveUp(), fs.ErrNotExist) {
		t.Errorf("reason %v", k.gaveUp())
	}
}

// TestSelfTestRecords has the self-test told of what cannot be.
func TestSelfTestRecords(t *testing.T) {
	t.Parallel()
	comm := func(int) (string, error) { return "me", nil }
	fresh := func() *selfTest { return &selfTest{pid: 7, socket: 3, inode: 100, others: [2]int{4, 5}} }
	socket := taskfile.Record{TGID: 7, TID: 7, FD: 3, Kind: taskfile.Socket, Value: 100, Comm: [16]byte{'m', 'e'}}
	event := taskfile.Record{TGID: 7, TID: 7, FD: 4, Kind: taskfile.Anonymous, Value: 1}
	poll := taskfile.Record{TGID: 7, TID: 7, FD: 5, Kind: taskfile.Anonymous, Value: 2}
	with := func(r taskfile.Record, change func(*taskfile.Record)) taskfile.Record {
		change(&r)
		return r
	}
	tests := []struct {
		name    string
		records []taskfile.Record
		err     string
	}{
		{"as it is", []taskfile.Record{socket, event, poll}, ""},
		{"a copy in a child and in a thread", []taskfile.Record{
			socket, event, poll,
			with(socket, func(r *taskfile.Record) { r.TGID, r.TID = 9, 9 }),
			with(socket, func(r *taskfile.Record) { r.TID = 8 }),
		}, ""},
		{"nothing", nil, "seen 0 times"},
		{"twice", []taskfile.Record{socket, event, poll, socket}, "seen 2 times"},
		{"another inode", []taskfile.Record{with(socket, func(r *taskfile.Record) { r.Value = 101 }), event, poll}, "inode 101"},
		{"another descriptor", []taskfile.Record{with(socket, func(r *taskfile.Record) { r.FD = 6 }), event, poll}, "descriptor 6"},
		{"another name", []taskfile.Record{with(socket, func(r *taskfile.Record) { r.Comm[0] = 'w' }), event, poll}, `"we"`},
		{"no files of other kinds", []taskfile.Record{socket}, "not told apart"},
		{"one kind", []taskfile.Record{socket, event, with(poll, func(r *taskfile.Record) { r.Value = 1 })}, "not told apart"},
	}
	for _, tt := range tests {
		s := fresh()
		for i := range tt.records {
			s.takes(&tt.records[i])
		}
		err := s.verdict(comm)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
	s := fresh()
	if s.takes(&taskfile.Record{TGID: 7, TID: 7, FD: 6, Kind: taskfile.Socket, Value: 5}) {
		t.Error("another socket of this process is nobody else's business")
	}
}
