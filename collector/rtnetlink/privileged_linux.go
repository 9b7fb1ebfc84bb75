package rtnetlink

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// Privileged tells whether a program of that user may bind privileged ports in
// the calling thread's network namespace, which is having CAP_NET_BIND_SERVICE
// in the user namespace that owns it (inet_port_requires_bind_service and
// ns_capable).
//
// For the user of the calling thread itself the answer is about a program
// started from here with the capabilities of the thread. For others it is about
// a plain program: root has all capabilities that its user namespace gives, and
// anybody else has none, unless the namespace is one that this user made. A
// capability that was given to a program's file, or by a service manager, is not
// seen.
func Privileged(proc procfs.FS, uid uint32) socket.Tri {
	self := filepath.Join(proc.Dir(), "thread-self")
	have, err := readCapabilities(filepath.Join(self, "status"))
	if err != nil {
		return socket.Unknown
	}
	relation, owner, err := relate(self)
	if err != nil {
		return socket.Unknown
	}
	return privileged(relation, owner, uid, have)
}

// relation is what the user namespace that owns a network namespace is to that
// of the calling thread.
type relation uint8

const (
	foreign relation = iota // an ancestor or a stranger: nobody from here may anything
	own
	below // a descendant
)

// capabilities are the sets of a thread, and its user.
type capabilities struct {
	effective, bounding bool
	uid                 uint32
}

// privileged decides. owner is, of a descendant, the user who made the child of
// the thread's own user namespace that leads there: that user has all
// capabilities in it (cap_capable in security/commoncap.c).
func privileged(r relation, owner, uid uint32, have capabilities) socket.Tri {
	switch {
	case r == foreign:
		return socket.No
	case r == below && owner == uid:
		return socket.Yes
	case uid == have.uid:
		return socket.TriOf(have.effective)
	case uid != 0:
		return socket.No
	case have.bounding:
		return socket.Yes
	}
	// Root as it is elsewhere has the capability; one started from here cannot.
	return socket.Unknown
}

// readCapabilities reads /proc/PID/status.
func readCapabilities(path string) (capabilities, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return capabilities{}, err
	}
	return parseCapabilities(b)
}

func parseCapabilities(status []byte) (have capabilities, err error) {
	var seen int
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		fields := bytes.Fields(value)
		switch string(name) {
		case "Uid":
			if len(fields) < 2 {
				return have, errors.New("status has no effective user")
			}
			uid, err := strconv.ParseUint(string(fields[1]), 10, 32)
			if err != nil {
				return have, fmt.Errorf("status: %w", err)
			}
			have.uid = uint32(uid)
		case "CapEff", "CapBnd":
			if len(fields) != 1 {
				return have, errors.New("status has no capabilities")
			}
			set, err := strconv.ParseUint(string(fields[0]), 16, 64)
			if err != nil {
				return have, fmt.Errorf("status: %w", err)
			}
			has := set&(1<<unix.CAP_NET_BIND_SERVICE) != 0
			if string(name) == "CapEff" {
				have.effective = has
			} else {
				have.bounding = has
			}
		default:
			continue
		}
		seen++
	}
	if seen != 3 {
		return have, errors.New("status has no capabilities")
	}
	return have, nil
}

// maxDepth is more than the kernel nests user namespaces (32).
const maxDepth = 40

// relate finds out whose the thread's network namespace is.
func relate(self string) (r relation, owner uint32, err error) {
	network, err := unix.Open(filepath.Join(self, "ns/net"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return foreign, 0, err
	}
	defer unix.Close(network)
	var home unix.Stat_t
	if err := unix.Stat(filepath.Join(self, "ns/user"), &home); err != nil {
		if errors.Is(err, unix.ENOENT) {
			return own, 0, nil // a kernel without user namespaces
		}
		return foreign, 0, err
	}
	at, err := unix.IoctlRetInt(network, unix.NS_GET_USERNS)
	for depth := 0; err == nil && depth < maxDepth; depth++ {
		var st unix.Stat_t
		if err := unix.Fstat(at, &st); err != nil {
			unix.Close(at)
			return foreign, 0, err
		}
		if st.Dev == home.Dev && st.Ino == home.Ino {
			unix.Close(at)
			if depth == 0 {
				return own, 0, nil
			}
			return below, owner, nil
		}
		if owner, err = unix.IoctlGetUint32(at, unix.NS_GET_OWNER_UID); err != nil {
			unix.Close(at)
			return foreign, 0, err
		}
		var parent int
		parent, err = unix.IoctlRetInt(at, unix.NS_GET_PARENT)
		unix.Close(at)
		at = parent
	}
	if errors.Is(err, unix.EPERM) {
		// The kernel shows those namespaces only that are the thread's own or
		// below it.
		return foreign, 0, nil
	}
	if err == nil {
		unix.Close(at)
		err = errors.New("user namespaces without end")
	}
	return foreign, 0, err
}
