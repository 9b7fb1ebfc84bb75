package owner

import (
	"strings"
	"sync"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/workload"
)

// workloads tells what processes belong to. Those in the same control groups
// share the answer.
type workloads struct {
	proc    procfs.FS
	engines workload.Engines

	mu    sync.Mutex
	known map[string]*socket.Workload
}

func newWorkloads(proc procfs.FS, root string) *workloads {
	return &workloads{proc: proc, engines: workload.Engines{Root: root}, known: map[string]*socket.Workload{}}
}

// of returns what a process belongs to, nil where that cannot be read. Living is
// one of its threads that has not exited; p has its name.
func (w *workloads) of(p *socket.Process, living int) *socket.Workload {
	groups, err := w.proc.Cgroups(living)
	if err != nil {
		return nil
	}
	found := w.byGroups(groups)
	proxy := w.proxy(p, living, found)
	if proxy == nil {
		return found
	}
	own := *found
	own.Proxy = proxy
	return &own
}

func (w *workloads) byGroups(groups []procfs.Cgroup) *socket.Workload {
	var key strings.Builder
	all := make([]workload.Group, len(groups))
	for i, g := range groups {
		all[i] = workload.Group(g)
		key.WriteString(g.Controllers + ":" + g.Path + "\n")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.known[key.String()]; ok {
		return known
	}
	found := workload.FromCgroups(all)
	// What a user's own engine runs has its files in the user's home, and must
	// not get the name of one that the system's engine runs: users choose the
	// names of the groups below their manager.
	if found.Container != nil && !found.HasManager && !w.engines.Describe(found.Container) {
		found.Container = nil
	}
	w.known[key.String()] = &found
	return &found
}

// proxy tells where a docker-proxy sends its connections. Anybody can run
// something of that name, so only root's is believed, and that of a user whose
// own manager has started it.
func (w *workloads) proxy(p *socket.Process, living int, of *socket.Workload) *socket.Proxy {
	const name = "docker-proxy"
	if p.Name != name {
		return nil
	}
	uid, err := w.proc.EUID(p.PID)
	if err != nil || uid != 0 && (!of.HasManager || of.Manager != uid) {
		return nil
	}
	command, err := w.proc.Command(living)
	if err != nil {
		return nil
	}
	return workload.ProxyOf(p.Name, command)
}

// Workload returns what a process belongs to, nil where that cannot be read.
func (p Proc) Workload(pid int) *socket.Workload {
	name, err := p.FS.Comm(pid)
	if err != nil {
		return nil
	}
	return newWorkloads(p.FS, p.Root).of(&socket.Process{PID: pid, Name: name}, pid)
}
