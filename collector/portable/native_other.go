//go:build !linux && !darwin && !windows && !freebsd && !openbsd && !netbsd && !dragonfly && !solaris && !illumos && !aix

package portable

import (
	"fmt"
	"runtime"
)

// native is nothing: sockls knows no way to list the sockets of this system.
func native() (*system, Host, bool, error) {
	return nil, nil, false, fmt.Errorf("listing sockets: %w on %s", ErrUnsupported, runtime.GOOS)
}
