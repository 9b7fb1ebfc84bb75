package why

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/sorting"
)

// surroundings are what stands in nobody's way and is worth knowing.
func (x *explainer) surroundings() []Reason {
	if x.windows() {
		return x.windowsSurroundings()
	}
	if x.portable() {
		return x.portableSurroundings()
	}
	all := x.idleKernelPorts()
	all = append(all, x.forwards()...)
	all = append(all, x.elsewhere()...)
	all = append(all, x.ranges()...)
	return append(all, x.otherProtocols()...)
}

// idleKernelPorts are those that the kernel is set to use and that no socket is
// known to be the kernel's on.
func (x *explainer) idleKernelPorts() []Reason {
	for i := range x.decision.Clashes {
		if x.cause(x.decision.Clashes[i].Socket) == RuleKernel {
			return nil
		}
	}
	k := x.kernelPort(x.Bind.Proto, x.Bind.Port)
	if k == nil || k.Link == "" {
		return nil
	}
	link := "interface"
	if plain(k.Kind) {
		link += " of kind " + k.Kind
	}
	text := "The kernel has no socket on this port now, but an " + link + " is set to use it: whichever of the two comes first, the other fails."
	for i := range x.decision.Clashes {
		if len(x.decision.Clashes[i].Socket.Processes) == 0 {
			text = "An " + link + " is set to use this port: a socket of which no process is known may be its own."
		}
	}
	return []Reason{{Rule: RuleKernel, Blocking: socket.No, Kernel: k, Text: text}}
}

// forwards are the rules that send elsewhere what arrives for the port.
func (x *explainer) forwards() []Reason {
	var all []Reason
	for i := range x.Forwards {
		f := &x.Forwards[i]
		caught := f.Catches(x.Bind.Proto, x.forwardAddr(), x.Bind.Port)
		if caught == socket.No {
			continue
		}
		all = append(all, Reason{
			Rule: RuleForward, Blocking: socket.No, Forward: f,
			Text: forwardText(f, caught == socket.Yes), Remedies: x.forwardRemedies(f),
		})
	}
	return all
}

// forwardAddr is the address that is wanted, as rules see it.
func (x *explainer) forwardAddr() netip.Addr {
	if !x.Bind.Addr.IsValid() && x.Machine.IPv6 == socket.No {
		return netip.IPv4Unspecified()
	}
	return x.Bind.Addr
}

func forwardText(f *machine.Forward, all bool) string {
	text := "A rule of " + source(f) + " changes the destination of "
	switch {
	case f.Outgoing && !f.Incoming:
		text += "what this machine itself sends to this port"
	case all:
		text += "what arrives for this port"
	default:
		text += "some of what arrives for this port"
	}
	switch target := f.Target; {
	case f.Elsewhere:
	case len(f.Targets) > 1:
		text += ", and spreads it over several others"
	case target.Addr().IsValid() && target.Port() != 0:
		text += " to " + address(target.Addr()) + ":" + number(target.Port())
	case target.Addr().IsValid():
		text += " to " + address(target.Addr())
	case target.Port() != 0:
		text += " to port " + number(target.Port()) + " of this machine"
	}
	return text + ". That happens before a socket is looked for: the port can be bound all the same, and such packets never get there."
}

// source names what has the rule, in words of our own.
func source(f *machine.Forward) string {
	switch f.Source {
	case "nftables", "iptables":
		return f.Source
	case "ipvs":
		return "IPVS"
	}
	return "the packet filter"
}

func (x *explainer) forwardRemedies(f *machine.Forward) []Remedy {
	if strings.Contains(f.Where, "DOCKER") {
		return []Remedy{{
			Text:    "It is a rule of Docker for a port that a container publishes: see which one.",
			Command: "docker ps --filter publish=" + number(x.Bind.Port),
		}}
	}
	see := Remedy{Text: "See the rule in its place."}
	switch f.Source {
	case "nftables":
		see.Command = "nft -a list ruleset"
		if words := strings.Fields(f.Where); len(words) == 3 && plain(words[0]) && plain(words[1]) && plain(words[2]) {
			see.Command = "nft -a list chain " + strings.Join(words, " ")
		}
	case "iptables":
		see.Command = "iptables -t nat -S"
		if f.Family == socket.IPv6 {
			see.Command = "ip6tables -t nat -S"
		}
	case "ipvs":
		see.Command = "ipvsadm -Ln"
	}
	return []Remedy{see}
}

