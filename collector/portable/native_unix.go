//go:build darwin || freebsd || openbsd || netbsd || dragonfly || solaris || illumos || aix

package portable

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// unixHost is the running system where it is one of the family.
type unixHost struct{ library }

// Release implements Host.
func (unixHost) Release(context.Context) string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

// native is the running system; only root sees processes of all users everywhere.
func native() (*system, Host, bool, error) { return unixSystem(), unixHostOf(), os.Geteuid() == 0, nil }
