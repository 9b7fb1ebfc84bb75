//go:build !linux && !windows && !darwin && !freebsd && !openbsd

package ending

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"syscall"

	"github.com/sockls/sockls/collector/procfs"
)

// New fails: on this system nothing tells a process from another one that is given
// its pid.
func New(procfs.FS) (*Ender, error) {
	return nil, fmt.Errorf("ending processes: %w on %s", errors.ErrUnsupported, runtime.GOOS)
}

// ParseSignal understands a signal's number.
func ParseSignal(name string) (syscall.Signal, bool) {
	n, err := strconv.Atoi(name)
	return syscall.Signal(n), err == nil && n > 0
}

// SignalName is the number of a signal.
func SignalName(sig syscall.Signal) string { return strconv.Itoa(int(sig)) }
