package rtnetlink

import (
	"encoding/binary"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
)

// Read returns what the calling thread's network namespace has. What could not
// be read is unknown in it, and there is a notice of it.
func Read(proc procfs.FS) (*machine.Machine, []socket.Notice) {
	r := reading{
		settings: settings{proc: proc, sys: "/sys"},
		wire:     wire{order: binary.NativeEndian},
		dial:     dial,
		first:    firstNamespace(proc.Dir()),
	}
	return r.read()
}
