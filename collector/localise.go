//go:build linux

package collector

import (
	"github.com/sockls/sockls/collector/filter"
)

const maxPort = 1<<16 - 1

// localise gives the cgroups of a filter the ids that they have here, and
// autobound the ports that this kernel chooses from: it counts connections that
// were accepted as bound by itself, though their port is the listener's.
func (c *collection) localise(e filter.Expr) (filter.Expr, error) {
	if e == nil {
		return nil, nil
	}
	ephemeral := filter.Port{Ranges: filter.Ranges{{First: 0, Last: maxPort}}}
	if first, last, err := c.proc.LocalPorts(); err == nil {
		ephemeral.Ranges[0] = filter.Range{First: int64(first), Last: int64(last)}
	}
	var failed error
	e = filter.Map(e, func(leaf filter.Expr) filter.Expr {
		if l, ok := leaf.(filter.Cgroup); ok {
			id, err := c.extras.cgroups.id(l.Path)
			if err != nil {
				failed = err
			}
			l.ID = id
			return l
		}
		if l, ok := leaf.(filter.Autobound); ok {
			return filter.And{l, ephemeral}
		}
		return leaf
	})
	return e, failed
}
