package descriptor

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// TestSocketChanged: a descriptor that is another socket by now, no socket, or
// none, or of a process that has gone.
func TestSocketChanged(t *testing.T) {
	t.Parallel()
	i, err := inspector()
	must(t, err)
	fd := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	inode := inodeOf(t, fd)
	if _, err := i.Socket(os.Getpid(), 0, fd, inode); err != nil {
		t.Fatalf("as it was: %v", err)
	}
	other := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	null, err := os.Open(os.DevNull)
	must(t, err)
	defer null.Close()
	var nullInode unix.Stat_t
	must(t, unix.Fstat(int(null.Fd()), &nullInode))
	tests := []struct {
		name         string
		pid, tid, fd int
		inode        uint64
	}{
		{"another socket", os.Getpid(), 0, other, inode},
		{"no socket", os.Getpid(), 0, int(null.Fd()), inode},
		{"no socket with that inode", os.Getpid(), 0, int(null.Fd()), nullInode.Ino},
		{"closed", os.Getpid(), 0, 1 << 20, inode},
		{"no process", 1 << 30, 0, fd, inode},
		{"no thread", os.Getpid(), 1 << 30, fd, inode},
	}
	for _, tt := range tests {
		if _, err := i.Socket(tt.pid, tt.tid, tt.fd, tt.inode); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v, want %v", tt.name, err, ErrGone)
		}
	}
	for _, fd := range []int{int(null.Fd()), 1 << 20} {
		if p, err := i.Proto(os.Getpid(), 0, fd); err == nil {
			t.Errorf("Proto of descriptor %d: %v", fd, p)
		}
	}
}

// TestSocketElsewhere: a socket stays in the namespace it was made in.
func TestSocketElsewhere(t *testing.T) {
	t.Parallel()
	i, err := inspector()
	must(t, err)
	fd := elsewhere(t)
	if _, err := i.Socket(os.Getpid(), 0, fd, inodeOf(t, fd)); !errors.Is(err, ErrElsewhere) {
		t.Errorf("error %v, want %v", err, ErrElsewhere)
	}
	var st unix.Stat_t
	ns, err := unix.IoctlRetInt(fd, unix.SIOCGSKNS)
	must(t, err)
	defer unix.Close(ns)
	must(t, unix.Fstat(ns, &st))
	if err := i.hereByInode(fd); !errors.Is(err, ErrElsewhere) {
		t.Errorf("by inode: %v, want %v", err, ErrElsewhere)
	}
	i.NetNS = st.Ino
	if err := i.hereByInode(fd); err != nil {
		t.Errorf("by inode, from its own namespace: %v", err)
	}
	i.cookie, err = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	must(t, err)
	if s, err := i.Socket(os.Getpid(), 0, fd, inodeOf(t, fd)); err != nil || s.Proto != socket.TCP {
		t.Errorf("from its own namespace: %+v, %v", s, err)
	}
}

// elsewhere makes a socket in a network namespace of its own.
func elsewhere(t *testing.T) (fd int) {
	t.Helper()
	nstest.Run(t, func(t *testing.T) {
		var err error
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// TestSocketOfThread reaches into a thread's own table.
func TestSocketOfThread(t *testing.T) {
	t.Parallel()
	type place struct {
		tid, fd int
		inode   uint64
		err     error
	}
	ready, release := make(chan place), make(chan struct{})
	offMain(func() {
		p := place{tid: unix.Gettid()}
		var st unix.Stat_t
		if p.err = unix.Unshare(unix.CLONE_FILES); p.err == nil {
			if p.fd, p.err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); p.err == nil {
				// A number that the shared table surely does not have.
				if p.err = unix.Dup3(p.fd, 999, unix.O_CLOEXEC); p.err == nil {
					p.fd, p.err = 999, unix.Fstat(999, &st)
					p.inode = st.Ino
				}
			}
		}
		ready <- p
		<-release
	})
	p := <-ready
	defer close(release)
	if p.err != nil {
		t.Skip(p.err)
	}
	i, err := inspector()
	must(t, err)
	s, err := i.Socket(os.Getpid(), p.tid, p.fd, p.inode)
	if errors.Is(err, unix.EINVAL) {
		t.Skipf("this kernel has no PIDFD_THREAD (Linux 6.9): %v", err)
	}
	if err != nil || s.Proto != socket.TCP || s.Inode != p.inode {
		t.Errorf("socket %+v, %v", s, err)
	}
	if proto, err := i.Proto(os.Getpid(), p.tid, p.fd); err != nil || proto != socket.TCP {
		t.Errorf("Proto: %v, %v", proto, err)
	}
	if _, err := i.Socket(os.Getpid(), 0, p.fd, p.inode); !errors.Is(err, ErrGone) {
		t.Errorf("in the shared table: %v, want %v", err, ErrGone)
	}
}

// TestNoDescriptorLeft: nothing of what was looked at stays open.
func TestNoDescriptorLeft(t *testing.T) {
	i, err := inspector()
	must(t, err)
	fd, far := open(t, unix.AF_INET, unix.SOCK_STREAM, 0), elsewhere(t)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(entries)
	}
	before := count()
	for range 20 {
		_, _ = i.Socket(os.Getpid(), 0, fd, inodeOf(t, fd))
		_, _ = i.Socket(os.Getpid(), 0, fd, 1)
		_, _ = i.Socket(os.Getpid(), 0, far, inodeOf(t, far))
		_, _ = i.Socket(1<<30, 0, fd, 1)
		_, _ = i.Socket(os.Getpid(), 0, fd, 1)
	}
	i.Close()
	i.Close() // there is nothing left to let go of
	if after := count(); after != before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

// TestSocketOfOtherProtocol: what nobody asked for is told apart from what
// cannot be described.
func TestSocketOfOtherProtocol(t *testing.T) {
	t.Parallel()
	i, err := inspector()
	must(t, err)
	defer i.Close()
	i.Protos = socket.ProtoSetOf(socket.UDP, socket.Vsock)
	tcp, udp := open(t, unix.AF_INET, unix.SOCK_STREAM, 0), open(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if s, err := i.Socket(os.Getpid(), 0, tcp, inodeOf(t, tcp)); !errors.Is(err, ErrOther) {
		t.Errorf("tcp: %+v, %v, want %v", s, err, ErrOther)
	}
	if s, err := i.Socket(os.Getpid(), 0, udp, inodeOf(t, udp)); err != nil || s.Proto != socket.UDP {
		t.Errorf("udp: %+v, %v", s, err)
	}
}

// offMain runs f on a thread of its own, which ends with it. The main thread
// would stay, so it is kept busy when it happens to be the one.
func offMain(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != os.Getpid() {
			f()
			return
		}
		done := make(chan struct{})
		offMain(func() {
			defer close(done)
			f()
		})
		<-done
		runtime.UnlockOSThread()
	}()
}
