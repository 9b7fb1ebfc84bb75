package owner

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/owner/taskfile"
)

// selfTest is what this process holds for the time of a walk in the kernel, to be
// found by it: a program that reads the wrong members of the kernel's structures
// does not fail, it tells something else. Each member that matters shows: the
// process, the thread, the descriptor, the inode and the name by the socket; that
// a file is anonymous, and of which kind, by two that are and differ.
type selfTest struct {
	pid    int32
	socket int
	inode  uint64
	others [2]int
	name   string

	seen  int       // how often the socket was told of as it is
	kinds [2]uint64 // what was told of the others
	wrong error     // the first record that cannot be
}

func newSelfTest() (*selfTest, error) {
	t := &selfTest{pid: int32(os.Getpid()), socket: -1, others: [2]int{-1, -1}}
	if err := t.open(); err != nil {
		t.close()
		return nil, fmt.Errorf("prepare self-test: %w", err)
	}
	return t, nil
}

func (t *selfTest) open() (err error) {
	if t.socket, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if t.others[0], err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		return err
	}
	if t.others[1], err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(t.socket, &st); err != nil {
		return err
	}
	t.inode = st.Ino
	return nil
}

func (t *selfTest) close() {
	for _, fd := range []int{t.socket, t.others[0], t.others[1]} {
		if fd >= 0 {
			unix.Close(fd) // nothing was written to it that could be lost
		}
	}
}

// takes reports whether a record is about the test and nobody else's business.
// The socket is in others' hands, too, for the moment in which this process makes
// another.
func (t *selfTest) takes(r *taskfile.Record) bool {
	if r.Kind == taskfile.Socket && r.Value == t.inode {
		if r.TGID == t.pid {
			t.own(r)
		}
		return true
	}
	if r.TGID != t.pid || r.TID != t.pid {
		return false
	}
	if int(r.FD) == t.socket {
		t.wrong = errors.Join(t.wrong, fmt.Errorf("inode %d instead of %d", r.Value, t.inode))
	}
	for i, fd := range t.others {
		if int(r.FD) == fd && r.Kind == taskfile.Anonymous {
			t.kinds[i] = r.Value
			return true
		}
	}
	return false
}

func (t *selfTest) own(r *taskfile.Record) {
	switch {
	case r.TID != t.pid: // a thread with a copy of the table
	case int(r.FD) != t.socket:
		t.wrong = errors.Join(t.wrong, fmt.Errorf("descriptor %d instead of %d", r.FD, t.socket))
	default:
		t.seen++
		t.name = string(r.Name())
	}
}

// verdict is nil when everything was told as it is. Comm reads the name of this
// process from elsewhere.
func (t *selfTest) verdict(comm func(pid int) (string, error)) error {
	switch {
	case t.wrong != nil:
		return fmt.Errorf("self-test: %w", t.wrong)
	case t.seen != 1:
		return fmt.Errorf("self-test: a socket of this process was seen %d times", t.seen)
	case t.kinds[0] == 0 || t.kinds[0] == t.kinds[1] || t.kinds[1] == 0:
		return errors.New("self-test: files of two kinds were not told apart")
	}
	name, err := comm(int(t.pid))
	if err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	if name != t.name {
		return fmt.Errorf("self-test: this process is told to be %q, not %q", t.name, name)
	}
	return nil
}
