package owner

import (
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// findings are the descriptors that were found.
type findings struct {
	held          []Held
	strays, rings []Descriptor
}

// forget drops what was found of some processes.
func (f *findings) forget(pids map[int32]bool) {
	f.held = slices.DeleteFunc(f.held, func(h Held) bool { return pids[int32(h.Process.PID)] })
	of := func(d Descriptor) bool { return pids[d.PID] }
	f.strays, f.rings = slices.DeleteFunc(f.strays, of), slices.DeleteFunc(f.rings, of)
}

// walker is one worker; its buffers serve all its processes.
type walker struct {
	findings
	want      Want
	facts     facts
	root      int
	denied    int
	deniedPID int32 // the first of them
	starved   int
	compares  bool // kcmp(2) means the processes that /proc does

	// What follows is about one process.
	process   *socket.Process // the facts, once it holds something wanted
	tables    []int32         // threads with distinct descriptor tables, in the order of kcmp(2)
	heldStart int             // where its findings begin in held
	seen      map[place]bool  // its findings, once a table may be one that was read before
	home      int             // an open directory in /proc/PID
	pid       int32
	refused   bool // it may not be looked into
	short     bool // descriptors or memory ran out
	leader    bool // its main thread has descriptors

	path    []byte
	entries [32 << 10]byte
	tasks   [4 << 10]byte
	link    [64]byte
}

// place is a descriptor of one process.
type place struct {
	inode uint64
	fd    int32
}

// visit looks at one process: its shared table, and the tables of those
// threads that have their own.
func (w *walker) visit(pid int32) {
	w.pid, w.process, w.refused, w.short = pid, nil, false, false
	w.heldStart, w.seen, w.leader, w.tables = len(w.held), nil, false, w.tables[:0]
	w.path = appendPath(w.path[:0], pid, "fd")
	if dir, err := openDir(w.root, w.path); err == nil {
		w.home = dir
		w.table(dir, 0)
		if !w.refused {
			w.threads(dir, "../task")
		}
		unix.Close(dir)
	} else if w.note(err); w.refused {
		// The directory of a main thread that has exited is root's, whoever runs
		// the threads that live on (task_dump_owner in fs/proc/base.c). Theirs
		// tell whether this is such a process.
		w.threads(w.root, strconv.Itoa(int(pid))+"/task")
	}
	if !w.leader && len(w.tables) <= 2 {
		// Without a main thread the only table there is belongs to the process.
		for i := range w.held[w.heldStart:] {
			w.held[w.heldStart+i].Own = false
		}
	}
	w.count()
}

// count adds a process that could not be looked into, or not wholly.
func (w *walker) count() {
	if w.refused {
		if w.denied++; w.deniedPID == 0 {
			w.deniedPID = w.pid
		}
	}
	if w.short {
		w.starved++
	}
}

// note remembers why a process was not looked into, or not wholly. One that is
// gone is no loss.
func (w *walker) note(err error) {
	switch {
	case gone(err):
	case denied(err):
		w.refused = true
	default:
		w.short = true
	}
}

func gone(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) }

func denied(err error) bool { return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) }

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
			w.leader = w.leader || tid == 0
			link, err := readlinkAt(dir, name, w.link[:])
			switch {
			case errors.Is(err, unix.ENAMETOOLONG):
				// A path beyond PATH_MAX is no socket, and must not hide those
				// that come after it.
				continue
			case err != nil:
				// A refusal is meant for the whole process (proc_fd_access_allowed in
				// fs/proc/base.c), even where its directory could be listed.
				if w.note(err); denied(err) {
					return
				}
				continue
			}
			if inode := socketInode(link); inode != 0 {
				w.found(inode, tid, fd)
			} else if string(link) == ringLink {
				w.rings = append(w.rings, Descriptor{PID: w.pid, TID: tid, FD: fd})
			}
		}
	}
}

// found records a descriptor of a socket.
func (w *walker) found(inode uint64, tid, fd int32) {
	index := w.want.Inodes.Index(inode)
	if index < 0 {
		if w.want.Strays {
			w.strays = append(w.strays, Descriptor{Inode: inode, PID: w.pid, TID: tid, FD: fd})
		}
		return
	}
	if w.seen != nil {
		here := place{inode: inode, fd: fd}
		if w.seen[here] {
			return
		}
		w.seen[here] = true
	}
	if w.process == nil {
		process, alive, err := w.facts.read(w.home, int(w.pid), int(tid))
		if !alive {
			return
		}
		if err != nil {
			w.note(err)
		}
		w.process = process
	}
	w.held = append(w.held, Held{Process: w.process, Inode: inode, TID: tid, FD: fd, Own: tid != 0, index: index})
}

// describe reads the facts of a process that was seen to hold something. What it
// still holds shows that it is the same one and that its pid is not another's by
// now; nil is returned for one that holds nothing any more.
func (w *walker) describe(pid int32, held []Held) *socket.Process {
	w.pid, w.refused, w.short = pid, false, false
	defer w.count()
	known := &socket.Process{PID: int(pid), Name: held[0].Process.Name}
	w.path = appendPath(w.path[:0], pid, "fd")
	dir, err := openDir(w.root, w.path)
	switch {
	case denied(err):
		return w.describeUnseen(known)
	case err != nil:
		if w.note(err); w.short {
			return known
		}
		return nil
	}
	defer unix.Close(dir)
	for _, h := range held {
		w.path = append(strconv.AppendInt(w.path[:0], int64(h.FD), 10), 0)
		link, err := readlinkAt(dir, w.path, w.link[:])
		switch {
		case denied(err):
			return w.describeUnseen(known)
		case err != nil || socketInode(link) != h.Inode:
			continue
		}
		process, alive, err := w.facts.read(dir, int(pid), 0)
		if err != nil {
			w.note(err)
		}
		if !alive {
			return nil
		}
		return process
	}
	return nil
}

// describeUnseen reads what anybody may of a process that this user may not look
// into. That it has kept its name is all that shows that it is the same one.
func (w *walker) describeUnseen(known *socket.Process) *socket.Process {
	w.path = appendPath(w.path[:0], w.pid, "task")
	dir, err := openDir(w.root, w.path)
	if err != nil {
		return known
	}
	defer unix.Close(dir)
	process, alive, err := w.facts.read(dir, int(w.pid), 0)
	if err != nil || !alive || process.Name != known.Name {
		return known
	}
	return process
}
