package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// Cgroup is the place of a process in one hierarchy of control groups.
type Cgroup struct {
	// Controllers is "" for the unified hierarchy, "name=systemd" for the one
	// that systemd keeps for itself where that is not all there is, and otherwise
	// the controllers of a hierarchy of version 1, joined by commas.
	Controllers string
	// Path is as the cgroup namespace of this process has it: one that is not
	// below its root begins with "/..". It is hostile but for newlines.
	Path string
}

// maxCgroups is room for a path of PATH_MAX in each of the hierarchies there can
// be.
const maxCgroups = 64 << 10

// Cgroups returns the control groups of a process, one for each hierarchy, in
// the order of the kernel.
func (f FS) Cgroups(pid int) ([]Cgroup, error) {
	path := f.pidPath(pid, "cgroup")
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	groups, err := parseCgroups(io.LimitReader(file, maxCgroups))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return groups, nil
}

// parseCgroups reads lines of "number:controllers:path". The path may hold
// colons; the kernel makes no group with a newline in its name (cgroup_mkdir in
// kernel/cgroup/cgroup.c).
func parseCgroups(r io.Reader) ([]Cgroup, error) {
	var groups []Cgroup
	lines := newLineReader(r, factBuffer+512)
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return groups, nil
		}
		if err != nil {
			return nil, err
		}
		number, rest, _ := bytes.Cut(line, []byte{':'})
		controllers, path, found := bytes.Cut(rest, []byte{':'})
		if _, ok := decimal(number); !ok || !found || !whole || len(path) == 0 || path[0] != '/' {
			return nil, errors.New("malformed line")
		}
		groups = append(groups, Cgroup{Controllers: string(controllers), Path: string(path)})
	}
}

// InnerPID returns the process id that a process has in its own pid namespace,
// 0 where that is the one that this proc file system was mounted in.
func (f FS) InnerPID(pid int) (int, error) {
	path := f.pidPath(pid, "status")
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	inner, err := parseInnerPID(file)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	return inner, nil
}

// parseInnerPID reads the line "NSpid:" (Linux 4.1), which has one number for
// each namespace from that of the file system down to the process's own. As with
// the user ids, nothing that a process chooses stands at the beginning of a line.
func parseInnerPID(r io.Reader) (int, error) {
	lines := newLineReader(r, factBuffer)
	for {
		line, whole, err := lines.next()
		if err == io.EOF {
			return 0, errors.New("no line NSpid")
		}
		if err != nil {
			return 0, err
		}
		ids, found := bytes.CutPrefix(line, []byte("NSpid:"))
		if !found || !whole {
			continue
		}
		w := words{ids}
		inner, ok := decimal(w.next())
		depth := 0
		for word := w.next(); ok && len(word) > 0; word = w.next() {
			inner, ok = decimal(word)
			depth++
		}
		switch {
		case !ok || inner > math.MaxInt32:
			return 0, errors.New("malformed line NSpid")
		case depth == 0:
			return 0, nil
		}
		return int(inner), nil
	}
}
