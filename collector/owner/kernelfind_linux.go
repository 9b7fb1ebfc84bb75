package owner

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/owner/taskfile"
	"github.com/sockls/sockls/collector/socket"
)

// kernelFind is one look through the kernel at all processes.
type kernelFind struct {
	proc   Proc
	want   Want
	root   int // an open directory of /proc
	facts  facts
	test   *selfTest
	sorter ringSorter

	findings
	members []member // the processes that were visited, in the order of the walk
	// apart are processes whose descriptors are found under a thread that is not
	// the main one. Which of its threads share a table is not in the records.
	apart map[int32]bool
}

// member is a process and what it was seen to hold.
type member struct {
	pid      int32
	from, to int32           // its place in held
	process  *socket.Process // nil where that is nothing
}

// find lets the kernel look. Whatever error it returns, nothing that was found
// is to be believed.
func (k *Kernel) find(ctx context.Context, p Proc, w Want) (*Result, error) {
	layout, err := k.read()
	if err != nil {
		return nil, err
	}
	path := p.FS.Dir()
	root, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(root) // which was only read from
	f := &kernelFind{proc: p, want: w, root: root, facts: newFacts(p.FS, p.Root, w.Details), apart: map[int32]bool{}}
	f.sorter.root = root
	f.held = make([]Held, 0, w.Inodes.Len()) // most sockets have one descriptor
	if err := f.walk(ctx, layout); err != nil {
		return nil, err
	}
	return f.result(ctx)
}

// walk reads all records. The self-test holds its descriptors no longer than that:
// whoever looks afterwards must not find them.
func (f *kernelFind) walk(ctx context.Context, layout taskfile.Layout) (err error) {
	if f.test, err = newSelfTest(); err != nil {
		return err
	}
	defer f.test.close()
	walk, err := layout.Open()
	if err != nil {
		return err
	}
	defer walk.Close()
	if err := walk.Each(ctx, f.take); err != nil {
		return err
	}
	return f.test.verdict(f.proc.FS.Comm)
}

// take sorts one record.
func (f *kernelFind) take(r *taskfile.Record) {
	if r.TID != r.TGID {
		if !f.test.takes(r) {
			f.apart[r.TGID] = true
		}
		return
	}
	if n := len(f.members); n == 0 || f.members[n-1].pid != r.TGID {
		f.members = append(f.members, member{pid: r.TGID, from: int32(len(f.held)), to: int32(len(f.held))})
	}
	switch {
	case f.test.takes(r):
	case r.Kind == taskfile.Socket:
		f.socket(&f.members[len(f.members)-1], r)
	case r.Kind == taskfile.Anonymous:
		f.sorter.take(r)
	}
}

func (f *kernelFind) socket(m *member, r *taskfile.Record) {
	index := f.want.Inodes.Index(r.Value)
	if index < 0 {
		if f.want.Strays {
			f.strays = append(f.strays, Descriptor{Inode: r.Value, PID: r.TGID, FD: r.FD})
		}
		return
	}
	if m.process == nil {
		m.process = &socket.Process{PID: int(r.TGID), Name: string(r.Name())}
	}
	f.held = append(f.held, Held{Process: m.process, Inode: r.Value, FD: r.FD, index: index})
	m.to++
}

// processFacts are the facts that only /proc tells of a process.
const processFacts = socket.DetailCommand | socket.DetailExe | socket.DetailStarted | socket.DetailProcessUser |
	socket.DetailContext | socket.DetailDir | socket.DetailParents | socket.DetailWorkload

// result adds what the records do not tell: the facts about processes, threads
// with descriptors of their own, and processes that have not been visited. These
// have no descriptors as a rule (the kernel's threads), or were born meanwhile, or
// something keeps the kernel from showing them.
func (f *kernelFind) result(ctx context.Context) (*Result, error) {
	workers := newWalkers(f.root, f.want, f.facts)
	if f.want.Details.Has(processFacts) {
		f.describe(ctx, workers)
	}
	f.rings = f.sorter.finish()
	if len(f.apart) > 0 {
		f.forget(f.apart)
	}
	result := &Result{Way: BPF}
	if err := result.rounds(ctx, f.want, f.root, workers, f.findings, f.visited()); err != nil {
		return nil, err
	}
	return result, nil
}

// visited are the processes that need not be looked at.
func (f *kernelFind) visited() map[int32]bool {
	visited := make(map[int32]bool, len(f.members))
	for i := range f.members {
		if pid := f.members[i].pid; !f.apart[pid] {
			visited[pid] = true
		}
	}
	return visited
}

// describe reads the other facts of the processes that hold something wanted.
// One that is gone by now, or has closed all of it, is left out.
func (f *kernelFind) describe(ctx context.Context, workers []walker) {
	holders := slices.DeleteFunc(slices.Clone(f.members), func(m member) bool { return m.process == nil })
	share(ctx, workers, len(holders), func(w *walker, i int) {
		m := &holders[i]
		if p := w.describe(m.pid, f.held[m.from:m.to]); p != nil {
			*m.process = *p
		} else {
			m.process.PID = 0
		}
	})
	f.held = slices.DeleteFunc(f.held, func(h Held) bool { return h.Process.PID == 0 })
}
