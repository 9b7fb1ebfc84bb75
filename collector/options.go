package collector

import (
	"github.com/sockls/sockls/collector/netns"
	"github.com/sockls/sockls/collector/owner"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/sockdiag"
)

// Options are what a collector reads from, so that tests can put a recorded
// system in place of the running one. The zero value is the running system.
type Options struct {
	// Proc is the proc file system.
	Proc procfs.FS
	// Dial opens a sock_diag connection in the calling thread's network
	// namespace; nil is the running kernel's.
	Dial func() (sockdiag.Conn, error)
	// NetNS is the network namespace whose sockets are wanted; nil is the one that
	// the calling thread is in. It is held open for the time of each collection.
	NetNS *netns.Namespace
	// Owners is how to look for the holders of sockets.
	Owners owner.Way
}
