package why

import (
	"net/netip"
	"slices"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// decideWindows is Decide for Windows, as far as it is documented what bind does
// there ("Sharing Transport Addresses" of the Winsock kernel, "Using SO_REUSEADDR
// and SO_EXCLUSIVEADDRUSE"). No table tells the options of a socket, and with them
// and the users of the two programs much of the answer varies:
//
//	the new one         beside a wildcard      beside the same address
//	wildcard            taken                  -
//	address             unknown                taken
//	wildcard, reusing   unknown                -
//	address, reusing    unknown                unknown
//
// A wildcard beside another address is free in all cases: what arrives for that
// address goes on going there. SO_REUSEADDR means another thing than elsewhere: two
// programs with it have the very same address, and who receives is anybody's guess.
//
// The address of a connection may be in the way or not, by options again. A socket
// of both families is in the tables of both, so rows of one family do not matter for
// the other; but that bind keeps to it is not documented. A wish for no address is
// one for the wildcards of both families. There are no privileged ports.
func decideWindows(b Bind, m *machine.Machine, sockets []*socket.Socket) Decision {
	var d Decision
	worst := socket.No
	for _, s := range sockets {
		if s.Proto == b.Proto && s.Local.Port == uint32(b.Port) {
			c := meetWindows(&b, s)
			worst = or(worst, c.Blocking)
			d.Clashes = append(d.Clashes, c)
		}
	}
	d.Verdict = [...]Verdict{socket.Unknown: Unclear, socket.No: Free, socket.Yes: Taken}[worst]
	if d.Verdict == Taken {
		d.Errno = "EADDRINUSE"
	}
	for _, o := range windowsObstacles(&b, m) {
		switch {
		case o.stands == socket.Yes && o.rule == RuleExcluded && d.Verdict == Taken:
			// Which of the two Windows tells of is not known.
			d.Errno, d.Obstacle = "", o.rule
		case o.stands == socket.Yes:
			d.Verdict, d.Errno, d.Obstacle = Refused, o.errno, o.rule
			return d
		case o.stands == socket.Unknown && d.Obstacle == "":
			d.Obstacle = o.rule
			if d.Verdict == Free {
				d.Verdict = Unclear
			}
		}
	}
	return d
}

// meetWindows relates the wish to a socket of its protocol and port.
func meetWindows(b *Bind, s *socket.Socket) Clash {
	c := Clash{Socket: s, Blocking: socket.No, Overlap: ApartAddress}
	switch {
	case !b.Addr.IsValid():
		// Both wildcards, each by itself: that of the other family has no part in it.
		wild := netip.IPv4Unspecified()
		if family(s.Local.Addr) == socket.IPv6 {
			wild = netip.IPv6Unspecified()
		}
		c.Overlap, c.Blocking = overlapWindows(wild, s)
	case family(b.Addr) == family(s.Local.Addr):
		c.Overlap, c.Blocking = overlapWindows(b.Addr, s)
	case b.Addr.Is6() && b.Addr.IsUnspecified():
		c.Overlap = ApartV6Only // as every socket there, unless the program says otherwise
		if b.V6Only == socket.No {
			c.Overlap, c.Blocking = OverlapDualOwn, socket.Unknown
		}
	case s.Local.Addr.IsUnspecified() && family(s.Local.Addr) == socket.IPv6:
		c.Overlap, c.Blocking = OverlapDual, socket.Unknown
	}
	if c.Blocking == socket.No && !apart(c.Overlap) {
		c.Shares = SharesBeside
	}
	if b.ReuseAddr && c.Blocking == socket.Yes {
		c.Blocking = socket.Unknown
	}
	return c
}

// overlapWindows relates an address to a socket of its family.
func overlapWindows(wanted netip.Addr, s *socket.Socket) (Overlap, socket.Tri) {
	wanted, has := wanted.Unmap(), s.Local.Addr.Unmap()
	listens := s.Proto != socket.TCP || s.State == socket.Listen
	switch {
	case wanted.WithZone("") == has.WithZone("") && listens:
		return OverlapSame, socket.Yes
	case wanted.WithZone("") == has.WithZone(""):
		return OverlapSame, socket.Unknown
	case wanted.IsUnspecified() && listens:
		return OverlapIncludes, socket.No
	case wanted.IsUnspecified():
		return OverlapIncludes, socket.Unknown
	case has.IsUnspecified():
		return OverlapWildcard, socket.Unknown
	}
	return ApartAddress, socket.No
}

// family is that of an address, a mapped one being IPv4 under another name, and no
// address that of both.
func family(a netip.Addr) socket.Family {
	if a.Is4() || a.Is4In6() {
		return socket.IPv4
	}
	return socket.IPv6
}

// windowsObstacles are those in the order of the calls: socket, setsockopt, bind.
func windowsObstacles(b *Bind, m *machine.Machine) []obstacle {
	all := []obstacle{
		{RuleNoOption, "ENOPROTOOPT", socket.TriOf(b.ReusePort || b.Device != "")},
		{RuleExcluded, "EACCES", excluded(b, m)},
	}
	if !b.Addr.IsValid() || b.Addr.IsUnspecified() && b.Addr.Is4() {
		return all
	}
	if b.Addr.Is6() {
		all = append([]obstacle{{RuleNoIPv6, "EAFNOSUPPORT", socket.TriOf(m.IPv6 == socket.No)}}, all...)
	}
	here := socket.Yes
	if !b.Addr.IsUnspecified() && !b.Addr.IsMulticast() && !(b.Addr.Unmap().Is4() && b.Addr.Unmap().IsLoopback()) {
		here = windowsHas(m, b.Addr)
	}
	return append(all, obstacle{RuleNoAddress, "EADDRNOTAVAIL", not(here)})
}

// windowsHas tells whether the machine has an address.
func windowsHas(m *machine.Machine, a netip.Addr) socket.Tri {
	if !m.HasLocal {
		return socket.Unknown
	}
	a = a.Unmap().WithZone("")
	return socket.TriOf(slices.ContainsFunc(m.Local4, func(p netip.Prefix) bool { return p.Contains(a) }) ||
		slices.ContainsFunc(m.Local6, func(l netip.Addr) bool { return l.WithZone("") == a }))
}

// excluded tells whether Windows keeps the port from programs. A range that
// somebody has asked for is there for the program that names one of its ports.
func excluded(b *Bind, m *machine.Machine) socket.Tri {
	if !m.HasExcluded {
		return socket.Unknown
	}
	for _, x := range m.Excluded {
		if x.Has(b.Port) && x.Proto == b.Proto && !x.Administered && (!b.Addr.IsValid() || x.Family == family(b.Addr)) {
			return socket.Yes
		}
	}
	return socket.No
}
