package owner

import (
	"cmp"
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
}

func newFacts(proc procfs.FS, want socket.Detail) facts {
	return facts{proc: proc, want: want, boot: sync.OnceValue(func() time.Time {
		boot, err := proc.BootTime()
		if err != nil {
			return time.Time{}
		}
		return boot
	})}
}

// read returns the facts of the process that home is a directory of, and false
// when the process has gone: its pid may then already be another's. As long as
// the directory handle answers after everything was read, the pid was its own.
// A fact that cannot be read stays empty; the error says why the name, which
// anyone may read, could not be.
//
// A main thread that has exited has no memory any more, and with it no
// arguments and no program. tid is a thread to ask instead, 0 for none.
func (f facts) read(home, pid, tid int) (p *socket.Process, alive bool, err error) {
	p = &socket.Process{PID: pid}
	p.Name, err = f.proc.Comm(pid)
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
	var st unix.Stat_t
	return p, unix.Fstatat(home, "../comm", &st, 0) == nil, err
}
