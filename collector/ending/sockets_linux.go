package ending

import (
	"context"
	"net"

	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

// Destroyer destroys sockets of one network namespace.
type Destroyer struct {
	client *sockdiag.Client
	inside func(func() error) error
}

// NewDestroyer makes one for a network namespace, nil for the one that this
// program is in.
func NewDestroyer(namespace *netns.Namespace) (*Destroyer, error) {
	d := &Destroyer{inside: func(f func() error) error { return f() }}
	if namespace != nil {
		d.inside = func(f func() error) error { return netns.Do(*namespace, f) }
	}
	err := d.inside(func() error {
		conn, err := sockdiag.Dial()
		if err == nil {
			d.client = sockdiag.NewClient(conn, nil)
		}
		return err
	})
	return d, err
}

// Destroy destroys one socket; see sockdiag.Client.Destroy.
func (d *Destroyer) Destroy(ctx context.Context, s *socket.Socket) error {
	return d.client.Destroy(ctx, s, d.index)
}

func (d *Destroyer) index(name string) (index uint32, ok bool) {
	err := d.inside(func() error {
		link, err := net.InterfaceByName(name)
		if err == nil {
			index = uint32(link.Index)
		}
		return err
	})
	return index, err == nil
}

// Close ends the connection to the kernel.
func (d *Destroyer) Close() { _ = d.client.Close() } // nothing was written to it that could be lost
