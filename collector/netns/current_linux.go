package netns

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

// Current returns the network namespace of the calling thread. procRoot is
// where the proc file system is mounted, "" for /proc. runDirs are searched
// for its name in the order given, and each in the order of its names;
// without any, /run/netns is.
//
// The namespace is read from thread-self and not from self, which is the
// leader of the thread group: sockets are made in the namespace of the calling
// thread, and setns(2) moves one thread only. A caller that has moved keeps
// its goroutine locked to the thread, so the answer is about the namespace its
// sockets live in; for all others the two are the same. A proc without
// thread-self (before Linux 3.17) is read through self.
//
// A namespace without a name, or with one that cannot be looked up, is not an
// error. The name is the exact bytes of a directory entry and may be any but
// NUL and a slash.
func Current(procRoot string, runDirs ...string) (socket.NetNS, error) {
	if procRoot == "" {
		procRoot = "/proc"
	}
	if len(runDirs) == 0 {
		runDirs = []string{"/run/netns"}
	}
	link := filepath.Join(procRoot, "thread-self", "ns", "net")
	target, err := os.Readlink(link)
	if os.IsNotExist(err) {
		link = filepath.Join(procRoot, "self", "ns", "net")
		target, err = os.Readlink(link)
	}
	if err != nil {
		return socket.NetNS{}, fmt.Errorf("identify network namespace: %w", err)
	}
	inode, ok := parseLink(target)
	if !ok {
		return socket.NetNS{}, fmt.Errorf("identify network namespace: %s leads to %q", link, target)
	}
	ns := socket.NetNS{Inode: inode}
	// Inodes are unique per file system only, and anything can be below
	// /run/netns, so the device has to be the same too.
	var st unix.Stat_t
	if err := unix.Stat(link, &st); err == nil && st.Ino == inode {
		ns.Name = nameOf(st, runDirs)
	}
	return ns, nil
}

// parseLink reads the text of a namespace link, "net:[4026531840]".
func parseLink(target string) (uint64, bool) {
	number, okPrefix := strings.CutPrefix(target, "net:[")
	number, okSuffix := strings.CutSuffix(number, "]")
	inode, err := strconv.ParseUint(number, 10, 64)
	return inode, okPrefix && okSuffix && err == nil
}

// nameOf returns the first entry of the directories that is the file itself.
func nameOf(ns unix.Stat_t, dirs []string) string {
	for _, dir := range dirs {
		// Entries that were read before an error are as good as any.
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			var st unix.Stat_t
			file := filepath.Join(dir, entry.Name())
			err := unix.Stat(file, &st)
			if err == nil && st.Dev == ns.Dev && st.Ino == ns.Ino && !dockersHost(file) {
				return entry.Name()
			}
		}
	}
	return ""
}
