package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

const (
	id1 = "f3c0a9e1b2d3c4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d"
	id2 = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
	uid = "0b7632a2-a56e-4278-987a-22de18008dbe"
)

// TestPaths are paths as the kernel prints them, for each of the managers, in
// the shapes that their documentation and their users' reports have.
func TestPaths(t *testing.T) {
	t.Parallel()
	uidUnderscores := strings.ReplaceAll(uid, "-", "_")
	system := func(unit string) socket.Workload { return socket.Workload{Unit: unit} }
	user := func(unit string) socket.Workload {
		return socket.Workload{Unit: unit, Manager: 1000, HasManager: true}
	}
	in := func(w socket.Workload, c socket.Container) socket.Workload {
		w.Container = &c
		return w
	}
	none := socket.Workload{}
	tests := []struct {
		path string
		want socket.Workload
	}{
		// systemd
		{"/", none},
		{"/init.scope", system("init.scope")},
		{"/system.slice/nginx.service", system("nginx.service")},
		{"/system.slice/system-getty.slice/getty@tty1.service", system("getty@tty1.service")},
		{"/system.slice/ssh.socket", system("ssh.socket")},
		{"/system.slice/dev-hugepages.mount", system("dev-hugepages.mount")},
		{`/system.slice/dev-disk-by\x2duuid-1234.swap`, system(`dev-disk-by\x2duuid-1234.swap`)},
		{"/system.slice/system-postgresql.slice/postgresql@15-main.service", system("postgresql@15-main.service")},
		{"/user.slice/user-1000.slice/session-3.scope", system("session-3.scope")},
		{"/user.slice/user-1000.slice/user@1000.service", system("user@1000.service")},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope", user("init.scope")},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service", user("syncthing.service")},
		{`/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.kde.konsole-1\x2d2.scope`, user(`app-org.kde.konsole-1\x2d2.scope`)},
		{"/user.slice/user-1000.slice/user@1000.service/background.slice/a.slice/x.service/sub/group", user("x.service")},
		{"/user.slice/user-1000.slice/user@1000.service/a:b", system("user@1000.service")},
		{"/user.slice/user-1000.slice/user@01000.service/x.service", system("user@01000.service")},
		{"/user.slice/user-1000.slice/user@4294967296.service/x.service", system("user@4294967296.service")},
		{"/system.slice/docker.service", system("docker.service")},
		{"/system.slice/containerd.service/inner", system("containerd.service")},
		{"/system.slice/_cgroup.service", system("cgroup.service")},
		{"/system.slice/nginx.service (deleted)", system("nginx.service")},
		{"/system.slice", none},
		{"/system.slice/a b.service", none},
		{"/system.slice/nginx.target", none},
		{"/system.slice/.service", none},
		{"/../../system.slice/nginx.service", system("nginx.service")},
		{"/../nginx.service", system("nginx.service")},

		// docker, with either driver, and with other parents
		{"/docker/" + id1, in(none, socket.Container{Runtime: "docker", ID: id1})},
		{"/docker/" + id1 + "/init", in(none, socket.Container{Runtime: "docker", ID: id1})},
		{"/docker/" + id1 + "/system.slice/nginx.service", in(none, socket.Container{Runtime: "docker", ID: id1})},
		{"/docker/" + id1 + "/docker/" + id2, in(none, socket.Container{Runtime: "docker", ID: id1})},
		{"/system.slice/docker-" + id1 + ".scope", in(system("docker-"+id1+".scope"), socket.Container{Runtime: "docker", ID: id1})},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id1 + ".scope", in(user("docker-"+id1+".scope"), socket.Container{Runtime: "docker", ID: id1})},
		{"/actions_job/" + id1, in(none, socket.Container{Runtime: "docker", ID: id1})},
		{"/ecs/6f1c0d4a9b1e4f0f8a3e5b7c9d2e1f00/" + id1, in(none, socket.Container{Runtime: "docker", ID: id1})},
		{"/ecstasks.slice/ecstasks-6f1c0d4a.slice/docker-" + id1 + ".scope", in(system("docker-"+id1+".scope"), socket.Container{Runtime: "docker", ID: id1})},
		{"/" + id1, in(none, socket.Container{ID: id1})},
		{"/../" + id1, in(none, socket.Container{ID: id1})},
		{"/../docker-" + id1 + ".scope", in(system("docker-"+id1+".scope"), socket.Container{Runtime: "docker", ID: id1})},
		{"/system.slice/docker-" + id1[:12] + ".scope", system("docker-" + id1[:12] + ".scope")},
		{"/docker/" + strings.ToUpper(id1), none},
		{"/process_api/477c641bbb3102f900dea033c29503ad", none},

		// podman
		{"/machine.slice/libpod-" + id1 + ".scope/container", in(system("libpod-"+id1+".scope"), socket.Container{Runtime: "podman", ID: id1})},
		{"/machine.slice/libpod-conmon-" + id1 + ".scope", in(system("libpod-conmon-"+id1+".scope"), socket.Container{Runtime: "podman", ID: id1})},
		{"/machine.slice/machine-libpod_pod_" + id2 + ".slice/libpod-" + id1 + ".scope", in(system("libpod-"+id1+".scope"), socket.Container{Runtime: "podman", ID: id1})},
		{"/libpod_parent/libpod-" + id1, in(none, socket.Container{Runtime: "podman", ID: id1})},
		{"/libpod_parent/" + id1, in(none, socket.Container{Runtime: "podman", ID: id1})},
		{"/system.slice/web.service/libpod-payload-" + id1, in(system("web.service"), socket.Container{Runtime: "podman", ID: id1})},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id1 + ".scope/container", in(user("libpod-"+id1+".scope"), socket.Container{Runtime: "podman", ID: id1})},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" + id1, in(user("web.service"), socket.Container{Runtime: "podman", ID: id1})},

		// containerd and nerdctl
		{"/default/" + id1, in(none, socket.Container{Runtime: "containerd", ID: id1})},
		{"/k8s.io/" + id1, in(none, socket.Container{Runtime: "containerd", ID: id1})},
		{"/system.slice/nerdctl-" + id1 + ".scope", in(system("nerdctl-"+id1+".scope"), socket.Container{Runtime: "containerd", ID: id1})},

		// Kubernetes
		{"/kubepods/besteffort/pod" + uid + "/" + id1, in(none, socket.Container{ID: id1, Pod: uid})},
		{"/kubepods/pod" + uid + "/" + id1, in(none, socket.Container{ID: id1, Pod: uid})},
		{"/kubepods/burstable/pod" + uid + "/crio-" + id1, in(none, socket.Container{Runtime: "cri-o", ID: id1, Pod: uid})},
		{"/kubepods/burstable/pod" + uid, in(none, socket.Container{Pod: uid})},
		{
			"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uidUnderscores + ".slice/cri-containerd-" + id1 + ".scope",
			in(system("cri-containerd-"+id1+".scope"), socket.Container{Runtime: "containerd", ID: id1, Pod: uid}),
		},
		{
			"/kubepods.slice/kubepods-pod" + uidUnderscores + ".slice/crio-" + id1 + ".scope/container",
			in(system("crio-"+id1+".scope"), socket.Container{Runtime: "cri-o", ID: id1, Pod: uid}),
		},
		{
			"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uidUnderscores + ".slice/docker-" + id1 + ".scope",
			in(system("docker-"+id1+".scope"), socket.Container{Runtime: "docker", ID: id1, Pod: uid}),
		},
		{
			"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uidUnderscores + ".slice/crio-conmon-" + id1 + ".scope",
			in(system("crio-conmon-"+id1+".scope"), socket.Container{Runtime: "cri-o", ID: id1, Pod: uid}),
		},
		{
			"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + strings.ReplaceAll(uid, "-", "") + ".slice/cri-containerd-" + id1 + ".scope",
			in(system("cri-containerd-"+id1+".scope"), socket.Container{Runtime: "containerd", ID: id1, Pod: strings.ReplaceAll(uid, "-", "")}),
		},
		{
			"/system.slice/containerd.service/kubepods-burstable-pod" + uidUnderscores + ".slice:cri-containerd:" + id1,
			in(system("containerd.service"), socket.Container{Runtime: "containerd", ID: id1, Pod: uid}),
		},
		{"/docker/" + id2 + "/kubelet/kubepods/pod" + uid + "/" + id1, in(none, socket.Container{Runtime: "docker", ID: id2})},
		{"/kubepods/podnobody/x", none},
		{"/kubepods/pod" + strings.ReplaceAll(uid, "-", "_"), none},

		// LXC, LXD, Incus, Proxmox VE
		{"/lxc.payload.web", in(none, socket.Container{Runtime: "lxc", Name: "web"})},
		{"/lxc.payload.web/system.slice/nginx.service", in(none, socket.Container{Runtime: "lxc", Name: "web"})},
		{"/lxc.monitor.web", in(none, socket.Container{Runtime: "lxc", Name: "web"})},
		{"/lxc/101/ns/system.slice/ssh.service", in(none, socket.Container{Runtime: "lxc", Name: "101"})},
		{"/lxc.monitor/101", in(none, socket.Container{Runtime: "lxc", Name: "101"})},
		{"/user.slice/user-1000.slice/user@1000.service/lxc.payload.c1/init.scope", in(system("user@1000.service"), socket.Container{Runtime: "lxc", Name: "c1"})},
		{"/lxc.payload.", none},
		{"/x/lxc/web", none},

		// machined, systemd-nspawn, libvirt
		{`/machine.slice/machine-my\x2dbox.scope/payload/system.slice/nginx.service`, in(system(`machine-my\x2dbox.scope`), socket.Container{Runtime: "nspawn", Name: "my-box"})},
		{"/machine.slice/systemd-nspawn@web.service/payload", in(system("systemd-nspawn@web.service"), socket.Container{Runtime: "nspawn", Name: "web"})},
		{`/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`, system(`machine-qemu\x2d1\x2dvm.scope`)},
		{`/machine.slice/machine-lxc\x2d4711\x2dmy\x2dbox.scope`, in(system(`machine-lxc\x2d4711\x2dmy\x2dbox.scope`), socket.Container{Runtime: "libvirt-lxc", Name: "my-box"})},
		{`/machine.slice/machine-\x2e\x2e.scope`, system(`machine-\x2e\x2e.scope`)},
		{`/machine.slice/machine-a-b.scope`, system(`machine-a-b.scope`)},

		// buildkit, garden
		{"/docker/buildkit/5cf82fwiumld3vcs5d5l5pzyv", in(none, socket.Container{Runtime: "buildkit", ID: "5cf82fwiumld3vcs5d5l5pzyv"})},
		{"/buildkit/5cf82fwiumld3vcs5d5l5pzyv", in(none, socket.Container{Runtime: "buildkit", ID: "5cf82fwiumld3vcs5d5l5pzyv"})},
		{"/system.slice/garden.service/garden/2f6c9b70-1e3f-4d8f-6d2c-0d6f", in(system("garden.service"), socket.Container{Runtime: "garden", ID: "2f6c9b70-1e3f-4d8f-6d2c-0d6f"})},
	}
	for _, tt := range tests {
		tt.want.Cgroup = tt.path
		if diff := cmp.Diff(tt.want, FromCgroups([]Group{{Path: tt.path}})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.path, diff)
		}
	}
}

