package portable

import (
	"context"
	"net/netip"
	"time"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// Machine tells what decides about bind beside the sockets, as far as this system
// tells it: the rest is unknown.
func (c *Collector) Machine(ctx context.Context) (*machine.Machine, []socket.Notice) {
	m := &machine.Machine{Rules: c.system.rules}
	var notices []socket.Notice
	if all, err := c.host.Links(); err != nil {
		notices = append(notices, socket.Notice{Code: "addresses-unreadable", Message: "the addresses of this machine are not known: " + err.Error()})
	} else {
		m.Links, m.HasLinks, m.HasLocal, m.IPv6 = all, true, true, socket.No
		for _, l := range all {
			for _, p := range l.Addr {
				switch a := p.Addr(); {
				case a.Is4():
					m.Local4 = append(m.Local4, netip.PrefixFrom(a, a.BitLen()))
				case a.IsLinkLocalUnicast():
					m.Local6 = append(m.Local6, a.WithZone(l.Name))
				default:
					m.Local6 = append(m.Local6, a)
				}
			}
		}
		if len(m.Local6) > 0 {
			m.IPv6 = socket.Yes
		}
	}
	if c.system.survey != nil {
		notices = append(notices, c.system.survey(ctx, c.host, m)...)
	}
	return m, notices
}

// Identify tells when a process was started, its name, and its parent. It is ErrGone
// where there is none.
func (c *Collector) Identify(ctx context.Context, pid int) (created time.Time, name string, parent int, err error) {
	if created, err = c.host.Created(ctx, int32(pid)); err != nil {
		return created, "", 0, err
	}
	f, err := c.host.Process(ctx, int32(pid), socket.DetailParents)
	return created, f.Name, int(f.Parent), err
}

// Known are the details that this system tells, or that facts of processes give.
func (c *Collector) Known() socket.Detail { return c.system.details }

// Root reports whether this program may see processes of all users.
func (c *Collector) Root() bool { return c.root }
