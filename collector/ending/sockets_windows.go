package ending

import (
	"context"
	"errors"
	"fmt"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/socket"
)

// errNoDestroyer tells that connections go with their processes. (SetTcpEntry ends
// some of IPv4, which would be a part that nobody expects.)
var errNoDestroyer = fmt.Errorf("%w: Windows destroys no sockets; sockls kill ends their processes", errors.ErrUnsupported)

// Destroyer would destroy sockets.
type Destroyer struct{}

// NewDestroyer fails.
func NewDestroyer(*netns.Namespace) (*Destroyer, error) { return nil, errNoDestroyer }

// Destroy fails.
func (*Destroyer) Destroy(context.Context, *socket.Socket) error { return errNoDestroyer }

// Close does nothing.
func (*Destroyer) Close() {}
