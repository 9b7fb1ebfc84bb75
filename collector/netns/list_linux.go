package netns

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// maxProcessPaths is how many processes are kept as ways to a namespace: the
// first may have ended by the time it is asked for.
const maxProcessPaths = 3

// List returns every network namespace that can be found, ordered by inode,
// and how much could be seen. The one that the caller is in is among them. An
// error means that the processes could not be listed; the namespaces that are
// known from mounts are returned all the same.
func List(o Options) ([]Namespace, Seen, error) {
	l := lister{options: o, byInode: map[uint64]*found{}, dev: deviceOf(o)}
	l.mounts()
	l.names()
	err := l.processes()
	all := make([]Namespace, 0, len(l.byInode))
	inodes := slices.Collect(maps.Keys(l.byInode))
	sorting.Stable(inodes, cmp.Compare)
	for _, inode := range inodes {
		all = append(all, l.byInode[inode].namespace())
	}
	return all, l.seen, err
}

// lister gathers what the sources tell.
type lister struct {
	options Options
	byInode map[uint64]*found
	seen    Seen
	dev     uint64
}

// found is one namespace while it is being put together.
type found struct {
	Namespace
	mounted string // the last element of a mount's path
	tasks   []string
}

func (f *found) namespace() Namespace {
	f.Name = cmp.Or(f.Name, f.mounted)
	f.Paths = append(f.Paths, f.tasks...)
	return f.Namespace
}

func (l *lister) at(inode uint64) *found {
	f := l.byInode[inode]
	if f == nil {
		f = &found{Namespace: Namespace{NetNS: socket.NetNS{Inode: inode}, dev: l.dev}}
		l.byInode[inode] = f
	}
	return f
}

// deviceOf is the file system that all namespaces are files of (fs/nsfs.c), 0
// where proc does not lead there, as in a recorded tree.
func deviceOf(o Options) uint64 {
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(o.proc(), "self", "ns", "net"), &st); err != nil {
		return 0
	}
	return st.Dev
}

// mounts adds what mountinfo shows.
func (l *lister) mounts() {
	file, err := os.Open(filepath.Join(l.options.proc(), "self", "mountinfo"))
	if err != nil {
		l.seen.MountsErr = err
		return
	}
	defer file.Close()
	l.seen.MountsErr = parseMounts(file, func(inode uint64, point string) {
		f := l.at(inode)
		var st unix.Stat_t
		if l.dev != 0 && (unix.Stat(point, &st) != nil || st.Dev != l.dev || st.Ino != inode) {
			return // another mount covers it, or the directory was removed
		}
		f.Paths = append(f.Paths, point)
		if f.mounted == "" && !dockersHost(point) {
			f.mounted = path.Base(point)
		}
	})
}

// names adds the entries of the directories for names. Most are mounts, and
// known; others are links to /proc/PID/ns/net that somebody has made to give a
// container's namespace a name.
func (l *lister) names() {
	for _, dir := range l.options.runDirs() {
		// Entries that were read before an error are as good as any.
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			file := filepath.Join(dir, entry.Name())
			var st unix.Stat_t
			if unix.Stat(file, &st) != nil || st.Dev != l.dev {
				continue
			}
			if l.byInode[st.Ino] == nil && !isNetNS(file) {
				continue
			}
			f := l.at(st.Ino)
			if !slices.Contains(f.Paths, file) {
				f.Paths = append(f.Paths, file)
			}
			if f.Name == "" && !dockersHost(file) {
				f.Name = entry.Name()
			}
		}
	}
}

// dockersHost reports whether file is what Docker calls the namespace that it
// runs in itself, which is a name for nobody else.
func dockersHost(file string) bool {
	return filepath.Base(file) == "default" && filepath.Base(filepath.Dir(filepath.Dir(file))) == "docker"
}

// isNetNS reports whether a file is a network namespace and not one of another
// kind. It is known to be on the file system of namespaces, where opening has
// no effect.
func isNetNS(file string) bool {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return isNetNSFile(fd)
}

func isNetNSFile(fd int) bool {
	kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE)
	return err == nil && kind == unix.CLONE_NEWNET
}

// task adds one thread for each namespace that a process is in.
func (l *lister) task(t task) {
	f := l.at(t.inode)
	if f.Processes++; f.PID == 0 {
		f.PID, f.TID = t.pid, t.tid
	}
	if len(f.tasks) < maxProcessPaths {
		f.tasks = append(f.tasks, taskPath(l.options.proc(), t.pid, t.tid))
	}
}

func taskPath(proc string, pid, tid int) string {
	if tid != 0 {
		return fmt.Sprintf("%s/%d/task/%d/ns/net", proc, pid, tid)
	}
	return fmt.Sprintf("%s/%d/ns/net", proc, pid)
}
