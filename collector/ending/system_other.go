//go:build !linux && !windows

package ending

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"syscall"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

var errUnsupported = fmt.Errorf("%w on %s", errors.ErrUnsupported, runtime.GOOS)

// New returns an Ender for the processes of this system.
func New(procfs.FS) (*Ender, error) { return nil, errUnsupported }

// Destroyer destroys sockets of one network namespace.
type Destroyer struct{}

// NewDestroyer makes one.
func NewDestroyer(*netns.Namespace) (*Destroyer, error) { return nil, errUnsupported }

// Destroy destroys one socket.
func (*Destroyer) Destroy(context.Context, *socket.Socket) error { return errUnsupported }

// Close does nothing.
func (*Destroyer) Close() {}

// ParseSignal understands a signal's number.
func ParseSignal(name string) (syscall.Signal, bool) {
	n, err := strconv.Atoi(name)
	return syscall.Signal(n), err == nil && n > 0
}

// SignalName is the number of a signal.
func SignalName(sig syscall.Signal) string { return strconv.Itoa(int(sig)) }
