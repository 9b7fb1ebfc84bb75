package saved

import (
	"math"
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/socket"
)

// belonging reads the value of a key about what a process belongs to. It reports
// false, and reads nothing, where the key is none.
func (d *decoder) belonging(key string, p *socket.Process, texts *belongings) bool {
	switch key {
	case "cwd":
		d.text(&texts.dir)
	case "cwd_base64":
		d.twin(&texts.dir)
	case "parents":
		d.parents(p)
	case "inner_pid":
		p.InnerPID = d.id()
	case "cgroup":
		d.workload(p)
		d.text(&texts.cgroup)
	case "cgroup_base64":
		d.workload(p)
		d.twin(&texts.cgroup)
	case "unit":
		d.text(&texts.unit)
	case "unit_base64":
		d.twin(&texts.unit)
	case "manager_uid":
		w := d.workload(p)
		w.Manager, w.HasManager = d.uid()
	case "container":
		if c := d.container(); c != nil {
			d.workload(p).Container = c
		}
	case "proxy":
		if x := d.proxy(); x != nil {
			d.workload(p).Proxy = x
		}
	default:
		return false
	}
	return true
}

// belongings are the texts that may have a twin.
type belongings struct{ dir, cgroup, unit text }

// workload is where the facts about it go. That there is a group tells that it
// was asked for, whatever is null of it.
func (d *decoder) workload(p *socket.Process) *socket.Workload {
	if p.Workload == nil {
		p.Workload = &socket.Workload{}
	}
	return p.Workload
}

// finish puts the texts in their places.
func (b *belongings) finish(d *decoder, p *socket.Process) {
	p.Dir = b.dir.value
	if b.unit.value != "" {
		d.workload(p).Unit = b.unit.value
	}
	if p.Workload != nil {
		p.Workload.Cgroup = b.cgroup.value
		d.row.has |= socket.DetailWorkload
	}
	if p.Dir != "" {
		d.row.has |= socket.DetailDir
	}
	if p.Parents != nil {
		d.row.has |= socket.DetailParents
	}
}

func (d *decoder) parents(p *socket.Process) {
	if d.null() {
		return
	}
	p.Parents = []socket.Ancestor{}
	for range d.array {
		var (
			a    socket.Ancestor
			name text
		)
		for key := range d.object {
			switch string(key) {
			case "pid":
				a.PID = d.id()
			case "name":
				d.text(&name)
			case "name_base64":
				d.twin(&name)
			default:
				d.skip()
			}
		}
		a.Name = name.value
		p.Parents = append(p.Parents, a)
	}
}

func (d *decoder) container() *socket.Container {
	if d.null() {
		return nil
	}
	var runtime, id, name, pod text
	for key := range d.object {
		switch string(key) {
		case "runtime":
			d.text(&runtime)
		case "runtime_base64":
			d.twin(&runtime)
		case "id":
			d.text(&id)
		case "id_base64":
			d.twin(&id)
		case "name":
			d.text(&name)
		case "name_base64":
			d.twin(&name)
		case "pod":
			d.text(&pod)
		case "pod_base64":
			d.twin(&pod)
		default:
			d.skip()
		}
	}
	return &socket.Container{Runtime: runtime.value, ID: id.value, Name: name.value, Pod: pod.value}
}

func (d *decoder) proxy() *socket.Proxy {
	if d.null() {
		return nil
	}
	var (
		p            socket.Proxy
		host, inside end
	)
	for key := range d.object {
		switch string(key) {
		case "proto":
			p.Proto = oneOf(d, "protocol", socket.ProtoUnknown, socket.TIPC)
		case "host":
			host.read(d)
		case "inside":
			inside.read(d)
		case "container":
			p.Container = d.container()
		default:
			d.skip()
		}
	}
	p.Host, p.Inside = host.addrPort(d), inside.addrPort(d)
	return &p
}

// addrPort is an end of internet sockets.
func (e *end) addrPort(d *decoder) netip.AddrPort {
	if e.port > math.MaxUint16 {
		d.failf("port %d is above %d", e.port, math.MaxUint16)
	}
	return netip.AddrPortFrom(e.address(), uint16(e.port))
}

// sameProcess reports whether all that is known of two processes is the same.
func sameProcess(a, b *socket.Process) bool {
	return a.PID == b.PID && a.Started.Equal(b.Started) && a.UID == b.UID && a.HasUID == b.HasUID &&
		a.InnerPID == b.InnerPID && a.Name == b.Name && a.Command == b.Command && a.Exe == b.Exe &&
		a.Context == b.Context && a.User == b.User && a.Dir == b.Dir &&
		(a.Parents == nil) == (b.Parents == nil) && slices.Equal(a.Parents, b.Parents) &&
		sameWorkload(a.Workload, b.Workload)
}

func sameWorkload(a, b *socket.Workload) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Container, x.Proxy, y.Container, y.Proxy = nil, nil, nil, nil
	return x == y && sameContainer(a.Container, b.Container) && sameProxy(a.Proxy, b.Proxy)
}

func sameContainer(a, b *socket.Container) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func sameProxy(a, b *socket.Proxy) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Container, y.Container = nil, nil
	return x == y && sameContainer(a.Container, b.Container)
}
