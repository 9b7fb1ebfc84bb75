package owner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// Proc walks /proc/PID/fd. It needs no privilege for the caller's own
// processes and CAP_SYS_PTRACE for those of others.
type Proc struct {
	FS procfs.FS
}

// Name implements Finder.
func (p Proc) Name() string { return "proc" }

// maxWorkers is where more threads stop to gain: they contend for the same
// directory locks, and an inspector must leave the machine to its work.
const maxWorkers = 4

// maxRounds bounds how often the list of processes is read again.
const maxRounds = 3

// Find implements Finder. Processes that were born while others were looked
// at may have inherited a socket from one that is gone by now, so as long as a
// wanted socket has no holder the new ones are visited too.
func (p Proc) Find(ctx context.Context, w Want) (*Result, error) {
	path := p.FS.Dir()
	root, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(root)

	facts := newFacts(p.FS, w.Details)
	workers := make([]walker, min(maxWorkers, runtime.GOMAXPROCS(0)))
	for i := range workers {
		workers[i] = walker{root: root, want: w, facts: facts}
	}
	visited := map[int32]bool{}
	result := &Result{}
	for range maxRounds {
		pids, err := listPIDs(root)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", path, err)
		}
		if len(visited) == 0 && w.PIDs == nil {
			result.Veiled = !slices.Contains(pids, 1)
		}
		pids = slices.DeleteFunc(pids, func(pid int32) bool {
			return visited[pid] || w.PIDs != nil && !slices.Contains(w.PIDs, pid)
		})
		if len(pids) == 0 {
			break
		}
		visit(ctx, workers, pids)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result.merge(w, workers)
		if result.complete() {
			break
		}
		for _, pid := range pids {
			visited[pid] = true
		}
	}
	return result, nil
}

// visit shares the processes among the workers.
func visit(ctx context.Context, workers []walker, pids []int32) {
	const batch = 8
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	for i := range workers[:min(len(workers), len(pids)/batch+1)] {
		wg.Go(func() {
			for ctx.Err() == nil {
				start := int(next.Add(batch)) - batch
				if start >= len(pids) {
					return
				}
				for _, pid := range pids[start:min(start+batch, len(pids))] {
					workers[i].visit(pid)
				}
			}
		})
	}
	wg.Wait()
}

// merge gathers what all workers have found so far.
func (r *Result) merge(w Want, workers []walker) {
	r.Strays, r.Rings, r.Denied, r.Starved = nil, nil, 0, 0
	found := make([][]Held, 0, len(workers))
	for i := range workers {
		found = append(found, workers[i].held)
		r.Strays = append(r.Strays, workers[i].strays...)
		r.Rings = append(r.Rings, workers[i].rings...)
		r.Denied += workers[i].denied
		r.Starved += workers[i].starved
	}
	r.held, r.starts = group(w.Inodes.Len(), found)
	slices.SortFunc(r.Strays, compareDescriptors)
}

// walker is one worker; its buffers serve all its processes.
type walker struct {
	want    Want
	held    []Held
	strays  []Descriptor
	rings   []Descriptor
	facts   facts
	tables  []int32 // threads of this process with distinct descriptor tables
	root    int
	denied  int
	starved int
	pid     int32
	process *socket.Process // this process, once it holds something wanted
	path    []byte
	entries [32 << 10]byte
	tasks   [4 << 10]byte
	link    [64]byte
}

// visit looks at one process: its shared table, and the tables of those
// threads that have their own.
func (w *walker) visit(pid int32) {
	w.pid, w.process = pid, nil
	w.path = appendPath(w.path[:0], pid, "fd")
	dir, err := openDir(w.root, w.path)
	if err != nil {
		w.note(err)
		return
	}
	defer unix.Close(dir)
	w.table(dir, 0)
	w.threads(dir)
}

// note counts why a process was not looked into. One that is gone is no loss.
func (w *walker) note(err error) {
	switch {
	case gone(err):
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		w.denied++
	default:
		w.starved++
	}
}

func gone(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) }

// table reads every link of one descriptor table.
func (w *walker) table(dir int, tid int32) {
	for {
		n, err := unix.Getdents(dir, w.entries[:])
		if err != nil {
			w.note(err)
			return
		}
		if n == 0 {
			return
		}
		for rest := w.entries[:n]; len(rest) > 0; {
			var name []byte
			name, rest = nextEntry(rest)
			fd := number(name)
			if fd < 0 {
				continue
			}
			link, err := readlinkAt(dir, name, w.link[:])
			if err != nil {
				// A descriptor closed meanwhile is no loss. A refusal is meant for
				// the whole process (proc_fd_access_allowed in fs/proc/base.c), even
				// where its directory could be listed.
				if w.note(err); gone(err) {
					continue
				}
				return
			}
			if inode := socketInode(link); inode != 0 {
				w.found(dir, inode, tid, fd)
			} else if string(link) == ringLink {
				w.rings = append(w.rings, Descriptor{PID: w.pid, TID: tid, FD: fd})
			}
		}
	}
}

// found records a descriptor of a socket.
func (w *walker) found(dir int, inode uint64, tid, fd int32) {
	index := w.want.Inodes.Index(inode)
	if index < 0 {
		if w.want.Strays {
			w.strays = append(w.strays, Descriptor{Inode: inode, PID: w.pid, TID: tid, FD: fd})
		}
		return
	}
	if w.process == nil {
		process, alive := w.facts.read(dir, int(w.pid))
		if !alive {
			return
		}
		w.process = process
	}
	w.held = append(w.held, Held{Process: w.process, Inode: inode, TID: tid, FD: fd, index: index})
}

// threads walks the tables of threads that do not share the process's. The
// link count of the task directory is the number of threads plus two
// (proc_task_getattr in fs/proc/base.c), so a process with one thread costs
// one call here.
func (w *walker) threads(dir int) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, "../task", &st, 0); err != nil || st.Nlink == 3 {
		return
	}
	task, err := openDir(dir, []byte("../task\x00"))
	if err != nil {
		w.note(err)
		return
	}
	defer unix.Close(task)
	w.tables = append(w.tables[:0], w.pid)
	for {
		n, err := unix.Getdents(task, w.tasks[:])
		if err != nil || n == 0 {
			return
		}
		for rest := w.tasks[:n]; len(rest) > 0; {
			var name []byte
			name, rest = nextEntry(rest)
			if tid := number(name); tid > 0 && tid != w.pid && !w.knownTable(tid) {
				w.tables = append(w.tables, tid)
				w.thread(task, tid)
			}
		}
	}
}

// knownTable reports whether the thread shares a table that was read already.
// kcmp(2) compares the kernel's pointers; where it is refused the table counts
// as unknown and is read, which costs time and loses nothing.
func (w *walker) knownTable(tid int32) bool {
	for _, other := range w.tables {
		const files = 2 // KCMP_FILES in include/uapi/linux/kcmp.h
		r, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(other), uintptr(tid), files, 0, 0, 0)
		if errno == 0 && r == 0 {
			return true
		}
	}
	return false
}

func (w *walker) thread(task int, tid int32) {
	w.path = appendPath(w.path[:0], tid, "fd")
	dir, err := openDir(task, w.path)
	if err != nil {
		w.note(err)
		return
	}
	defer unix.Close(dir)
	w.table(dir, tid)
}
