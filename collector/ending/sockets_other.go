//go:build !linux && !windows

package ending

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/socket"
)

// errNoDestroyer tells that connections go with their processes. (tcpdrop(8) of the
// BSDs ends some of TCP.)
var errNoDestroyer = fmt.Errorf("%w on %s; sockls kill ends the processes of sockets", errors.ErrUnsupported, runtime.GOOS)

// Destroyer would destroy sockets.
type Destroyer struct{}

// NewDestroyer fails.
func NewDestroyer(*netns.Namespace) (*Destroyer, error) { return nil, errNoDestroyer }

// Destroy fails.
func (*Destroyer) Destroy(context.Context, *socket.Socket) error { return errNoDestroyer }

// Close does nothing.
func (*Destroyer) Close() {}
