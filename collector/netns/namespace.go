package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// ErrGone is returned for a namespace to which no way leads any more: its
// processes have ended, or its mount is gone.
var ErrGone = errors.New("network namespace is gone")

// Namespace is a network namespace and the ways to it.
type Namespace struct {
	socket.NetNS
	// Paths are the files by which it can be opened, mounts before processes.
	// There are a few at most, and none where it is known from a mount that
	// cannot be reached.
	Paths []string
	// PID is the first process that has a thread in it, 0 where there is none.
	// TID is such a thread, where the main thread of that process is elsewhere.
	PID, TID int
	// Processes is how many processes have a thread in it.
	Processes int

	dev uint64 // of the file system of namespaces, 0 where it is not known
}

// Label names the namespace for a message: hostile text, to be escaped.
func (n *Namespace) Label() string {
	switch {
	case n.Name != "":
		return strconv.Quote(n.Name)
	case n.PID != 0:
		return "of process " + strconv.Itoa(n.PID)
	}
	return strconv.FormatUint(n.Inode, 10)
}

// Options say where to look. The zero value is the running system.
type Options struct {
	// Proc is where the proc file system is mounted, "" for /proc.
	Proc string
	// RunDirs are the directories whose entries name namespaces, the first name
	// found being the one that counts; nil for those of ip(8) and Docker.
	RunDirs []string
}

func (o Options) proc() string {
	if o.Proc == "" {
		return "/proc"
	}
	return o.Proc
}

func (o Options) runDirs() []string {
	if o.RunDirs == nil {
		return []string{"/run/netns", "/var/run/netns", "/run/docker/netns", "/var/run/docker/netns"}
	}
	return o.RunDirs
}

// Seen says how much of the machine List could see.
type Seen struct {
	// Denied counts the processes whose namespace this user may not know, DeniedPID
	// is one of them.
	Denied, DeniedPID int
	// Veiled is set when processes of other users are not even listed (the hidepid
	// option of proc(5)).
	Veiled bool
	// MountsErr is why the mounts could not be read, nil where they were.
	MountsErr error
}

// UnknownError is the error for what names no namespace.
type UnknownError struct {
	Spec string
	// Near is the name that was probably meant, "" where none is near, Names are
	// all that there are.
	Near  string
	Names []string
}

func (e *UnknownError) Error() string {
	const most = 10 // names in a message
	if _, err := strconv.Atoi(e.Spec); err == nil {
		return "no process or network namespace " + e.Spec
	}
	switch {
	case e.Near != "":
		return fmt.Sprintf("unknown network namespace %q, did you mean %q?", e.Spec, e.Near)
	case len(e.Names) == 0:
		return fmt.Sprintf("unknown network namespace %q; none has a name (a pid or a path does as well)", e.Spec)
	case len(e.Names) > most:
		return fmt.Sprintf("unknown network namespace %q; there are %s and %d more",
			e.Spec, strings.Join(e.Names[:most], ", "), len(e.Names)-most)
	}
	return fmt.Sprintf("unknown network namespace %q; there are %s", e.Spec, strings.Join(e.Names, ", "))
}

// Is makes it an fs.ErrNotExist.
func (e *UnknownError) Is(target error) bool { return target == fs.ErrNotExist }
