package why

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/sockls/sockls/collector/socket"
)

// changes are the options of the program that lead to another answer. A port
// that cannot be had is looked at with one thing changed at a time, one that
// can without the options that were set.
func (x *explainer) changes() []Change {
	var free, unclear, taken []Change
	both := x.verdict != Free && !x.windows() && !x.Bind.ReuseAddr && !x.Bind.ReusePort
	kernel := slices.ContainsFunc(x.decision.Clashes, func(c Clash) bool {
		return c.Blocking != socket.No && x.kernels(c.Socket)
	})
	try := func(option string, b Bind) Verdict {
		d := x.decide(b, x.Machine, x.few)
		v := d.Verdict
		if v == Free && x.Unseen {
			v = Unclear
		}
		if v == x.verdict {
			return v
		}
		c := Change{Option: option, Bind: b, Verdict: v}
		switch v {
		case Free:
			free = append(free, c)
		case Unclear:
			if kernel {
				return v // nobody sets options to get at a port of the kernel's
			}
			// Of two options that nobody knows the effect of one is enough.
			if len(unclear) == 0 || x.verdict == Free {
				unclear = append(unclear, c)
			}
		case Taken:
			taken = append(taken, c)
		}
		return v
	}
	if x.verdict == Free {
		x.without(try)
		return append(taken, unclear...)
	}
	for _, c := range x.options() {
		if try(c.Option, c.Bind) == Free && (c.Bind.ReuseAddr || c.Bind.ReusePort) {
			both = false
		}
	}
	if both {
		b := x.Bind
		b.ReuseAddr, b.ReusePort = true, true
		try("SO_REUSEADDR and SO_REUSEPORT", b)
	}
	if slices.ContainsFunc(free, func(c Change) bool { return c.Bind.ReuseAddr || c.Bind.ReusePort }) {
		unclear = nil // there is one that is known to help
	}
	for _, c := range x.addresses() {
		if c.Bind.Addr.IsLoopback() && len(free) > 0 {
			continue // a server for nobody else is the last thing to advise
		}
		try(c.Option, c.Bind)
	}
	return append(free, unclear...)
}

// without tries what has been asked for with an option less.
func (x *explainer) without(try func(string, Bind) Verdict) {
	b := x.Bind
	if b.ReuseAddr {
		b.ReuseAddr = false
		try("no SO_REUSEADDR", b)
		b = x.Bind
	}
	if b.ReusePort {
		b.ReusePort = false
		try("no SO_REUSEPORT", b)
		b = x.Bind
	}
	if b.V6Only == socket.Yes {
		b.V6Only = socket.No
		try("no IPV6_V6ONLY", b)
		b = x.Bind
	}
	if b.Device != "" {
		b.Device = ""
		try("no SO_BINDTODEVICE", b)
	}
}

// options are those that the program may set.
func (x *explainer) options() []Change {
	var all []Change
	add := func(option string, change func(b *Bind)) {
		b := x.Bind
		change(&b)
		all = append(all, Change{Option: option, Bind: b})
	}
	if x.windows() {
		return nil // sharing a port is for nobody there who wants what arrives
	}
	b := &x.Bind
	if !b.ReuseAddr {
		add("SO_REUSEADDR", func(b *Bind) { b.ReuseAddr = true })
	}
	if !b.ReusePort {
		add("SO_REUSEPORT", func(b *Bind) { b.ReusePort = true })
	}
	if uid, ok := x.groupOwner(); ok && uid != b.UID {
		option := "uid " + strconv.FormatUint(uint64(uid), 10)
		if !b.ReusePort {
			option = "SO_REUSEPORT and " + option
		}
		add(option, func(b *Bind) { b.ReusePort, b.UID = true, uid })
	}
	switch x.decision.Obstacle {
	case RulePrivileged:
		if x.portable() {
			break
		}
		add("CAP_NET_BIND_SERVICE", func(b *Bind) { b.Privileged = socket.Yes })
	case RuleNoDevice, RuleNoAddress:
		if b.Device != "" {
			add("no SO_BINDTODEVICE", func(b *Bind) { b.Device = "" })
		}
	case RuleBadAddress:
		if b.Addr.Is4In6() {
			add("no IPV6_V6ONLY", func(b *Bind) { b.V6Only = socket.No })
		}
	}
	return all
}

// groupOwner is the user of the sockets that are in the way and share the port
// among themselves, if there is one.
func (x *explainer) groupOwner() (uid uint32, ok bool) {
	for _, c := range x.decision.Clashes {
		switch {
		case c.Blocking == socket.No:
		case reusePort(c.Socket) != socket.Yes || !c.Socket.HasUID || ok && c.Socket.UID != uid:
			return 0, false
		default:
			uid, ok = c.Socket.UID, true
		}
	}
	return uid, ok
}

// addresses are those that may do in place of the wanted one.
func (x *explainer) addresses() []Change {
	var all []Change
	b := &x.Bind
	place := func(a netip.Addr) {
		c := *b
		c.Addr = a
		if a.Is4() || !a.IsUnspecified() {
			c.V6Only = socket.Unknown
		}
		all = append(all, Change{Option: address(a) + " in place of " + address(b.Addr), Bind: c})
	}
	wildcard4, wildcard6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	loopback4, loopback6 := netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()
	switch {
	case x.decision.Obstacle == RuleNoIPv6:
		place(wildcard4)
	case x.decision.Obstacle == RuleNoScope:
		for _, l := range x.scopes() {
			c := *b
			c.Addr = b.Addr.WithZone(l.Name)
			all = append(all, Change{Option: c.Addr.String(), Bind: c})
		}
	case x.decision.Obstacle == RuleNoAddress:
		if b.Addr.Is4() {
			place(wildcard4)
		} else {
			place(wildcard6)
		}
	case x.verdict == Refused:
	case !b.Addr.IsValid() || b.Addr == wildcard6 && !x.v6only():
		if x.Machine.IPv6 != socket.No {
			c := *b
			c.Addr, c.V6Only = wildcard6, socket.Yes
			all = append(all, Change{Option: "IPV6_V6ONLY", Bind: c})
		}
		place(wildcard4)
		place(loopback4)
		if x.Machine.IPv6 != socket.No {
			place(loopback6)
		}
	case b.Addr == wildcard4:
		place(loopback4)
	case b.Addr == wildcard6:
		place(loopback6)
	}
	return all
}

// v6only reports whether the wanted socket certainly is for IPv6 only.
func (x *explainer) v6only() bool {
	return x.Bind.V6Only == socket.Yes || x.Bind.V6Only == socket.Unknown && x.Machine.V6Only == socket.Yes
}
