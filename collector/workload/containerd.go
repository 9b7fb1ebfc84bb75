package workload

import "strings"

// containerdRoot is where containerd's shims keep one directory for each
// container that runs, below one for each of containerd's own namespaces: there
// is the configuration that runc was given (config.json of the OCI runtime
// specification).
const containerdRoot = "/run/containerd/io.containerd.runtime.v2.task"

// containerdName is the name of a container of containerd, "" where it has none.
func containerdName(t tree, id string) string {
	name, _ := containerdTask(t, id)
	return name
}

// containerdTask looks for a container that runs. Its name is, for one of
// Kubernetes, "NAMESPACE/POD/CONTAINER" by the annotations of the CRI plugin
// (internal/cri/annotations of containerd), for one of nerdctl the name that the
// label "nerdctl/name" has.
func containerdTask(t tree, id string) (name string, found bool) {
	const (
		large = 4 << 20
		most  = 64
	)
	namespaces, err := t.list(containerdRoot, most)
	if err != nil {
		return "", false
	}
	for _, ns := range namespaces {
		// dockerd has containers of its own in "moby", with names that only it
		// knows.
		if ns == "moby" {
			continue
		}
		b, err := t.read(containerdRoot+"/"+ns+"/"+id+"/config.json", large)
		if err != nil {
			continue
		}
		return annotatedName(b), true
	}
	return "", false
}

func annotatedName(config []byte) string {
	var namespace, pod, container, nerdctl, kind string
	d := document{text: config}
	d.object(func(key string) {
		if key != "annotations" || d.peek() != '{' {
			d.skip()
			return
		}
		d.object(func(key string) {
			value := d.maybe()
			switch key {
			case "io.kubernetes.cri.sandbox-namespace":
				namespace = value
			case "io.kubernetes.cri.sandbox-name":
				pod = value
			case "io.kubernetes.cri.container-name":
				container = value
			case "io.kubernetes.cri.container-type":
				kind = value
			case "nerdctl/name":
				nerdctl = value
			}
		})
	})
	switch {
	case d.bad:
		return ""
	case nerdctl != "":
		return nerdctl
	case container == "" && kind != "sandbox":
		return ""
	}
	var names []string
	for _, name := range []string{namespace, pod, container} {
		if name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, "/")
}
