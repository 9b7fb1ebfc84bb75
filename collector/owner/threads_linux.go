package owner

import (
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// threads walks the tables of threads that do not share the process's. The
// link count of the task directory is the number of threads plus two
// (proc_task_getattr in fs/proc/base.c), so a process with one thread costs
// one call here.
func (w *walker) threads(at int, path string) {
	var st unix.Stat_t
	if err := unix.Fstatat(at, path, &st, 0); err != nil || st.Nlink == 3 {
		return
	}
	task, err := openDir(at, append([]byte(path), 0))
	if err != nil {
		w.note(err)
		return
	}
	defer unix.Close(task)
	w.home, w.refused = task, false
	w.tables = append(w.tables[:0], w.pid)
	for {
		n, err := unix.Getdents(task, w.tasks[:])
		if err != nil || n == 0 {
			return
		}
		for rest := w.tasks[:n]; len(rest) > 0; {
			var name []byte
			name, rest = nextEntry(rest)
			tid := number(name)
			if tid <= 0 || tid == w.pid {
				continue
			}
			known, sure := w.knownTable(tid)
			if known {
				continue
			}
			if !sure && w.seen == nil {
				w.remember()
			}
			if w.thread(task, tid); w.refused {
				return // and so would be every other thread
			}
		}
	}
}

// knownTable reports whether the thread shares a table that was read already,
// and whether that is sure: kcmp(2) may be missing from the kernel or refused
// by a seccomp filter. It compares the kernel's pointers and orders them, so a
// process with a table for each of thousands of threads costs a binary search
// for each and not a comparison with all.
func (w *walker) knownTable(tid int32) (known, sure bool) {
	if !w.compares {
		return false, false
	}
	low, high := 0, len(w.tables)
	for low < high {
		const files = 2 // KCMP_FILES in include/uapi/linux/kcmp.h
		middle := (low + high) / 2
		order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(w.tables[middle]), uintptr(tid), files, 0, 0, 0)
		switch {
		case errno != 0:
			return false, false
		case order == 0:
			return true, true
		case order == 1: // the table in the middle is the lesser
			low = middle + 1
		default:
			high = middle
		}
	}
	w.tables = slices.Insert(w.tables, low, tid)
	return false, true
}

// remember begins to keep track of what this process was seen to hold. From a
// table that may have been read before only what is new is taken; that it also
// leaves out the equal descriptors of a copied table is the lesser lie.
func (w *walker) remember() {
	w.seen = map[place]bool{}
	for _, h := range w.held[w.heldStart:] {
		w.seen[place{inode: h.Inode, fd: h.FD}] = true
	}
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

// ownPIDs reports whether /proc numbers processes as system calls of this
// process do. One that was mounted in another pid namespace does not.
func ownPIDs(root int) bool {
	var link [16]byte
	n, err := unix.Readlinkat(root, "self", link[:])
	return err == nil && string(link[:n]) == strconv.Itoa(os.Getpid())
}
