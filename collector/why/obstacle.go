package why

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// obstacles are what makes bind fail whoever has the port, and that nobody can
// tell what there is.
func (x *explainer) obstacles() []Reason {
	var all []Reason
	if rule := x.decision.Obstacle; rule != "" {
		r := Reason{Rule: rule, Blocking: socket.Yes}
		r.Text, r.Remedies = x.obstacle(rule)
		if x.decision.Verdict != Refused && !x.excludedToo() {
			r.Blocking = socket.Unknown
			r.Text = x.unsure(rule)
			r.Remedies = append([]Remedy{x.probeRemedy()}, r.Remedies...)
		}
		all = append(all, r)
	}
	if x.Unseen && x.verdict == Unclear {
		ask := x.rootRemedy()
		if !x.Root && !x.windows() {
			ask.Text = "Ask as root, who may read everything."
		}
		all = append(all, Reason{
			Rule: RuleUnseen, Blocking: socket.Unknown,
			Text:     "Not all sockets could be read, and one that is not shown may have the port.",
			Remedies: []Remedy{ask, x.probeRemedy()},
		})
	}
	return all
}

func (x *explainer) obstacle(rule Rule) (string, []Remedy) {
	if x.windows() {
		return x.windowsObstacle(rule)
	}
	if x.portable() {
		return x.portableObstacle(rule)
	}
	switch rule {
	case RulePrivileged:
		return x.privilegedText(), x.privilegedRemedies()
	case RuleNoAddress:
		return x.addressText()
	case RuleNoDevice:
		return "There is no network interface of that name in this network namespace.",
			[]Remedy{{Text: "See which there are.", Command: "ip -br link"}}
	case RuleNoScope:
		return "A link-local address is good only together with an interface: it may be there on several.", x.scopeRemedies()
	case RuleBadAddress:
		return x.impossibleText()
	case RuleNoIPv6:
		return "This kernel has IPv6 off, and makes no IPv6 sockets.", []Remedy{{Text: "Bind an IPv4 address."}}
	}
	return "The kernel refuses it, whoever has the port.", nil
}

// unsure is what is not known where an obstacle may be there.
func (x *explainer) unsure(rule Rule) string {
	if x.portable() {
		return x.portableUnsure(rule)
	}
	switch rule {
	case RulePrivileged:
		return x.privilegedText()
	case RuleNoAddress:
		return "Whether this network namespace has the address " + address(x.Bind.Addr) + " could not be read."
	case RuleNoDevice:
		return "Whether this network namespace has such an interface could not be read."
	case RuleNoIPv6:
		return "Whether this kernel makes IPv6 sockets could not be read."
	case RuleExcluded:
		return "Whether Windows keeps the port from programs (excludedportrange of netsh) could not be read."
	}
	return "Whether the kernel refuses it, whoever has the port, could not be found out."
}

func (x *explainer) privilegedText() string {
	first := "a limit that could not be read"
	if p := x.Machine.UnprivilegedPorts; p != nil {
		first = number(*p)
	}
	text := "Ports below " + first + " (net.ipv4.ip_unprivileged_port_start) are for programs with CAP_NET_BIND_SERVICE only"
	uid := strconv.FormatUint(uint64(x.Bind.UID), 10)
	if x.Bind.Privileged == socket.Unknown {
		return text + ", and whether a program of uid " + uid + " has it is not known."
	}
	return text + ", which a program of uid " + uid + " has not."
}

func (x *explainer) privilegedRemedies() []Remedy {
	return []Remedy{
		{Text: "Give the service the capability in its unit: AmbientCapabilities=CAP_NET_BIND_SERVICE."},
		{Text: "Let systemd open the port in a socket unit, and hand it to the service."},
		{Text: "Give the program's file the capability: setcap cap_net_bind_service=+ep FILE."},
		{
			Text:    "Let everybody bind the ports from this one on, as root.",
			Command: "sysctl -w net.ipv4.ip_unprivileged_port_start=" + number(x.Bind.Port),
		},
	}
}

