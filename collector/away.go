//go:build linux

package collector

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/sockdiag"
)

// inside is l with its network namespace held open, and the function that lets
// go of it. From then on, whatever depends on the namespace is opened there, a
// step at a time: rows are given out, and processes looked at, by the caller's
// own thread.
//
// A namespace that may not be entered, as that of a container which a user runs
// without root, shows its tables in /proc all the same, where a process is in it
// (proc_tgid_net_lookup in fs/proc/proc_net.c asks for no capability).
func (l *linux) inside() (*linux, func(), error) {
	if l.away == nil {
		return l, func() {}, nil
	}
	h, err := netns.Open(*l.away)
	if err != nil {
		return nil, nil, err
	}
	there := *l
	there.proc.Enter = h.Do
	err = h.Do(func() error { return nil })
	if err == nil {
		return &there, h.Close, nil
	}
	h.Close()
	if errors.Is(err, fs.ErrPermission) {
		for _, path := range l.away.Paths {
			if dir := netDir(path, l.away.Inode); dir >= 0 {
				there.proc.Enter = func(func() error) error { return err }
				there.proc.NetDir = l.proc.Dir() + "/self/fd/" + strconv.Itoa(dir)
				return &there, func() { _ = unix.Close(dir) }, nil // a directory has nothing to lose
			}
		}
	}
	return nil, nil, err
}

// netDir opens the net directory beside the link of a task that is in the
// namespace, -1 where it is not. Once open it is that of this task and of none
// that gets its number later.
func netDir(link string, inode uint64) int {
	task, ok := strings.CutSuffix(link, "/ns/net")
	if !ok {
		return -1
	}
	dir, err := unix.Open(task+"/net", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	var st unix.Stat_t
	if unix.Stat(link, &st) != nil || st.Ino != inode || unix.Fstatat(dir, "protocols", &st, 0) != nil {
		_ = unix.Close(dir) // a directory has nothing to lose
		return -1
	}
	return dir
}

// connection opens a connection to the kernel, which stays in the namespace that
// it was opened in.
func (l *linux) connection() (conn sockdiag.Conn, err error) {
	err = l.proc.Inside(func() (err error) {
		conn, err = l.dial()
		return err
	})
	return conn, err
}
