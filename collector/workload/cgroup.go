package workload

import (
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// Group is the place of a process in one hierarchy of control groups, as
// /proc/PID/cgroup has it: Controllers is "" for the unified one and
// "name=systemd" for the one that systemd has to itself where there are others.
type Group struct{ Controllers, Path string }

// FromCgroups tells what a process belongs to by the names of its control
// groups. Names of containers are not among them (see Engines).
//
// Where there are several hierarchies, that which tells most is taken: one that
// names a container, else one that names a unit, else one that is not the root;
// of equals the unified one, then systemd's, then any. A container that was made
// in the hierarchies of version 1 is often left in the group of the engine's own
// service in the unified one.
func FromCgroups(groups []Group) socket.Workload {
	var best socket.Workload
	score := -1
	for _, g := range groups {
		w := fromPath(g.Path)
		s := 0
		switch {
		case w.Container != nil:
			s = 3
		case w.Unit != "":
			s = 2
		case w.Cgroup != "/":
			s = 1
		}
		s *= 3
		switch g.Controllers {
		case "":
			s += 2
		case "name=systemd":
			s++
		}
		if s > score {
			best, score = w, s
		}
	}
	return best
}

// fromPath tells what one path says.
func fromPath(path string) socket.Workload {
	w := socket.Workload{Cgroup: path}
	names := split(path)
	w.Unit, w.Manager, w.HasManager = unitOf(names)
	w.Container = containerOf(names)
	return w
}

// split cuts a path into its names. That of a group which is not below the root
// of this process's cgroup namespace begins with "/..", and what stands before
// the first name is then not known. The kernel adds " (deleted)" to the path of a
// group that was removed while a process in it has yet to be reaped
// (proc_cgroup_show in kernel/cgroup/cgroup.c).
func split(path string) []string {
	var names []string
	for name := range strings.SplitSeq(strings.TrimSuffix(path, " (deleted)"), "/") {
		if name != "" && name != ".." {
			names = append(names, name)
		}
	}
	return names
}
