package workload

import (
	"slices"
	"strings"
	"sync"

	"github.com/sockls/sockls/collector/socket"
)

// Engines looks into the files of container engines for what the name of a group
// does not tell. It reads those of the system only: what users run without root
// keeps its files in their homes.
type Engines struct {
	// Root is the directory that stands for "/"; "" means that.
	Root string

	mu sync.Mutex
	// stored are the containers of podman, cri-o and what else uses
	// containers/storage, by identifier; nil until they were read.
	stored map[string]string
	docks  []string // the directories of dockerd; nil until they were looked for
}

// Describe adds the name of a container, and its runtime where its group does
// not tell that. It reports false for what turns out to be no container. It may
// be called by several goroutines at once.
func (e *Engines) Describe(c *socket.Container) (isContainer bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := newTree(e.Root)
	switch c.Runtime {
	case docker:
		c.Name = e.dockerName(t, c.ID)
	case podman, crio:
		c.Name = e.storedName(t, c.ID)
	case containerd:
		c.Name = containerdName(t, c.ID)
	case lxc:
		c.Runtime = lxcManager(t, c.Name)
	case nspawn:
		return describeMachine(t, c)
	case "":
		e.identify(t, c)
	}
	return true
}

// identify asks all engines for a container of which nothing but an identifier
// is known.
func (e *Engines) identify(t tree, c *socket.Container) {
	if c.ID == "" {
		return
	}
	if name := e.dockerName(t, c.ID); name != "" {
		c.Runtime, c.Name = docker, name
		return
	}
	if name, ok := containerdTask(t, c.ID); ok {
		c.Runtime, c.Name = containerd, name
		return
	}
	// Podman and cri-o share this storage, and their groups are never called by
	// the identifier alone.
	c.Name = e.storedName(t, c.ID)
}

// dockerName reads what dockerd keeps of a container (container/container.go of
// moby), whose name begins with a slash there.
func (e *Engines) dockerName(t tree, id string) string {
	const large = 4 << 20 // the environment and the labels are in it
	for _, dir := range e.dockerDirs(t) {
		b, err := t.read(dir+"/containers/"+id+"/config.v2.json", large)
		if err != nil {
			continue
		}
		name := ""
		d := document{text: b}
		d.object(func(key string) {
			if key == "Name" {
				name = d.maybe()
			} else {
				d.skip()
			}
		})
		if name = strings.TrimPrefix(name, "/"); name != "" && !d.bad {
			return name
		}
	}
	return ""
}

// dockerDirs are the directories where a dockerd may keep what it has: the one
// of its configuration, the usual one, and that of the snap.
func (e *Engines) dockerDirs(t tree) []string {
	if e.docks != nil {
		return e.docks
	}
	const large = 1 << 20
	e.docks = []string{"/var/lib/docker", "/var/snap/docker/common/var-lib-docker"}
	b, err := t.read("/etc/docker/daemon.json", large)
	if err != nil {
		return e.docks
	}
	d := document{text: b}
	d.object(func(key string) {
		value := d.maybe()
		if (key == "data-root" || key == "graph") && strings.HasPrefix(value, "/") && !slices.Contains(e.docks, value) {
			e.docks = append([]string{value}, e.docks...)
		}
	})
	return e.docks
}

// storedName reads the list of all containers in containers/storage, of which
// the drivers that are in use have one each.
func (e *Engines) storedName(t tree, id string) string {
	const large = 16 << 20
	if e.stored != nil {
		return e.stored[id]
	}
	e.stored = map[string]string{}
	for _, file := range [...]string{
		"/var/lib/containers/storage/overlay-containers/containers.json",
		"/var/lib/containers/storage/overlay-containers/volatile-containers.json",
		"/run/containers/storage/overlay-containers/volatile-containers.json",
		"/var/lib/containers/storage/vfs-containers/containers.json",
		"/var/lib/containers/storage/btrfs-containers/containers.json",
	} {
		b, err := t.read(file, large)
		if err != nil {
			continue
		}
		d := document{text: b}
		d.array(func() {
			id, name := "", ""
			d.object(func(key string) {
				switch key {
				case "id":
					id = d.maybe()
				case "names":
					if d.peek() != '[' {
						d.skip()
						return
					}
					d.array(func() {
						if text := d.maybe(); name == "" {
							name = text
						}
					})
				default:
					d.skip()
				}
			})
			if !d.bad {
				e.stored[id] = name
			}
		})
	}
	return e.stored[id]
}

// lxcManager tells which of the managers that use LXC has a container of that
// name.
func lxcManager(t tree, name string) string {
	for _, x := range [...]struct{ dir, manager string }{
		{"/var/lib/incus/containers/", incus},
		{"/var/lib/lxd/containers/", lxd},
		{"/var/snap/lxd/common/lxd/containers/", lxd},
	} {
		if t.exists(x.dir + name) {
			return x.manager
		}
	}
	return lxc
}

// describeMachine reads what machined keeps of a machine
// (machine_save in src/machine/machine.c of systemd), which may be a virtual one.
func describeMachine(t tree, c *socket.Container) (isContainer bool) {
	const large = 64 << 10
	b, err := t.read("/run/systemd/machines/"+c.Name, large)
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(b)) {
		if strings.TrimSpace(line) == "CLASS=vm" {
			return false
		}
	}
	return true
}
