package owner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
)

// childRole names the part that the test binary plays when a test starts it
// once more: "role argument".
const childRole = "OWNER_TEST_ROLE"

// A child's first goroutine has the first thread for itself: that is the one
// that gives the process its name and that can exit as a leader.
func init() {
	if os.Getenv(childRole) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	role := os.Getenv(childRole)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// said is the one line that a child writes when it is ready.
type said struct {
	// Sockets are descriptors of sockets that the child has.
	Sockets []Descriptor
	// Found is what a child saw that looked for holders itself.
	Found found
	// PIDs are the processes of a chain, the highest first.
	PIDs []int
}

// found is a Result that travels as JSON.
type found struct {
	Holders         []Descriptor
	Denied, Starved int
	Veiled          bool
	Error           string
	Way             Way
	Reason          string
	Refused         bool
}

// order is what a child is to do.
type order struct {
	Role string
	// Name is written to comm, unless nil.
	Name []byte
	// Dir is the directory to go to, Args are arguments that the child ignores.
	Dir  []byte
	Args []string
	// N is how many descriptors or threads to make, or children below another.
	N int
	// PIDs are those above, the highest first.
	PIDs []int
	// Inodes, Root, Limit are for a child that looks for holders itself.
	Inodes  []uint64
	Root    string
	NoFiles bool
	// Way is how to look, Types the file of the kernel's types. NoBPF has bpf(2)
	// refused, Fresh mounts a /proc of the child's pid namespace.
	Way          Way
	Types        string
	NoBPF, Fresh bool
	// Seed decides what a process of a random tree does.
	Seed uint64
}

func play(role string) error {
	var o order
	if err := json.Unmarshal([]byte(role), &o); err != nil {
		return err
	}
	if o.Name != nil {
		name := append(o.Name, 0)
		if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0); err != nil {
			return err
		}
	}
	if o.Dir != nil {
		if err := os.Chdir(string(o.Dir)); err != nil {
			return err
		}
	}
	switch o.Role {
	case "chain":
		return playChain(o)
	case "hold": // descriptor 3 is inherited, if any
		return sayAndWait(said{Sockets: socketsAt(0, 3)})
	case "many":
		return playMany(o.N)
	case "threads":
		return playThreads(o.N)
	case "leader-exit":
		return playLeaderExit()
	case "receive":
		return playReceive()
	case "find":
		return playFind(o)
	case "veil":
		return playVeil(o)
	case "tree":
		return playTree(o)
	}
	return errors.New("no such role: " + o.Role)
}