// TestHierarchies: what is known of a process may be spread over several.
func TestHierarchies(t *testing.T) {
	t.Parallel()
	inDocker := &socket.Container{Runtime: "docker", ID: id1}
	tests := []struct {
		name   string
		groups []Group
		want   socket.Workload
	}{
		{"none", nil, socket.Workload{}},
		{
			"one",
			[]Group{{"", "/system.slice/a.service"}},
			socket.Workload{Cgroup: "/system.slice/a.service", Unit: "a.service"},
		},
		{
			"both of systemd's",
			[]Group{{"pids", "/"}, {"name=systemd", "/system.slice/a.service"}, {"", "/system.slice/a.service/sub"}},
			socket.Workload{Cgroup: "/system.slice/a.service/sub", Unit: "a.service"},
		},
		{
			"systemd's own where the unified one is empty",
			[]Group{{"memory", "/system.slice/b.service"}, {"name=systemd", "/system.slice/a.service"}, {"", "/"}},
			socket.Workload{Cgroup: "/system.slice/a.service", Unit: "a.service"},
		},
		{
			"a container of version 1, whose shim is in the unified one",
			[]Group{{"memory", "/docker/" + id1}, {"name=systemd", "/docker/" + id1}, {"", "/system.slice/containerd.service"}},
			socket.Workload{Cgroup: "/docker/" + id1, Container: inDocker},
		},
		{
			"a container in a controller only",
			[]Group{{"cpu,cpuacct", "/docker/" + id1}, {"name=systemd", "/"}},
			socket.Workload{Cgroup: "/docker/" + id1, Container: inDocker},
		},
		{
			"nothing known",
			[]Group{{"memory", "/process_api/477c"}, {"name=systemd", "/"}, {"", "/"}},
			socket.Workload{Cgroup: "/process_api/477c"},
		},
		{"all at the root", []Group{{"memory", "/"}, {"name=systemd", "/"}, {"", "/"}}, socket.Workload{Cgroup: "/"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, FromCgroups(tt.groups)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func FuzzFromCgroups(f *testing.F) {
	for _, path := range []string{
		"/", "/system.slice/a.service", "/user.slice/user-1.slice/user@1.service/app.slice/x.scope",
		"/docker/" + id1, "/machine.slice/machine-a\\x2db.scope", "/lxc.payload./..", "/../" + id2 + " (deleted)",
		"/kubepods.slice/kubepods-pod" + uid + ".slice:cri-containerd:" + id1, "/garden/",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		w := FromCgroups([]Group{{Path: path}})
		if w.Unit != "" && (!isUnit(w.Unit) || !strings.Contains(path, w.Unit)) {
			t.Errorf("unit %q of %q", w.Unit, path)
		}
		if w.HasManager && !strings.Contains(path, "user@") {
			t.Errorf("manager %d of %q", w.Manager, path)
		}
		if c := w.Container; c != nil {
			if c.ID == "" && c.Name == "" && c.Pod == "" || c.Name != "" && !isFileName(c.Name) || strings.ContainsAny(c.ID, "/.") {
				t.Errorf("container %+v of %q", c, path)
			}
		}
	})
}
