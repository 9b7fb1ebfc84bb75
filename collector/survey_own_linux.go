package collector

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
)

// doubtOwn marks sockets of this user that another of the user's processes may
// hold as well, one that may not be looked into: it has had more rights once, or
// was started with them (PR_SET_DUMPABLE in prctl(2)). A listing does not look for
// these, there it would cost a file for each process of root.
func (l *linux) doubtOwn(s *Survey) {
	self := uint32(os.Geteuid())
	if self == 0 {
		return
	}
	var own []*socket.Socket
	for _, row := range s.Sockets {
		if len(row.Processes) > 0 && row.HasUID && row.UID == self {
			own = append(own, row)
		}
	}
	if len(own) == 0 || !l.closedProcess(self) {
		return
	}
	for _, row := range own {
		row.MoreHolders = true
	}
}

// closedProcess reports whether a process of the user may not be looked into.
func (l *linux) closedProcess(uid uint32) bool {
	entries, err := os.ReadDir(l.proc.Dir())
	if err != nil {
		return true
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		owner, err := l.proc.EUID(pid)
		if err != nil || owner != uid {
			continue
		}
		dir, err := os.Open(l.proc.Dir() + "/" + entry.Name() + "/fd")
		if errors.Is(err, fs.ErrPermission) {
			return true
		}
		if err == nil {
			_ = dir.Close() // nothing was written
		}
	}
	return false
}
