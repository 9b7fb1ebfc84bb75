package socket

import (
	"net/netip"
	"time"
)

// Holder is one descriptor that refers to a socket.
type Holder struct {
	Process *Process
	// TID is the thread whose own descriptor table holds the socket, 0 when it
	// is the process's shared table.
	TID int
	// FD is the descriptor, -1 where the system does not tell it.
	FD int
}

// Process is what is known of one process. Strings are the exact bytes of
// /proc and are hostile.
type Process struct {
	PID  int
	Name string // comm: at most 15 bytes, chosen by the process
	// Command is the argument vector joined by single spaces, Exe the path of
	// the program; both "" when not asked for or not readable.
	Command string
	Exe     string
	// Context is the security context of the process (/proc/PID/attr/current),
	// "" when it was not asked for or there is none.
	Context string
	User    string // name of UID
	UID     uint32 // effective user id
	HasUID  bool
	Started time.Time // zero when not asked for or not readable

	// Dir is the working directory, "" when it was not asked for or is not readable.
	Dir string
	// Parents are the ancestors, the nearest first, up to the first process of
	// this pid namespace; nil when they were not asked for or are not readable.
	Parents []Ancestor
	// InnerPID is the pid that the process has in its own pid namespace, 0 where
	// that is the one this program is in, or was not asked for.
	InnerPID int
	// Workload is what runs the process, nil when it was not asked for or the
	// process has gone.
	Workload *Workload
}

// Ancestor is a process above another.
type Ancestor struct {
	PID  int
	Name string // comm, hostile
}

// Workload is what a process belongs to as service managers and container
// engines see it. All strings are taken from cgroup names, files and arguments,
// and are hostile.
type Workload struct {
	// Cgroup is the path in /proc/PID/cgroup: of the unified hierarchy, unless
	// systemd's own one or another tells more (a container, a unit, anything but
	// the root).
	Cgroup string
	// Unit is the systemd unit, such as "nginx.service" or "session-3.scope", ""
	// where there is none. If the unit is one of a user's service manager,
	// HasManager is set and Manager is the uid.
	Unit       string
	Manager    uint32
	HasManager bool
	// Container is nil for a process outside of all containers. Of one container
	// within another it is the outer one, which this machine's engines know.
	Container *Container
	// Proxy is set for a process that forwards a port to a container and does
	// nothing else (docker-proxy).
	Proxy *Proxy
}

// Container is one container or pod.
type Container struct {
	// Runtime is "docker", "podman", "containerd", "cri-o", "lxc", "nspawn", …,
	// "" where there certainly is a container and nothing tells of which kind.
	Runtime string
	// ID is the full identifier, "" where there is none; Name the one people
	// gave it, "" where it cannot be read.
	ID, Name string
	// Pod is the uid of the Kubernetes pod, "" outside of one.
	Pod string
}

// Proxy is where a proxying process sends its connections to.
type Proxy struct {
	Proto        Proto
	Host, Inside netip.AddrPort // as published, and of the container
	Container    *Container     // nil where it was not found
}
