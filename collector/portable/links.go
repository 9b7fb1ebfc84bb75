package portable

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/sockls/sockls/collector/machine"
)

// links asks the system for its interfaces. One that has gone meanwhile has no
// addresses any more.
func links() ([]machine.Link, error) {
	found, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	all := make([]machine.Link, 0, len(found))
	for _, i := range found {
		l := machine.Link{Index: i.Index, Name: i.Name, Up: i.Flags&net.FlagUp != 0}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("list addresses of interfaces: %w", err)
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				l.Addr = append(l.Addr, netip.PrefixFrom(unscoped(p.Addr()).WithZone(""), p.Bits()))
			}
		}
		all = append(all, l)
	}
	return all, nil
}
