package workload

import (
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// The names that runtimes have in Container.Runtime.
const (
	docker     = "docker"
	podman     = "podman"
	containerd = "containerd"
	crio       = "cri-o"
	lxc        = "lxc"
	lxd        = "lxd"
	incus      = "incus"
	nspawn     = "nspawn"
	libvirtLXC = "libvirt-lxc"
	buildkit   = "buildkit"
	garden     = "garden"
)

// prefixes are what engines put before the identifier of a container in the name
// of its group: with the systemd driver "PREFIX-ID.scope" (runc's and crun's
// option --systemd-cgroup), with the other one cri-o and podman do so, too. The
// longer ones come first. A conmon is the monitor of one container: it does
// nothing else, and may hold the ports that are published for it.
var prefixes = [...]struct{ prefix, runtime string }{
	{"docker-", docker},
	{"libpod-conmon-", podman},
	{"libpod-payload-", podman}, // below the group of a service: --cgroups=split
	{"libpod-", podman},
	{"cri-containerd-", containerd},
	{"crio-conmon-", crio},
	{"crio-", crio},
	{"nerdctl-", containerd},
}

// containerOf finds the container that a path is the group of, or lies below.
// Of containers within containers it is the outermost: the one that is known to
// the engines of this machine, and that they can stop.
func containerOf(names []string) *socket.Container {
	pod := ""
	for i, name := range names {
		// A driver of the other kind takes "SLICE:PREFIX:ID", which is meant for
		// systemd, for the name of a group.
		if slice, rest, ok := strings.Cut(name, ".slice:"); ok {
			if uid := podOf(slice + ".slice"); uid != "" {
				pod = uid
			}
			name = strings.Replace(rest, ":", "-", 1)
		}
		if uid := podOf(name); uid != "" {
			pod = uid
			continue
		}
		if c := byName(name); c != nil {
			c.Pod = pod
			return c
		}
		if isID(name) {
			return &socket.Container{Runtime: byPlace(names[:i]), ID: name, Pod: pod}
		}
		if i+1 < len(names) {
			if c := byParent(names[:i+1], names[i+1]); c != nil {
				c.Pod = pod
				return c
			}
		}
	}
	if pod != "" {
		return &socket.Container{Pod: pod}
	}
	return nil
}

// byName recognises the groups whose own name tells of a container.
func byName(name string) *socket.Container {
	scope, isScope := strings.CutSuffix(name, ".scope")
	for _, p := range prefixes {
		if id, ok := strings.CutPrefix(scope, p.prefix); ok && isID(id) {
			return &socket.Container{Runtime: p.runtime, ID: id}
		}
	}
	// Since LXC 4.0; the monitor is the process that started the container.
	for _, prefix := range [...]string{"lxc.payload.", "lxc.monitor."} {
		if id, ok := strings.CutPrefix(name, prefix); ok && isFileName(id) {
			return &socket.Container{Runtime: lxc, Name: id}
		}
	}
	if machine, ok := strings.CutPrefix(scope, "machine-"); ok && isScope {
		return byMachine(unescapeUnit(machine))
	}
	// The unit that is made for machinectl(1), which registers no scope.
	if machine, ok := strings.CutPrefix(name, "systemd-nspawn@"); ok {
		if machine, ok = strings.CutSuffix(machine, ".service"); ok {
			if id := unescapeUnit(machine); isFileName(id) {
				return &socket.Container{Runtime: nspawn, Name: id}
			}
		}
	}
	return nil
}

// byMachine is what a scope of machined tells. libvirt registers its guests as
// DRIVER-NUMBER-NAME; those of QEMU are no containers.
func byMachine(name string) *socket.Container {
	if rest, ok := strings.CutPrefix(name, "lxc-"); ok {
		if number, guest, ok := strings.Cut(rest, "-"); ok && isNumber(number) && isFileName(guest) {
			return &socket.Container{Runtime: libvirtLXC, Name: guest}
		}
	}
	if strings.HasPrefix(name, "qemu-") || !isFileName(name) {
		return nil
	}
	return &socket.Container{Runtime: nspawn, Name: name}
}

// byParent recognises the groups whose parent's name tells that they are a
// container's.
func byParent(parents []string, name string) *socket.Container {
	first := len(parents) == 1
	switch parents[len(parents)-1] {
	case "lxc", "lxc.payload", "lxc.monitor": // before LXC 4.0, and Proxmox VE
		if first && isFileName(name) {
			return &socket.Container{Runtime: lxc, Name: name}
		}
	case "buildkit": // of buildkitd itself, and of the one in dockerd
		if (first || len(parents) == 2 && parents[0] == docker) && isWord(name) {
			return &socket.Container{Runtime: buildkit, ID: name}
		}
	case "garden": // of Cloud Foundry and Concourse
		if isWord(name) {
			return &socket.Container{Runtime: garden, ID: name}
		}
	}
	return nil
}

// byPlace tells by the groups above which engine has made one that is called by
// nothing but an identifier; "" where several can have.
func byPlace(parents []string) string {
	last := len(parents) - 1
	switch {
	case last < 0:
		return ""
	case parents[last] == docker,
		parents[last] == "actions_job",       // jobs of GitHub's runners
		last > 0 && parents[last-1] == "ecs", // tasks of Amazon's agent
		parents[last] == "ecs":
		return docker
	case last == 0 && (parents[0] == "default" || parents[0] == "k8s.io"):
		return containerd // which names its groups by its own namespaces
	case parents[last] == "libpod_parent":
		return podman
	}
	return ""
}

// podOf reads the uid of a Kubernetes pod from the name of its group:
// "podUID" with the cgroupfs driver, "kubepods[-QOS]-podUID.slice" with the
// systemd one, where "-" in the uid has become "_". The kubelet may have put
// names of its own before it.
func podOf(name string) string {
	uid, ok := strings.CutPrefix(name, "pod")
	if !ok {
		slice, isSlice := strings.CutSuffix(name, ".slice")
		at := strings.LastIndex(slice, "-pod")
		if !isSlice || at < 0 || !strings.Contains(slice[:at], "kubepods") {
			return ""
		}
		uid = strings.ReplaceAll(slice[at+len("-pod"):], "_", "-")
	}
	// A pod that the node made from a file has a hash for a uid.
	if len(uid) == 32 && isHex(uid) {
		return uid
	}
	if digits := strings.ReplaceAll(uid, "-", ""); len(uid) == 36 && len(digits) == 32 && isHex(digits) &&
		uid[8] == '-' && uid[13] == '-' && uid[18] == '-' && uid[23] == '-' {
		return uid
	}
	return ""
}

// isID reports whether s is the identifier of a container: 256 bits in
// hexadecimal, with every engine that names them so.
func isID(s string) bool { return len(s) == 64 && isHex(s) }

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isWord reports whether s is made of small letters, digits and dashes, and
// long enough to be an identifier.
func isWord(s string) bool {
	const shortest = 8
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return len(s) >= shortest
}

// isFileName reports whether s can be looked for in a directory.
func isFileName(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= 255 && !strings.ContainsAny(s, "/\x00")
}
