package ending

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/procfs"
)

// New returns an Ender for the processes that this proc file system shows. It
// has to be that of the pid namespace which this program is in: a pid of another
// one is another process's here.
func New(proc procfs.FS) (*Ender, error) {
	self := os.Getpid()
	if link, err := os.Readlink(proc.Dir() + "/self"); err != nil || link != strconv.Itoa(self) {
		return nil, fmt.Errorf("%s does not show the processes of this pid namespace", proc.Dir())
	}
	boot, err := proc.BootTime()
	if err != nil {
		return nil, err
	}
	return &Ender{steps: system{proc}, boot: boot, self: self, ancestors: ancestors(proc, self)}, nil
}

// ancestors are the processes above one, up to the first or to one that this
// user may not see (the hidepid option of proc(5)).
func ancestors(proc procfs.FS, pid int) (all []int) {
	for {
		l, err := proc.Lineage(pid)
		if err != nil || l.Parent == 0 {
			return all
		}
		pid = l.Parent
		all = append(all, pid)
	}
}

// system is the running system.
type system struct{ proc procfs.FS }

func (system) open(pid int) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return -1, ErrGone
	case errors.Is(err, unix.ENOSYS):
		return -1, errors.New("this kernel has no pidfd_open (Linux 5.3)")
	}
	return fd, err
}

func (system) close(handle int) { _ = unix.Close(handle) } // a pidfd holds no data

func (s system) identify(pid int) (identity, error) {
	stat, err := os.ReadFile(s.proc.Dir() + "/" + strconv.Itoa(pid) + "/stat")
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH):
		return identity{}, ErrGone
	case err != nil:
		return identity{}, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	is, ok := parseStat(stat)
	if !ok {
		return identity{}, fmt.Errorf("%w: malformed /proc/%d/stat", ErrUnsure, pid)
	}
	return is, nil
}

// parseStat reads the name, the state, the parent, the process group, the
// terminal, the flags and the start time, which are fields 2, 3, 4, 5, 7, 9 and 22
// of /proc/PID/stat. The name ends at the last parenthesis.
func parseStat(stat []byte) (is identity, ok bool) {
	const (
		tick         = time.Second / 100 // USER_HZ is 100 wherever Go runs on Linux
		kernelThread = 0x00200000        // PF_KTHREAD in include/linux/sched.h
		// The third field is the first behind the name.
		state, parent, group, terminal, flags, starts = 0, 4 - 3, 5 - 3, 7 - 3, 9 - 3, 22 - 3
	)
	begin, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	fields := bytes.Fields(stat[end+1:])
	if begin < 0 || end < begin || len(fields) <= starts {
		return is, false
	}
	var numbers [3]int
	for i, field := range [...]int{parent, group, terminal} {
		n, err := strconv.ParseInt(string(fields[field]), 10, 32)
		if err != nil {
			return is, false
		}
		numbers[i] = int(n)
	}
	bits, err := strconv.ParseUint(string(fields[flags]), 10, 32)
	if err != nil {
		return is, false
	}
	ticks, err := strconv.ParseUint(string(fields[starts]), 10, 64)
	if err != nil || ticks > math.MaxInt64/uint64(tick) {
		return is, false
	}
	return identity{
		start:  time.Duration(ticks) * tick,
		kernel: bits&kernelThread != 0,
		dead:   fields[state][0] == 'Z' || fields[state][0] == 'X',
		name:   string(stat[begin+1 : end]),
		parent: numbers[0], group: numbers[1], terminal: numbers[2] != 0,
	}, true
}

func (s system) holds(pid int, t *Target) (bool, error) {
	wanted := owner.NewInodes(len(t.Inodes))
	for _, inode := range t.Inodes {
		wanted.Add(inode)
	}
	found, err := owner.Proc{FS: s.proc}.Find(context.Background(), owner.Want{Inodes: wanted, PIDs: []int32{int32(pid)}})
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	for i := range wanted.Len() {
		if len(found.Holders(int32(i))) > 0 {
			return true, nil
		}
	}
	if found.Denied > 0 || found.Starved > 0 {
		return false, fmt.Errorf("%w: its descriptors cannot be seen any more", ErrUnsure)
	}
	return false, nil
}

func (system) ended(handles []int, wait time.Duration) ([]bool, error) {
	polled := make([]unix.PollFd, len(handles))
	for i, handle := range handles {
		polled[i] = unix.PollFd{Fd: int32(handle), Events: unix.POLLIN}
	}
	_, err := unix.Poll(polled, int((wait+time.Millisecond-1)/time.Millisecond))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return nil, fmt.Errorf("poll pidfd: %w", err)
	}
	over := make([]bool, len(handles))
	for i := range polled {
		over[i] = polled[i].Revents != 0
	}
	return over, nil
}

func (system) signal(handle int, sig syscall.Signal) error {
	err := unix.PidfdSendSignal(handle, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return err
}