// addressText tells which addresses there are in place of the one wanted.
func (x *explainer) addressText() (string, []Remedy) {
	wanted := x.Bind.Addr
	if slices.Contains(x.Machine.Tentative6, wanted.WithZone("")) {
		return "The address was added just now, and the kernel is still asking whether another machine has it (it is tentative).",
			[]Remedy{{Text: "Wait a second or two, and try again."}}
	}
	text := "No interface of this network namespace has the address " + address(wanted) + "."
	if x.Bind.Device != "" {
		text = "The address " + address(wanted) + " is not to be had on that interface."
	}
	near, rest := x.nearAddresses()
	if len(near) > 0 {
		names := make([]string, len(near))
		for i, a := range near {
			names[i] = address(a)
		}
		text = sentences(text, "There "+pick(len(near)+rest, "is only ", "are ")+strings.Join(names, ", "))
		if rest > 0 {
			text += " and " + strconv.Itoa(rest) + " more"
		}
		text += "."
	}
	wildcard, sysctl := "0.0.0.0", "net.ipv4.ip_nonlocal_bind"
	if wanted.Is6() && !wanted.Is4In6() {
		wildcard, sysctl = "[::]", "net.ipv6.ip_nonlocal_bind"
	}
	return text, []Remedy{
		{Text: "Bind an address that is here, or " + wildcard + " for all of them."},
		{
			Text:    "If the address comes later (a floating one, say), set IP_FREEBIND in the program, or allow it to all, as root.",
			Command: "sysctl -w " + sysctl + "=1",
		},
	}
}

// nearAddresses are the few addresses of the interfaces that are most like the
// wanted one, and how many others there are.
func (x *explainer) nearAddresses() (near []netip.Addr, rest int) {
	const most = 4
	wanted := x.Bind.Addr.Unmap().WithZone("")
	for i := range x.Machine.Links {
		for _, p := range x.Machine.Links[i].Addr {
			if a := p.Addr().WithZone(""); a.Is4() == wanted.Is4() && !slices.Contains(near, a) {
				near = append(near, a)
			}
		}
	}
	sorting.Stable(near, func(a, b netip.Addr) int {
		if c := cmp.Compare(alike(b, wanted), alike(a, wanted)); c != 0 {
			return c
		}
		return a.Compare(b)
	})
	if len(near) > most {
		near, rest = near[:most], len(near)-most
	}
	return near, rest
}

// alike counts the leading bits that two addresses of one family have in common.
func alike(a, b netip.Addr) int {
	for bits := a.BitLen(); bits > 0; bits-- {
		if p, err := a.Prefix(bits); err == nil && p.Contains(b) {
			return bits
		}
	}
	return 0
}

// scopeRemedies name the interfaces that have the address.
func (x *explainer) scopeRemedies() []Remedy {
	var all []Remedy
	wanted := x.Bind.Addr.WithZone("")
	for _, l := range x.scopes() {
		all = append(all, Remedy{Text: "Name the interface: " + wanted.WithZone(l.Name).String() + "."})
	}
	if len(all) == 0 {
		all = append(all, Remedy{Text: "Name the interface behind the address, as in fe80::1%eth0."})
	}
	return all
}

// scopes are the interfaces of plain names that have the wanted address.
func (x *explainer) scopes() []machine.Link {
	var all []machine.Link
	wanted := x.Bind.Addr.WithZone("")
	for _, l := range x.Machine.Links {
		if plain(l.Name) && slices.ContainsFunc(l.Addr, func(p netip.Prefix) bool { return p.Addr().WithZone("") == wanted }) {
			all = append(all, l)
		}
	}
	return all
}

func (x *explainer) impossibleText() (string, []Remedy) {
	a := x.Bind.Addr
	switch {
	case a.Is4In6() && x.Bind.V6Only == socket.Yes:
		return "An IPv4-mapped address is for IPv4, and the socket is for IPv6 only (IPV6_V6ONLY).",
			[]Remedy{{Text: "Unset IPV6_V6ONLY, or bind " + a.Unmap().String() + " by an IPv4 socket."}}
	case a.Is4In6() && x.Machine.V6Only == socket.Yes && x.Bind.V6Only == socket.Unknown:
		return "An IPv4-mapped address is for IPv4, and sockets are for IPv6 only unless they say otherwise (net.ipv6.bindv6only).",
			[]Remedy{{Text: "Unset IPV6_V6ONLY in the program, or bind " + a.Unmap().String() + " by an IPv4 socket."}}
	case a.IsMulticast():
		return "A multicast address is nothing that a connection can be made to.", []Remedy{{Text: "Bind an address of this machine."}}
	}
	return "No socket of this protocol can have such an address.", []Remedy{{Text: "Bind an address of this machine."}}
}
