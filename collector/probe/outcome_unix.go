//go:build unix

package probe

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// refused makes a refusal of what the kernel said, unless it is about sockls:
// having no descriptors or no memory left says nothing about the port.
func refused(what string, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno == unix.EMFILE || errno == unix.ENFILE ||
		errno == unix.ENOMEM || errno == unix.ENOBUFS || errno == unix.EINTR {
		return fmt.Errorf("probe: %s: %w", what, err)
	}
	return refusal{errno}
}

// outcome separates what the kernel answered from what could not be asked.
func outcome(err error) (string, error) {
	var r refusal
	if !errors.As(err, &r) {
		return "", err
	}
	if name := unix.ErrnoName(r.errno); name != "" {
		return name, nil
	}
	return "errno " + strconv.Itoa(int(r.errno)), nil
}
