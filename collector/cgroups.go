//go:build linux

package collector

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/procfs"
)

// cgroups names the groups of the cgroup v2 hierarchy. The kernel tells of a
// socket the id of its group, which is the directory's file handle
// (kernfs_encode_fh in fs/kernfs/mount.c).
type cgroups struct {
	proc procfs.FS

	opened bool
	mount  string // "" where there is none
	fd     int    // of the mount
	err    error  // why there is none

	names  map[uint64]string
	last   uint64 // and its name answer for most rows: neighbours have one group
	name   string
	walked bool // names has all there are
}

// open finds the hierarchy once.
func (c *cgroups) open() error {
	if c.opened {
		return c.err
	}
	c.opened, c.fd = true, -1
	c.names = map[uint64]string{}
	if c.mount, c.err = c.proc.CgroupMount(); c.err != nil {
		return c.err
	}
	c.fd, c.err = unix.Open(c.mount, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return c.err
}

func (c *cgroups) close() {
	if c.opened && c.fd >= 0 {
		_ = unix.Close(c.fd) // a directory has nothing to lose
	}
}

// path is the path of a group below the mount, "" where it cannot be told: the
// group has been removed, or lies outside what this process sees.
func (c *cgroups) path(id uint64) string {
	if id == 0 || c.open() != nil {
		return ""
	}
	if id == c.last {
		return c.name
	}
	name, ok := c.names[id]
	if !ok {
		name = c.lookUp(id)
		c.names[id] = name
	}
	c.last, c.name = id, name
	return name
}

// lookUp opens a group by its handle, as root may. Others look for the
// directory with that inode number, which is the id.
func (c *cgroups) lookUp(id uint64) string {
	const kernfs = 0xfe // FILEID_KERNFS in include/linux/exportfs.h
	handle := unix.NewFileHandle(kernfs, binary.NativeEndian.AppendUint64(nil, id))
	fd, err := unix.OpenByHandleAt(c.fd, handle, unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		if errors.Is(err, unix.EPERM) {
			c.walk()
		}
		return c.names[id]
	}
	defer unix.Close(fd)
	var link [unix.PathMax]byte
	n, err := unix.Readlink(c.proc.Dir()+"/self/fd/"+strconv.Itoa(fd), link[:])
	if err != nil {
		return ""
	}
	return c.below(string(link[:n]))
}

// walk reads all directories once.
func (c *cgroups) walk() {
	if c.walked {
		return
	}
	c.walked = true
	_ = filepath.WalkDir(c.mount, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // a group that is gone or closed to this user stays without a name
		}
		var st unix.Stat_t
		if unix.Lstat(dir, &st) == nil {
			c.names[st.Ino] = c.below(dir)
		}
		return nil
	})
}

// below cuts the mount off a path.
func (c *cgroups) below(dir string) string {
	rest, ok := strings.CutPrefix(dir, strings.TrimSuffix(c.mount, "/"))
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return "" // not below it: the group was opened in another mount
	case rest == "":
		return "/"
	}
	return rest
}

// id is the reverse of path. A path may be written as that of the directory,
// or with /sys/fs/cgroup cut off where the hierarchy is mounted below that.
func (c *cgroups) id(name string) (uint64, error) {
	if err := c.open(); err != nil {
		return 0, fmt.Errorf("cgroup %s: no cgroup v2 hierarchy: %w", name, err)
	}
	candidates := []string{path.Join(c.mount, name)}
	const usual = "/sys/fs/cgroup"
	for _, dir := range []string{path.Clean("/" + name), path.Join(usual, name)} {
		if c.below(dir) != "" {
			candidates = append(candidates, dir)
		}
	}
	var first error
	for _, dir := range candidates {
		id, err := handleOf(dir)
		if err == nil {
			return id, nil
		}
		if first == nil {
			first = err
		}
	}
	return 0, fmt.Errorf("cgroup %s: %w", name, first)
}

// handleOf is the id of the group with that directory.
func handleOf(dir string) (uint64, error) {
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, dir, 0)
	if err == nil && handle.Size() >= 8 {
		return binary.NativeEndian.Uint64(handle.Bytes()), nil
	}
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOSYS) {
		return 0, err
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, err
	}
	return st.Ino, nil
}