// elsewhere are the sockets that have the wanted address and port in other network
// namespaces: those that a stranger can reach, for what merely talks there takes
// nothing away from anybody here.
func (x *explainer) elsewhere() []Reason {
	type key struct {
		inode  uint64
		name   string
		owners string
	}
	var (
		index = make(map[key]int)
		all   []Reason
	)
	for _, s := range x.Elsewhere {
		if s.Proto != x.Bind.Proto || !receives(s) && s.Proto == socket.TCP || !x.wouldMeet(s) {
			continue
		}
		k := key{owners: owners(s)}
		if s.NetNS != nil {
			k.inode, k.name = s.NetNS.Inode, s.NetNS.Name
		}
		if i, ok := index[k]; ok {
			all[i].Others = append(all[i].Others, s)
			continue
		}
		index[k] = len(all)
		all = append(all, Reason{
			Rule: RuleOtherNetNS, Blocking: socket.No, Socket: s,
			Text: "It is in another network namespace, which has all ports for itself: nothing here collides with it.",
		})
	}
	return all
}

// wouldMeet reports whether the wish would have an address in common with a socket
// of another network namespace, were they in one. Interfaces there are others.
func (x *explainer) wouldMeet(s *socket.Socket) bool {
	b := x.Bind
	b.Device, b.ReuseAddr, b.ReusePort = "", false, false
	there := *s
	there.Device = ""
	for _, c := range x.decide(b, &machine.Machine{IPv6: x.Machine.IPv6, V6Only: x.Machine.V6Only}, []*socket.Socket{&there}).Clashes {
		if c.Blocking == socket.No {
			return false
		}
	}
	return true
}

// ranges tell what the kernel itself does with a port that nobody has.
func (x *explainer) ranges() []Reason {
	e := x.Machine.Ephemeral
	if x.verdict == Taken || x.verdict == Refused || e == nil {
		return nil
	}
	if x.reserved(x.Bind.Port) {
		return []Reason{{
			Rule: RuleReserved, Blocking: socket.No,
			Text: "The port is reserved (net.ipv4.ip_local_reserved_ports): the kernel chooses it for nobody, and a program that asks for it gets it.",
		}}
	}
	if !e.Has(x.Bind.Port) {
		return nil
	}
	return []Reason{{
		Rule: RuleEphemeral, Blocking: socket.No,
		Text: "The port is in the range " + e.String() +
			" (net.ipv4.ip_local_port_range) that the kernel chooses from for outgoing connections: one of these may have it when the server starts.",
		Remedies: x.reserveRemedies(),
	}}
}

// reserveRemedies keep the kernel from choosing the port again.
func (x *explainer) reserveRemedies() []Remedy {
	const most = 64 // ranges in a line that people are to paste
	if !x.ephemeral(x.Bind.Port) {
		return nil
	}
	r := Remedy{Text: "Reserve the port for the server, as root, so that the kernel chooses it for nobody."}
	ranges := append(slices.Clone(x.Machine.Reserved), machine.Ports{First: x.Bind.Port, Last: x.Bind.Port})
	sorting.Stable(ranges, func(a, b machine.Ports) int { return cmp.Compare(a.First, b.First) })
	if len(ranges) > most {
		r.Text += " Add it to those that are in net.ipv4.ip_local_reserved_ports."
		return []Remedy{r}
	}
	words := make([]string, len(ranges))
	for i, p := range ranges {
		words[i] = number(p.First)
		if p.Last != p.First {
			words[i] += "-" + number(p.Last)
		}
	}
	r.Command = "sysctl -w net.ipv4.ip_local_reserved_ports=" + strings.Join(words, ",")
	return []Remedy{r}
}

// otherProtocols are sockets that have the same number and another protocol.
func (x *explainer) otherProtocols() []Reason {
	var all []Reason
	index := make(map[string]int)
	for _, s := range x.Sockets {
		if s.Proto == x.Bind.Proto || !receives(s) || s.Proto == socket.MPTCP && x.Bind.Proto == socket.TCP {
			continue
		}
		key := s.Proto.String() + " " + owners(s)
		if i, ok := index[key]; ok {
			all[i].Others = append(all[i].Others, s)
			continue
		}
		index[key] = len(all)
		ours, theirs := strings.ToUpper(x.Bind.Proto.String()), strings.ToUpper(s.Proto.String())
		all = append(all, Reason{
			Rule: RuleOtherProto, Blocking: socket.No, Socket: s,
			Text: ours + " and " + theirs + " have ports of their own: a " + theirs + " socket of the same number is no obstacle.",
		})
	}
	return all
}
