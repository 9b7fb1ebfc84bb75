package live

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
)

// Held implements watch.Source, by the links in /proc of the descriptors that were
// found. What may not be looked at is as it was.
func (s *Source) Held(row *socket.Socket) bool {
	link := "socket:[" + strconv.FormatUint(row.Inode, 10) + "]"
	for i := range row.Processes {
		h := &row.Processes[i]
		dir := "/proc/" + strconv.Itoa(h.Process.PID)
		if h.TID != 0 {
			dir += "/task/" + strconv.Itoa(h.TID)
		}
		got, err := os.Readlink(dir + "/fd/" + strconv.Itoa(h.FD))
		if errors.Is(err, fs.ErrNotExist) || err == nil && got != link {
			return false
		}
	}
	return true
}
