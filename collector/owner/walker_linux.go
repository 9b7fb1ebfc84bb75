package owner

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// walker is one worker; its buffers serve all its processes.
type walker struct {
	want      Want
	held      []Held
	strays    []Descriptor
	rings     []Descriptor
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
	if w.refused {
		if w.denied++; w.deniedPID == 0 {
			w.deniedPID = pid
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
