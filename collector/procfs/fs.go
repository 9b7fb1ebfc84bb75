package procfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// FS is a proc file system. Its zero value is the one at /proc.
type FS struct {
	// Root is where it is mounted; "" means /proc.
	Root string
}

// tableBuffer is the read buffer of one net table. No row comes near it; it
// exists so that a line of any length is met with a bounded buffer.
const tableBuffer = 64 << 10

// factBuffer is the read buffer of files that are read once per process.
const factBuffer = 4 << 10

// Dir is the directory where it is mounted.
func (f FS) Dir() string {
	if f.Root == "" {
		return "/proc"
	}
	return f.Root
}

func (f FS) path(elem ...string) string {
	return filepath.Join(f.Dir(), filepath.Join(elem...))
}

func (f FS) pidPath(pid int, elem ...string) string {
	return f.path(strconv.Itoa(pid), filepath.Join(elem...))
}

// openNet opens a table of the calling thread's network namespace.
//
// /proc/net is a link to self/net, and self is the leader of the thread group:
// a thread that entered another namespace with setns(2) would read the tables
// of the namespace it came from, while its netlink sockets see the new one.
// thread-self (Linux 3.17) follows the thread. Only a tree without it, such as
// a recorded one, is read through net itself.
func (f FS) openNet(table string) (*os.File, error) {
	file, err := os.Open(f.path("thread-self", "net", table))
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if _, statErr := os.Stat(f.path("thread-self", "net")); statErr == nil {
		// The namespace is there and has no such table.
		return nil, err
	}
	return os.Open(f.path("net", table))
}

// readFact reads a small file, at most limit bytes of it.
func readFact(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit))
}
