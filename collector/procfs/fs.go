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
	// Enter runs a function on a thread that is in the network namespace whose
	// tables and settings are wanted; nil is the calling thread. What is opened
	// there is of that namespace, whoever reads it.
	Enter func(open func() error) error
	// NetDir is a net directory whose tables are to be read, "" for that of the
	// thread. It shows the tables of a namespace that may not be entered.
	NetDir string
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

// Inside runs a function in the network namespace that f is about.
func (f FS) Inside(open func() error) error {
	if f.Enter == nil {
		return open()
	}
	return f.Enter(open)
}

// openNet opens a table of the network namespace that f is about.
func (f FS) openNet(table string) (file *os.File, err error) {
	if f.NetDir != "" {
		return os.Open(filepath.Join(f.NetDir, table))
	}
	if f.Enter == nil {
		return f.openNetHere(table)
	}
	err = f.Enter(func() (err error) {
		file, err = f.openNetHere(table)
		return err
	})
	return file, err
}

// openNetHere opens a table of the calling thread's network namespace.
//
// /proc/net is a link to self/net, and self is the leader of the thread group:
// a thread that entered another namespace with setns(2) would read the tables
// of the namespace it came from, while its netlink sockets see the new one.
// thread-self (Linux 3.17) follows the thread. Only a tree without it, such as
// a recorded one, is read through net itself.
func (f FS) openNetHere(table string) (*os.File, error) {
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

// readSetting reads a file below sys/net. The kernel answers with the numbers of
// the network namespace that the calling thread is in; the file is below no
// process.
func (f FS) readSetting(path string, limit int64) (b []byte, err error) {
	if f.Enter == nil {
		return readFact(path, limit)
	}
	err = f.Enter(func() (err error) {
		b, err = readFact(path, limit)
		return err
	})
	return b, err
}
