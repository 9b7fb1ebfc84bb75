package netns

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/sorting"
)

// maxWorkers is where more threads stop to gain: all look things up in the same
// few directories.
const maxWorkers = 4

// processes adds the namespaces that processes are in. A link is read for each
// process, and another for each thread of those that have several: setns(2) and
// unshare(2) move one thread only.
func (l *lister) processes() error {
	proc := l.options.proc()
	root, err := unix.Open(proc, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", proc, err)
	}
	defer unix.Close(root)
	pids, err := new(walker).numbers(root, nil)
	if err != nil {
		return fmt.Errorf("list %s: %w", proc, err)
	}
	l.seen.Veiled = !slices.Contains(pids, 1)

	const worthOne = 32 // a worker is not started for fewer processes
	workers := make([]walker, min(maxWorkers, runtime.GOMAXPROCS(0), len(pids)/worthOne+1))
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	for i := range workers {
		w := &workers[i]
		w.root = root
		wg.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(pids)); n = next.Add(1) - 1 {
				w.process(pids[n])
			}
		})
	}
	wg.Wait()
	var tasks []task
	for i := range workers {
		tasks = append(tasks, workers[i].found...)
		l.seen.Denied += workers[i].denied
		if pid := workers[i].deniedPID; pid != 0 && (l.seen.DeniedPID == 0 || pid < l.seen.DeniedPID) {
			l.seen.DeniedPID = pid
		}
	}
	sorting.Stable(tasks, func(a, b task) int { return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.tid, b.tid)) })
	for _, t := range tasks {
		l.task(t)
	}
	return nil
}

// task is a thread in a namespace; tid is 0 for the main thread.
type task struct {
	pid, tid int
	inode    uint64
}

// walker is one worker, with its findings and its buffers.
type walker struct {
	root              int
	found             []task
	denied, deniedPID int

	entries [16 << 10]byte
	link    [64]byte
	path    []byte
	names   []string
	tids    []int
}

// process adds a process: its main thread, and one thread for each other
// namespace.
func (w *walker) process(pid int) {
	w.path = strconv.AppendInt(w.path[:0], int64(pid), 10)
	first := len(w.found)
	inode, err := w.inode(w.path)
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		if w.denied++; w.deniedPID == 0 || pid < w.deniedPID {
			w.deniedPID = pid
		}
		return // and so would be its threads
	case err == nil:
		w.found = append(w.found, task{pid: pid, inode: inode})
	}
	// The link count of the task directory is the number of threads plus two
	// (proc_task_getattr in fs/proc/base.c). A process whose main thread has
	// exited is in no namespace, and its other threads still are.
	w.path = append(w.path, "/task"...)
	dir := string(w.path)
	var st unix.Stat_t
	if unix.Fstatat(w.root, dir, &st, 0) != nil || st.Nlink == 3 {
		return
	}
	fd, err := unix.Openat(w.root, dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return // it has ended
	}
	defer unix.Close(fd)
	w.tids, _ = w.numbers(fd, w.tids[:0]) // what was read before an error is as good as any
	for _, tid := range w.tids {
		if tid == pid {
			continue
		}
		w.path = strconv.AppendInt(append(w.path[:len(dir)], '/'), int64(tid), 10)
		inode, err := w.inode(w.path)
		known := slices.ContainsFunc(w.found[first:], func(t task) bool { return t.inode == inode })
		if err == nil && !known {
			w.found = append(w.found, task{pid: pid, tid: tid, inode: inode})
		}
	}
}

// inode reads the link of a task.
func (w *walker) inode(dir []byte) (uint64, error) {
	n, err := unix.Readlinkat(w.root, string(dir)+"/ns/net", w.link[:])
	if err != nil {
		return 0, err
	}
	inode, ok := parseLink(string(w.link[:n]))
	if !ok {
		return 0, unix.EINVAL
	}
	return inode, nil
}

// numbers appends the entries of a directory that are numbers.
func (w *walker) numbers(fd int, to []int) ([]int, error) {
	for {
		n, err := unix.Getdents(fd, w.entries[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return to, err
		}
		_, _, w.names = unix.ParseDirent(w.entries[:n], -1, w.names[:0])
		for _, name := range w.names {
			if number, err := strconv.Atoi(name); err == nil && number > 0 {
				to = append(to, number)
			}
		}
	}
}
