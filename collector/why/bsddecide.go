package why

import (
	"net/netip"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// decidePortable is Decide for systems that are neither Linux nor Windows, as far
// as it is certain. The BSDs and macOS have the rules of in_pcbbind in 4.4BSD, which
// differ from those of Linux in what SO_REUSEADDR does: it is the newcomer's alone
// that counts, and it lets a wildcard and an address stand side by side.
//
//	the newcomer has     beside the same address      beside one that overlaps
//	neither option       taken, by a connection too   taken, by a connection too
//	SO_REUSEADDR         taken, unless connected      free for the same user
//	SO_REUSEPORT         unknown, unless connected    free for the same user
//
// No table tells the options of a socket. What a socket of one family does to the
// other differs between these systems, and so does who is let in beside another
// user. Of all other systems is only taken for certain that two sockets without
// options cannot have the same address.
func decidePortable(b Bind, m *machine.Machine, sockets []*socket.Socket) Decision {
	var d Decision
	worst := socket.No
	for _, s := range sockets {
		if s.Proto == b.Proto && s.Local.Port == uint32(b.Port) {
			c := meetPortable(&b, m, s)
			worst = or(worst, c.Blocking)
			d.Clashes = append(d.Clashes, c)
		}
	}
	d.Verdict = [...]Verdict{socket.Unknown: Unclear, socket.No: Free, socket.Yes: Taken}[worst]
	if d.Verdict == Taken {
		d.Errno = "EADDRINUSE"
	}
	for _, o := range portableObstacles(&b, m) {
		switch {
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

// meetPortable relates the wish to a socket of its protocol and port. A wish for no
// address is one for the wildcards of both families, each by itself.
func meetPortable(b *Bind, m *machine.Machine, s *socket.Socket) Clash {
	c := Clash{Socket: s, Blocking: socket.No, Overlap: ApartAddress}
	wanted, has := b.Addr.WithZone(""), s.Local.Addr.WithZone("")
	if !wanted.IsValid() {
		wanted = netip.IPv4Unspecified()
		if s.Family == socket.IPv6 {
			wanted = netip.IPv6Unspecified()
		}
	}
	switch {
	case wanted.Is4In6() || has.Is4In6():
		if wanted.Unmap() == has.Unmap() {
			c.Overlap, c.Blocking = OverlapMapped, socket.Unknown
		} else if wanted.IsUnspecified() || has.IsUnspecified() {
			c.Overlap, c.Blocking = OverlapDual, socket.Unknown
		}
		return c
	case wanted.Is6() && has.Is4():
		if wanted.IsUnspecified() {
			c.Overlap, c.Blocking = unlessOnly(OverlapDualOwn, b.V6Only)
			c.Blocking = and(c.Blocking, socket.Unknown)
		}
		return c
	case wanted.Is4() && has.Is6():
		if has.IsUnspecified() {
			c.Overlap, c.Blocking = unlessOnly(OverlapDual, s.V6Only)
			c.Blocking = and(c.Blocking, socket.Unknown)
		}
		return c
	case wanted == has:
		c.Overlap = OverlapSame
	case has.IsUnspecified():
		c.Overlap = OverlapWildcard
	case wanted.IsUnspecified():
		c.Overlap = OverlapIncludes
	default:
		return c
	}
	c.Blocking = collision(b, m, s, c.Overlap == OverlapSame)
	if c.Blocking == socket.No {
		c.Shares = SharesBeside
	}
	return c
}

// collision tells whether a socket whose address overlaps is in the way.
func collision(b *Bind, m *machine.Machine, s *socket.Socket, same bool) socket.Tri {
	plain := !b.ReuseAddr && !b.ReusePort
	open := s.Remote.IsZero() // in_pcblookup_local passes those by that are not
	switch {
	case s.State == socket.StateUnknown && !plain:
		return socket.Unknown
	case !m.Rules.BSD():
		if plain && same && open {
			return socket.Yes
		}
		return socket.Unknown
	case plain:
		return socket.Yes
	case !open:
		return socket.No
	case same && !b.ReusePort && !s.Local.Addr.IsMulticast():
		return socket.Yes
	case same:
		return socket.Unknown
	case b.UID == 0, s.HasUID && s.UID == b.UID:
		return socket.No
	}
	return socket.Unknown
}

// portableObstacles are those that make bind fail whoever has the port.
func portableObstacles(b *Bind, m *machine.Machine) []obstacle {
	all := []obstacle{{RuleNoOption, "ENOPROTOOPT", socket.TriOf(b.Device != "")}}
	if b.Addr.Is6() {
		all = append(all, obstacle{RuleNoIPv6, "EAFNOSUPPORT", socket.TriOf(m.IPv6 == socket.No)})
	}
	const unprivileged = 1024 // IPPORT_RESERVED; some systems let anybody have those below
	if b.Port < unprivileged {
		all = append(all, obstacle{RulePrivileged, "EACCES", and(socket.Unknown, not(b.Privileged))})
	}
	if b.Addr.IsValid() && !b.Addr.IsUnspecified() && !b.Addr.IsMulticast() {
		all = append(all, obstacle{RuleNoAddress, "EADDRNOTAVAIL", not(portableHas(m, b.Addr))})
	}
	return all
}

// portableHas tells whether an interface has the address. A broadcast address may
// be bound too, which one is not known for certain.
func portableHas(m *machine.Machine, a netip.Addr) socket.Tri {
	if !m.HasLocal {
		return socket.Unknown
	}
	a = a.Unmap().WithZone("")
	here := socket.No
	for _, l := range m.Links {
		for _, p := range l.Addr {
			switch {
			case p.Addr().WithZone("") == a:
				return socket.Yes
			case a.Is4() && p.Contains(a) && !p.Addr().IsLoopback():
				here = socket.Unknown
			}
		}
	}
	return here
}
