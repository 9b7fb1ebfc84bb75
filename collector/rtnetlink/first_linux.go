package rtnetlink

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The first namespaces of a machine have inodes of their own
// (include/uapi/linux/nsfs.h): that of processes since Linux 3.8, that of the
// network since 6.18.
const (
	firstPIDNamespace     = "pid:[4026531836]"
	firstNetworkNamespace = "net:[4026531833]"
)

// firstNamespace reports whether the calling thread is known to be in the
// network namespace that the machine started with, which is that of the first
// process, as seen from the first namespace of processes.
func firstNamespace(proc string) bool {
	own := filepath.Join(proc, "thread-self/ns/net")
	if name, err := os.Readlink(own); err != nil || name == firstNetworkNamespace {
		return err == nil
	}
	if name, err := os.Readlink(filepath.Join(proc, "thread-self/ns/pid")); err != nil || name != firstPIDNamespace {
		return false
	}
	var this, first unix.Stat_t
	return unix.Stat(own, &this) == nil && unix.Stat(filepath.Join(proc, "1/ns/net"), &first) == nil &&
		this.Dev == first.Dev && this.Ino == first.Ino
}
