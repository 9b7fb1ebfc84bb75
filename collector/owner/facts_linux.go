package owner

import (
	"cmp"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// facts reads what is wanted of processes.
type facts struct {
	proc procfs.FS
	want socket.Detail
	boot func() time.Time
	// The workers share what follows.
	ancestors *ancestors
	workloads *workloads
}

// newFacts starts to read facts. Root is the directory that stands for "/" where
// the files of container engines are.
func newFacts(proc procfs.FS, root string, want socket.Detail) facts {
	return facts{
		proc: proc, want: want, ancestors: newAncestors(proc), workloads: newWorkloads(proc, root),
		boot: sync.OnceValue(func() time.Time {
			boot, err := proc.BootTime()
			if err != nil {
				return time.Time{}
			}
			return boot
		}),
	}
}

// read returns the facts of the process that home is a directory of, and false
// when the process has gone: its pid may then already be another's. As long as
// the directory handle answers after everything was read, the pid was its own.
// A fact that cannot be read stays empty; the error says why the name, which
// anyone may read, could not be.
//
// A main thread that has exited has no memory any more, and with it no
// arguments, no program and no working directory. tid is a thread to ask instead,
// 0 for none; home is then the directory that it is in.
func (f facts) read(home, pid, tid int) (p *socket.Process, alive bool, err error) {
	p = &socket.Process{PID: pid}
	p.Name, err = readComm(home)
	if !f.want.Has(processFacts) {
		return p, !gone(err), err // it was asked through its own directory
	}
	living := cmp.Or(tid, pid)
	if f.want.Has(socket.DetailCommand) {
		p.Command, _ = f.proc.Command(living)
	}
	if f.want.Has(socket.DetailExe) {
		p.Exe, _ = f.proc.Exe(living)
	}
	if f.want.Has(socket.DetailContext) {
		p.Context, _ = f.proc.Context(living)
	}
	if f.want.Has(socket.DetailProcessUser) {
		uid, err := f.proc.EUID(pid)
		p.UID, p.HasUID = uid, err == nil
	}
	if f.want.Has(socket.DetailStarted) {
		if boot := f.boot(); !boot.IsZero() {
			p.Started, _ = f.proc.Started(pid, boot)
		}
	}
	if f.want.Has(socket.DetailDir) {
		p.Dir, _ = f.proc.WorkDir(living)
	}
	if f.want.Has(socket.DetailParents) {
		p.Parents = f.ancestors.of(pid)
	}
	if f.want.Has(socket.DetailWorkload) {
		p.InnerPID, _ = f.proc.InnerPID(pid)
		p.Workload = f.workloads.of(p, living)
	}
	var st unix.Stat_t
	if tid != 0 && unix.Fstatat(home, strconv.Itoa(tid)+"/comm", &st, 0) != nil {
		// The thread has ended, and what was read of it may be another's.
		p.Command, p.Exe, p.Context, p.Dir, p.Workload = "", "", "", "", nil
	}
	return p, unix.Fstatat(home, "../comm", &st, 0) == nil, err
}
