package why

import (
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// windows reports whether the rules are those of Windows, and the words, too, have
// to be about what there is.
func (x *explainer) windows() bool { return x.Machine.Rules == machine.RulesWindows }

// windowsKernel is the pid of the process System, which is the kernel.
const windowsKernel = 4

// ofSystem reports whether the kernel of Windows holds a socket.
func (x *explainer) ofSystem(s *socket.Socket) bool {
	return x.windows() && len(s.Processes) == 1 && s.Processes[0].Process.PID == windowsKernel
}

// windowsText is socketText.
func (x *explainer) windowsText(g *group, r *Reason) string {
	s := g.sockets[0]
	var of string
	if g.rule == RuleKernel {
		of = "The kernel itself (the process System) has it, which cannot be ended."
		if !x.Machine.HasHTTPQueues {
			of += " Whether it serves a URL there for some program could not be read."
		}
		if len(r.HTTP) > 0 {
			of = "It is that of http.sys, the HTTP server in the kernel, which listens for every program that has registered a URL at this port."
		}
	}
	return sentences(x.windowsOverlap(g, s), of)
}

func (x *explainer) windowsOverlap(g *group, s *socket.Socket) string {
	const options = "depends on options of its socket, which no table tells."
	connection := s.Proto == socket.TCP && s.State != socket.Listen
	switch {
	case g.overlap == ApartAddress:
		return x.apartText(g)
	case g.overlap == ApartV6Only:
		return "It is an IPv4 socket, and an IPv6 socket there is for IPv6 only unless its program unsets IPV6_V6ONLY."
	case g.overlap == OverlapDual:
		return "It is an IPv6 socket. One that serves IPv4 too is listed among those of IPv4 as well; whether others are in the way is not documented."
	case g.overlap == OverlapDualOwn:
		return "The wanted socket is for IPv4 too (IPV6_V6ONLY unset), and whether one that has the port of IPv4 alone is in its way is not documented."
	case connection && g.blocking == socket.Unknown:
		return "A connection has the address, and whether that is in the way " + options
	case g.overlap == OverlapIncludes:
		return "It has one address, and Windows lets a program take the wildcard beside it: what arrives for " +
			address(s.Local.Addr) + " goes on going there."
	case g.blocking == socket.Unknown && x.Bind.ReuseAddr:
		return "With SO_REUSEADDR both can have the address if it has set that, too; who then receives what arrives is undefined."
	case g.overlap == OverlapWildcard:
		return "It has the wildcard address " + address(s.Local.Addr) + ". A program of the same user can take a single address beside it, " +
			"unless it has set SO_EXCLUSIVEADDRUSE, which no table tells."
	}
	return "It has the very address that is wanted, and Windows gives that to one program alone, unless both set SO_REUSEADDR."
}

// windowsRemedies is socketRemedies.
func (x *explainer) windowsRemedies(g *group, r *Reason) []Remedy {
	var all []Remedy
	switch {
	case g.blocking == socket.No:
		return nil
	case g.blocking == socket.Unknown:
		all = append(all, x.probeRemedy())
	}
	switch {
	case g.rule == RuleKernel:
		return unique(append(all, x.systemRemedies(r)...))
	case len(g.sockets[0].Processes) > 0:
		return unique(append(all, x.taskRemedy(g)))
	}
	return unique(all)
}

// systemRemedies are for sockets of the kernel.
func (x *explainer) systemRemedies(r *Reason) []Remedy {
	if len(r.HTTP) == 0 {
		return []Remedy{{Text: "Stop the service of Windows that uses the port; no process can be ended for it."}}
	}
	var all []Remedy
	for _, q := range r.HTTP {
		for _, name := range q.Services {
			if plain(name) {
				all = append(all, Remedy{Text: "Stop the service that has registered the URL, as administrator.", Command: "net stop " + name})
			}
		}
		if len(q.Services) == 0 {
			for _, pid := range q.PIDs {
				all = append(all, Remedy{Text: "End the program that has registered the URL.", Command: "taskkill /PID " + strconv.Itoa(pid)})
			}
		}
	}
	const most = 4
	return append(all[:min(len(all), most)],
		Remedy{Text: "See who has registered what.", Command: "netsh http show servicestate view=requestq"})
}

// taskRemedy ends the processes of a group.
func (x *explainer) taskRemedy(g *group) Remedy {
	all := processes(g.sockets)
	r := Remedy{Text: "End the process."}
	if len(all) > 1 {
		r.Text = "End all " + counted(len(all), "process", "processes") + "."
	}
	if receives(g.sockets[0]) && x.alone(all, nil) {
		r.Command = killCommand(g.sockets[0], ":"+number(uint16(g.sockets[0].Local.Port)))
	}
	if r.Command != "" || len(all) > mostPIDs {
		return r
	}
	words := []string{"taskkill"}
	for _, p := range all {
		words = append(words, "/PID", strconv.Itoa(p.PID))
	}
	r.Command = strings.Join(words, " ")
	return r
}

// excludedToo reports whether the port is taken, and kept from programs as well.
func (x *explainer) excludedToo() bool {
	return x.decision.Obstacle == RuleExcluded && x.decision.Verdict == Taken && x.decision.Errno == ""
}

// windowsObstacle is obstacle.
func (x *explainer) windowsObstacle(rule Rule) (string, []Remedy) {
	proto := x.Bind.Proto.String()
	switch rule {
	case RuleExcluded:
		text := "Windows keeps the port from programs"
		for _, e := range x.Machine.Excluded {
			if e.Proto == x.Bind.Proto && e.Has(x.Bind.Port) && !e.Administered {
				text += ": it is in the excluded range " + e.Ports.String()
				break
			}
		}
		see := Remedy{Text: "See which ranges there are, and choose a port outside of them.", Command: "netsh interface ipv4 show excludedportrange protocol=" + proto}
		if !x.Machine.HasExcluded {
			return "", []Remedy{see}
		}
		if x.decision.Verdict == Taken {
			return text + ", as it does for services of its own.", []Remedy{see}
		}
		return text + ". Hyper-V, containers and WSL take such ranges when they start, and no socket shows it; bind fails with WSAEACCES (10013).",
			[]Remedy{
				see,
				{Text: "Or let go of the ranges, as administrator; containers and virtual machines lose their network meanwhile.", Command: "net stop winnat"},
				{
					Text:    "Then reserve the port for the program, so that the ranges leave it out.",
					Command: "netsh interface ipv4 add excludedportrange protocol=" + proto + " startport=" + number(x.Bind.Port) + " numberofports=1",
				},
				{Text: "And give them back.", Command: "net start winnat"},
			}
	case RuleNoOption:
		return "Windows has neither SO_REUSEPORT nor SO_BINDTODEVICE.", []Remedy{{Text: "Bind without the option."}}
	case RuleNoAddress:
		return "No interface of this machine has the address " + address(x.Bind.Addr) + ".",
			[]Remedy{{Text: "See which there are.", Command: "ipconfig"}}
	case RuleNoIPv6:
		return "IPv6 is off on this machine.", []Remedy{{Text: "Bind an IPv4 address."}}
	}
	return "Windows refuses it, whoever has the port.", nil
}

// windowsSurroundings is surroundings.
func (x *explainer) windowsSurroundings() []Reason {
	all := x.otherProtocols()
	if x.verdict == Taken || x.verdict == Refused {
		return all
	}
	for _, e := range x.Machine.Excluded {
		if e.Administered && e.Proto == x.Bind.Proto && e.Has(x.Bind.Port) {
			return append(all, Reason{
				Rule: RuleReserved, Blocking: socket.No,
				Text: "The port is in the range " + e.Ports.String() + " that was reserved by netsh: Windows chooses it for nobody, and a program that asks for it gets it.",
			})
		}
	}
	if e := x.Machine.Ephemeral; e != nil && e.Has(x.Bind.Port) {
		all = append(all, Reason{
			Rule: RuleEphemeral, Blocking: socket.No,
			Text: "The port is in the dynamic range " + e.String() + " that Windows chooses from for outgoing connections: one of these may have it when the server starts.",
			Remedies: []Remedy{{
				Text:    "Reserve the port for the server, as administrator.",
				Command: "netsh interface ipv4 add excludedportrange protocol=" + x.Bind.Proto.String() + " startport=" + number(x.Bind.Port) + " numberofports=1",
			}},
		})
	}
	return all
}

// httpQueues are those with a URL at the port of a socket of http.sys.
func (x *explainer) httpQueues(s *socket.Socket) (all []machine.HTTPQueue) {
	if s.Proto != socket.TCP || s.State != socket.Listen {
		return nil
	}
	for _, q := range x.Machine.HTTPQueues {
		at := machine.HTTPQueue{Name: q.Name, PIDs: q.PIDs, Programs: q.Programs, Services: q.Services}
		for _, u := range q.URLs {
			if uint32(u.Port) == s.Local.Port {
				at.URLs = append(at.URLs, u)
			}
		}
		if len(at.URLs) > 0 {
			all = append(all, at)
		}
	}
	return all
}
