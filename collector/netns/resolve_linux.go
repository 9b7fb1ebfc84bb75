package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/spelling"
)

// Resolve finds the namespace that somebody means: by a path if there is a slash
// in spec, else by a name that ip(8), Docker or a mount gave it, else by a
// process that is in it, else by its inode, as lsns(8) and sockls itself print
// it. The error of a name that is close to another says so.
func Resolve(spec string, o Options) (Namespace, error) {
	if strings.Contains(spec, "/") {
		return resolvePath(spec, o)
	}
	switch spec {
	case "":
		return Namespace{}, errors.New("the network namespace has no name")
	case ".", "..":
		return Namespace{}, unknown(spec, nil)
	}
	for _, dir := range o.runDirs() {
		path := filepath.Join(dir, spec)
		if ns, err := resolvePath(path, o); !errors.Is(err, fs.ErrNotExist) {
			ns.Name = spec
			return ns, err
		}
	}
	inode, isLink := parseLink(spec)
	number, err := strconv.ParseUint(spec, 10, 64)
	isNumber := err == nil
	if isNumber && 0 < number && number <= maxPID {
		ns, err := resolvePath(taskPath(o.proc(), int(number), 0), o)
		if errors.Is(err, fs.ErrNotExist) {
			return Namespace{}, &UnknownError{Spec: spec}
		}
		if errors.Is(err, fs.ErrPermission) {
			return Namespace{}, fmt.Errorf("network namespace of process %s: %w; run as root", spec, fs.ErrPermission)
		}
		ns.PID = int(number)
		return ns, err
	}
	if isNumber {
		inode = number
	}
	all, _, _ := List(o) // of which some are better than none
	for _, ns := range all {
		if ns.Name == spec || (isNumber || isLink) && ns.Inode == inode {
			return ns, nil
		}
	}
	return Namespace{}, unknown(spec, all)
}

// maxPID is the highest number that a process can have (PID_MAX_LIMIT in
// include/linux/threads.h). Inodes of namespaces begin far above.
const maxPID = 1 << 22

// resolvePath opens a file to see whether it is a namespace, but never one that
// opening might do something to.
func resolvePath(path string, o Options) (Namespace, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return Namespace{}, &fs.PathError{Op: "network namespace", Path: path, Err: err}
	}
	if dev := deviceOf(o); st.Dev != dev || !isNetNS(path) {
		return Namespace{}, fmt.Errorf("%s is not a network namespace", path)
	}
	return Namespace{
		NetNS: socket.NetNS{Inode: st.Ino, Name: nameOf(st, o.runDirs())},
		Paths: []string{path}, dev: st.Dev,
	}, nil
}

// unknown is the error for a name that no namespace has.
func unknown(spec string, all []Namespace) error {
	e := &UnknownError{Spec: spec}
	for _, ns := range all {
		if ns.Name != "" {
			e.Names = append(e.Names, ns.Name)
		}
	}
	slices.Sort(e.Names)
	e.Near = spelling.Nearest(spec, e.Names)
	return e
}