// sayAndWait reports and stays until the test closes standard input.
func sayAndWait(s said) error {
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// socketsAt describes descriptors that refer to sockets.
func socketsAt(tid int, fds ...int) []Descriptor {
	var all []Descriptor
	for _, fd := range fds {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK {
			all = append(all, Descriptor{Inode: st.Ino, PID: int32(os.Getpid()), TID: int32(tid), FD: int32(fd)})
		}
	}
	return all
}

// playChain starts a child that does the same, until the last one, which holds
// descriptor 3. Each calls itself by how many are below it.
func playChain(o order) error {
	o.PIDs = append(o.PIDs, os.Getpid())
	if o.N == 0 {
		return sayAndWait(said{Sockets: socketsAt(0, 3), PIDs: o.PIDs})
	}
	o.N--
	o.Name = fmt.Appendf(nil, "link) %d (", o.N)
	role, err := json.Marshal(o)
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = environment(role)
	cmd.ExtraFiles = []*os.File{os.NewFile(3, "inherited")}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// playMany fills the table so that one getdents cannot read it, with sockets
// among the first, in the middle and at the end.
func playMany(n int) error {
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	var fds []int
	for i := range n {
		if i == 0 || i == n/2 || i == n-1 {
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			fds = append(fds, fd)
		} else if _, err := unix.FcntlInt(uintptr(null), unix.F_DUPFD_CLOEXEC, 3); err != nil {
			return fmt.Errorf("descriptor %d: %w", i, err)
		}
	}
	return sayAndWait(said{Sockets: socketsAt(0, fds...)})
}

// playThreads has n threads, each with a table of its own and a socket in it.
func playThreads(n int) error {
	all := make(chan []Descriptor)
	for range n {
		go func() {
			runtime.LockOSThread()
			if err := unix.Unshare(unix.CLONE_FILES); err != nil {
				all <- nil
				return
			}
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				all <- nil
				return
			}
			all <- socketsAt(unix.Gettid(), fd)
			select {} // the table goes with the thread
		}()
	}
	var s said
	for range n {
		one := <-all
		if one == nil {
			return errors.New("no thread with a table of its own")
		}
		s.Sockets = append(s.Sockets, one...)
	}
	return sayAndWait(s)
}

// playLeaderExit ends the main thread; the others, and the table, live on.
func playLeaderExit() error {
	go func() {
		stat := fmt.Sprintf("/proc/self/task/%d/stat", os.Getpid())
		for {
			b, err := os.ReadFile(stat)
			if err == nil && len(b) > 0 && stateOfStat(b) == 'Z' {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if err := sayAndWait(said{Sockets: socketsAt(0, 3)}); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}()
	// Syscall and not RawSyscall: the scheduler must learn that the thread does
	// not come back.
	_, _, errno := unix.Syscall(unix.SYS_EXIT, 0, 0, 0)
	return errno
}

func stateOfStat(b []byte) byte {
	for i := len(b) - 1; i > 0; i-- {
		if b[i] == ')' && i+2 < len(b) {
			return b[i+2]
		}
	}
	return 0
}

// playReceive takes a descriptor out of the unix socket that is descriptor 3.
func playReceive() error {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(3, make([]byte, 1), control, 0)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return fmt.Errorf("control messages: %d, %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	unix.Close(3)
	return sayAndWait(said{Sockets: socketsAt(0, fds...)})
}

// playFind looks for holders with the rights and limits of this child. It has
// a listener of its own, whose inode it adds to those that were asked for.
func playFind(o order) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer file.Close()
	own := socketsAt(0, int(file.Fd()))
	inodes := NewInodes(0)
	inodes.Add(own[0].Inode)
	for _, inode := range o.Inodes {
		inodes.Add(inode)
	}
	if o.NoFiles {
		if err := leaveOneDescriptor(); err != nil {
			return err
		}
	}
	if o.Fresh {
		if err := freshProc(); err != nil {
			return err
		}
	}
	if o.NoBPF {
		if err := refuseBPF(); err != nil {
			return err
		}
	}
	finder := Chooser{Proc: Proc{FS: procfs.FS{Root: o.Root}}, Way: o.Way, Kernel: &Kernel{types: o.Types}}
	r, err := finder.Find(context.Background(), Want{Inodes: inodes})
	if err != nil {
		return sayAndWait(said{Found: found{Error: err.Error()}})
	}
	f := found{
		Denied: r.Denied, Starved: r.Starved, Veiled: r.Veiled, Way: r.Way, Reason: r.Reason, Refused: r.Refused,
	}
	for i := range inodes.Len() {
		f.Holders = append(f.Holders, descriptors(r.Holders(int32(i)))...)
	}
	return sayAndWait(said{Sockets: own, Found: f})
}

// descriptors forgets the facts about the processes.
func descriptors(held []Held) []Descriptor {
	var all []Descriptor
	for _, h := range held {
		all = append(all, Descriptor{Inode: h.Inode, PID: int32(h.Process.PID), TID: h.TID, FD: h.FD})
	}
	return all
}

// leaveOneDescriptor lowers the limit so that /proc can be opened and nothing
// below it. The lowest free descriptor is the one that is given out next.
func leaveOneDescriptor() error {
	next, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	unix.Close(next)
	// Everything above is beyond the limit, in use or not.
	limit := uint64(next + 1)
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: limit})
}

// playVeil covers the processes of others on a proc file system of its own, in
// a mount namespace of its own, and has another user look.
func playVeil(o order) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("proc", o.Root, "proc", 0, "hidepid=2"); err != nil {
		return err
	}
	o.Role = "find"
	role, err := json.Marshal(o)
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = environment(role)
	cmd.SysProcAttr = asNobody()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
