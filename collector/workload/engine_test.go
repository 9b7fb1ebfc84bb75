package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// TestDescribe has one tree with what all the engines keep.
func TestDescribe(t *testing.T) {
	t.Parallel()
	id := func(digit string) string { return strings.Repeat(digit, 64) }
	const task = "run/containerd/io.containerd.runtime.v2.task/"
	root := writeTree(t, map[string]string{
		"etc/docker/daemon.json": `{"log-driver": "journald", "data-root": "/srv/docker", "debug": true}`,
		"srv/docker/containers/" + id("1") + "/config.v2.json": `{"State":{"Running":true,"Pid":1,"Name":"wrong"},"ID":"x",
			"Config":{"Env":["Name=wrong","\"Name\":\"wrong\""],"Labels":{"Name":"wrong"}},"Name":"/we\u0062-1","Args":[]}`,
		"var/lib/docker/containers/" + id("2") + "/config.v2.json": `{"Name":"/old"}`,
		"var/lib/docker/containers/" + id("3") + "/config.v2.json": `{"Name":"/cut short`,
		"var/lib/docker/containers/" + id("4") + "/config.v2.json": `{"Name":["web"]}`,
		"var/lib/containers/storage/overlay-containers/containers.json": `[{"id":"` + id("5") +
			`","names":["db","alias"],"layer":"x","metadata":"{\"names\":[\"wrong\"]}"},{"id":"` + id("6") + `","names":null},{"id":"` + id("7") + `"}]`,
		"var/lib/containers/storage/overlay-containers/volatile-containers.json": `[{"id":"` + id("8") + `","names":["short-lived"]}]`,
		"var/lib/containers/storage/vfs-containers/containers.json":              `[{"id":"` + id("9") + `","names":["lost"]}`,
		task + "k8s.io/" + id("a") + "/config.json": `{"ociVersion":"1.1.0","annotations":{"io.kubernetes.cri.container-name":"app",
			"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-name":"web-768c6f9745-mn4bb","io.kubernetes.cri.sandbox-namespace":"shop"}}`,
		task + "k8s.io/" + id("b") + "/config.json": `{"annotations":{"io.kubernetes.cri.container-type":"sandbox",
			"io.kubernetes.cri.sandbox-name":"web-768c6f9745-mn4bb","io.kubernetes.cri.sandbox-namespace":"shop"}}`,
		task + "default/" + id("c") + "/config.json": `{"annotations":{"nerdctl/name":"cache","nerdctl/namespace":"default"}}`,
		task + "moby/" + id("d") + "/config.json":    `{"annotations":{"nerdctl/name":"wrong"}}`,
		"var/lib/incus/containers/green":             "-> /var/lib/incus/storage-pools/default/containers/green",
		"var/snap/lxd/common/lxd/containers/blue/x":  "",
		"run/systemd/machines/box":                   "# This is private data. Do not parse.\nNAME=box\nCLASS=container\nSERVICE=systemd-nspawn\n",
		"run/systemd/machines/guest":                 "NAME=guest\nCLASS=vm\n",
	})
	type container = socket.Container
	tests := []struct {
		have, want container
		not        bool
	}{
		{have: container{Runtime: docker, ID: id("1")}, want: container{Runtime: docker, ID: id("1"), Name: "web-1"}},
		{have: container{Runtime: docker, ID: id("2")}, want: container{Runtime: docker, ID: id("2"), Name: "old"}},
		{have: container{Runtime: docker, ID: id("3")}, want: container{Runtime: docker, ID: id("3")}},
		{have: container{Runtime: docker, ID: id("4")}, want: container{Runtime: docker, ID: id("4")}},
		{have: container{Runtime: docker, ID: id("0")}, want: container{Runtime: docker, ID: id("0")}},
		{have: container{Runtime: podman, ID: id("5")}, want: container{Runtime: podman, ID: id("5"), Name: "db"}},
		{have: container{Runtime: crio, ID: id("6"), Pod: uid}, want: container{Runtime: crio, ID: id("6"), Pod: uid}},
		{have: container{Runtime: podman, ID: id("7")}, want: container{Runtime: podman, ID: id("7")}},
		{have: container{Runtime: podman, ID: id("8")}, want: container{Runtime: podman, ID: id("8"), Name: "short-lived"}},
		{have: container{Runtime: podman, ID: id("9")}, want: container{Runtime: podman, ID: id("9"), Name: "lost"}},
		{have: container{Runtime: containerd, ID: id("a")}, want: container{Runtime: containerd, ID: id("a"), Name: "shop/web-768c6f9745-mn4bb/app"}},
		{have: container{Runtime: containerd, ID: id("b")}, want: container{Runtime: containerd, ID: id("b"), Name: "shop/web-768c6f9745-mn4bb"}},
		{have: container{Runtime: containerd, ID: id("c")}, want: container{Runtime: containerd, ID: id("c"), Name: "cache"}},
		{have: container{Runtime: containerd, ID: id("d")}, want: container{Runtime: containerd, ID: id("d")}},
		// Of those without a runtime the files tell.
		{have: container{ID: id("1")}, want: container{Runtime: docker, ID: id("1"), Name: "web-1"}},
		{have: container{ID: id("a"), Pod: uid}, want: container{Runtime: containerd, ID: id("a"), Pod: uid, Name: "shop/web-768c6f9745-mn4bb/app"}},
		{have: container{ID: id("0")}, want: container{ID: id("0")}},
		{have: container{Pod: uid}, want: container{Pod: uid}},
		{have: container{Runtime: lxc, Name: "green"}, want: container{Runtime: incus, Name: "green"}},
		{have: container{Runtime: lxc, Name: "blue"}, want: container{Runtime: lxd, Name: "blue"}},
		{have: container{Runtime: lxc, Name: "red"}, want: container{Runtime: lxc, Name: "red"}},
		{have: container{Runtime: nspawn, Name: "box"}, want: container{Runtime: nspawn, Name: "box"}},
		{have: container{Runtime: nspawn, Name: "other"}, want: container{Runtime: nspawn, Name: "other"}},
		{have: container{Runtime: nspawn, Name: "guest"}, want: container{Runtime: nspawn, Name: "guest"}, not: true},
		{have: container{Runtime: garden, ID: "x"}, want: container{Runtime: garden, ID: "x"}},
	}
	engines := Engines{Root: root}
	for _, tt := range tests {
		got := tt.have
		if is := engines.Describe(&got); is == tt.not {
			t.Errorf("%+v is a container: %v", tt.have, is)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.have, diff)
		}
	}
}

// TestDescribeNothing: a machine without any engine.
func TestDescribeNothing(t *testing.T) {
	t.Parallel()
	engines := Engines{Root: t.TempDir()}
	for _, runtime := range []string{docker, podman, containerd, crio, lxc, nspawn, ""} {
		c := socket.Container{Runtime: runtime, ID: id1}
		if !engines.Describe(&c) || c.Name != "" || c.Runtime != runtime {
			t.Errorf("%q became %+v", runtime, c)
		}
	}
}

// FuzzDocument: no text makes the reader hang, panic or go beyond its end, and
// what is well-formed is read to its end.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":null}],"c":"\ud83d\ude00\n\/","d":-1.5e3}`))
	f.Add([]byte(`[[[[`))
	f.Add([]byte(`"\u12`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := document{text: text}
		d.skip()
		if d.at > len(text) {
			t.Errorf("at %d of %d", d.at, len(text))
		}
		if !d.bad && d.at == 0 && len(text) > 0 && d.peek() != 0 && !strings.ContainsRune(",]}", rune(text[0])) && text[0] > ' ' {
			t.Errorf("nothing was read of %q", text)
		}
		annotatedName(text)
	})
}
