package why

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/workload"
)

// mostPIDs is how many processes are ended by one command line.
const mostPIDs = 8

// holderRemedies are what makes the holders of sockets let go. A process is
// stopped by what has started it where that is known, for it may be started
// again otherwise.
func (x *explainer) holderRemedies(g *group, r *Reason) []Remedy {
	s := g.sockets[0]
	if len(s.Processes) == 0 {
		return x.nobodyRemedies(s)
	}
	all := processes(g.sockets)
	var (
		remedies []Remedy
		plainly  []*socket.Process
	)
	if r.Unit != nil {
		remedies = append(remedies, x.activationRemedy(r.Unit, all))
	}
	for _, p := range all {
		w := p.Workload
		switch {
		case w != nil && w.Proxy != nil:
			remedies = append(remedies, x.proxyRemedy(w.Proxy))
		case w != nil && w.Container != nil:
			remedies = append(remedies, containerRemedy(w.Container))
		case Manager(p):
			if r.Unit == nil {
				remedies = append(remedies, managerRemedy(p))
			}
		case w != nil && strings.HasSuffix(w.Unit, ".service"):
			if r.Unit == nil || r.Unit.Service != w.Unit {
				remedies = append(remedies, serviceRemedy(w))
			}
		default:
			plainly = append(plainly, p)
		}
	}
	if len(plainly) > 0 {
		remedies = append(remedies, x.endRemedy(g, all, plainly))
	}
	if s.State == socket.CloseWait {
		remedies = append(remedies, Remedy{
			Text: "The other end has closed already: in CLOSE_WAIT it is the program that forgets to close its own. That is a mistake in the program.",
		})
	}
	if s.MoreHolders {
		remedies = append(remedies, x.rootRemedy())
	}
	return unique(remedies)
}

// nobodyRemedies are for sockets of which no process is known.
func (x *explainer) nobodyRemedies(s *socket.Socket) []Remedy {
	switch s.NoProcess {
	case socket.ReasonHidden, socket.ReasonUnknown:
		return []Remedy{x.rootRemedy()}
	case socket.ReasonOtherPIDNS:
		return []Remedy{{Text: "Ask again outside of this container, in the first pid namespace of the machine."}}
	case socket.ReasonInFlight:
		return []Remedy{{Text: "End the process that has sent it and not been answered, or that has the io_uring: the kernel then closes it."}}
	}
	return nil
}

func (x *explainer) rootRemedy() Remedy {
	if x.windows() {
		return Remedy{Text: "Ask again as administrator.", Command: x.Bind.whyCommand("")}
	}
	if x.Root && x.portable() {
		return Remedy{Text: "Look again: the process may have ended meanwhile, or the kernel itself has the socket."}
	}
	if x.Root {
		return Remedy{Text: "Ask again where nothing keeps root from looking into processes: outside of this container or sandbox, or with CAP_SYS_PTRACE."}
	}
	r := Remedy{Text: "Ask as root, who sees the processes of everybody."}
	flag := ""
	if uid := x.Bind.UID; uid != 0 {
		flag = "--uid " + strconv.FormatUint(uint64(uid), 10) // for the same question
	}
	if c := x.Bind.whyCommand(flag); c != "" {
		r.Command = "sudo " + c
	}
	return r
}

// activationRemedy stops a socket unit, and the service with it where that has
// the socket too.
func (x *explainer) activationRemedy(u *workload.SocketUnit, all []*socket.Process) Remedy {
	names := []string{u.Name}
	if u.Service != "" && slices.ContainsFunc(all, func(p *socket.Process) bool {
		return p.Workload != nil && p.Workload.Unit == u.Service
	}) {
		names = append(names, u.Service)
	}
	r := Remedy{Text: "Stop the socket unit, not the service manager that holds the port for it"}
	if len(names) > 1 {
		r.Text += ", and with it the service, which has the socket too"
	}
	r.Text += "; a service stopped alone would be started again by the next connection."
	r.Command = systemctl(u.User, names...)
	return r
}

// managerRemedy is for a socket of a service manager that no unit tells of.
func managerRemedy(p *socket.Process) Remedy {
	if p.Name != "systemd" {
		return Remedy{Text: "The first process of the system holds it, which cannot be ended: find out what it holds the port for."}
	}
	r := Remedy{Text: "A service manager holds it for one of its socket units: find that one and stop it.", Command: "systemctl list-sockets --all"}
	if p.PID != 1 {
		r.Command = "systemctl --user list-sockets --all"
	}
	return r
}

func serviceRemedy(w *socket.Workload) Remedy {
	r := Remedy{Text: "Stop the service; a process that is merely ended may be started again."}
	if w.HasManager {
		r.Text = "Stop the service, as the user who runs it; a process that is merely ended may be started again."
	}
	r.Command = systemctl(w.HasManager, w.Unit)
	return r
}

// systemctl is the command line that stops units, "" where a name is not plain.
func systemctl(user bool, names ...string) string {
	for _, name := range names {
		if !plain(name) {
			return ""
		}
	}
	command := "systemctl stop "
	if user {
		command = "systemctl --user stop "
	}
	return command + strings.Join(names, " ")
}

// proxyRemedy is for a process that publishes a port of a container.
func (x *explainer) proxyRemedy(p *socket.Proxy) Remedy {
	if p.Container == nil {
		return Remedy{
			Text:    "The port is published for a container: stop that one.",
			Command: "docker ps --filter publish=" + number(x.Bind.Port),
		}
	}
	r := containerRemedy(p.Container)
	r.Text = "The port is published for a container: stop that one, or start it without publishing the port."
	return r
}

// containerRemedy stops a container by the tool of its engine.
func containerRemedy(c *socket.Container) Remedy {
	if c.Pod != "" {
		return Remedy{Text: "It is in a Kubernetes pod: delete what has made the pod (a deployment, say) or scale it down by kubectl, for a pod or container that is merely ended is started again."}
	}
	r := Remedy{Text: "Stop the container."}
	name := c.Name
	if !plain(name) {
		name = c.ID
		if len(name) > 12 {
			name = name[:12] // as the engines show it
		}
	}
	tool := stopper(c.Runtime)
	if tool == "" {
		r.Text = "Stop the container by the engine that runs it; a process that is merely ended may be started again."
		return r
	}
	if plain(name) {
		r.Command = tool + " " + name
	}
	return r
}

// stopper is the command line that stops a container of a runtime, "" for one
// that has none or is not known.
func stopper(runtime string) string {
	switch runtime {
	case "docker", "podman":
		return runtime + " stop"
	case "containerd":
		return "nerdctl stop"
	case "cri-o":
		return "crictl stop"
	case "lxc":
		return "lxc-stop -n"
	case "lxd":
		return "lxc stop"
	case "incus":
		return "incus stop"
	case "nspawn":
		return "machinectl poweroff"
	}
	return ""
}

// endRemedy ends processes that nothing is known to look after. The port alone
// names them where nobody else is there whom that would hit.
func (x *explainer) endRemedy(g *group, all, plainly []*socket.Process) Remedy {
	r := Remedy{Text: "End the process."}
	switch n := len(plainly); {
	case n == 2:
		r.Text = "End both processes."
	case n > 2:
		r.Text = "End all " + counted(n, "process", "processes") + "."
	}
	if len(all) == len(plainly) && receives(g.sockets[0]) {
		switch at := g.sockets[0]; {
		case x.alone(all, nil):
			r.Command = killCommand(at, ":"+number(uint16(at.Local.Port)))
		case !slices.ContainsFunc(g.sockets, func(s *socket.Socket) bool { return s.Local != at.Local }) && x.alone(all, at):
			r.Command = killCommand(at, placeWords(at))
		}
	}
	if r.Command != "" {
		return r
	}
	var pids []int
	for _, p := range plainly {
		if p.PID > 1 {
			pids = append(pids, p.PID)
		}
	}
	if len(pids) == len(plainly) && len(pids) <= mostPIDs {
		r.Command = "kill " + join(pids)
	}
	return r
}

// killCommand is the command line that ends who has a port of a protocol, ""
// where there is none. Without the state it is about listeners. Place is ":PORT",
// or a filter of several words.
func killCommand(s *socket.Socket, place string) string {
	words := place
	if strings.Contains(place, " ") {
		words = "'" + place + "'"
	}
	switch {
	case place == "":
		return ""
	case s.State == socket.Bound && words == place:
		return "sockls kill -t 'state bound and sport = " + place + "'"
	case s.State == socket.Bound:
		return "sockls kill -t 'state bound and " + place + "'"
	case s.State == socket.Listen && s.Proto == socket.TCP:
		return "sockls kill -t " + words
	case s.State == socket.Unconn && s.Proto == socket.UDP:
		return "sockls kill -u " + words
	}
	return ""
}

// placeWords is a filter for the sockets at the address and port of s, "" where
// none tells them from others.
func placeWords(s *socket.Socket) string {
	a := s.Local.Addr
	if a.IsUnspecified() || a.Is4In6() || a.Zone() != "" {
		return ""
	}
	return "src " + address(a) + ":" + number(uint16(s.Local.Port))
}

// alone reports whether only these processes have sockets on the port, and at the
// place of at if that is not nil, that "sockls kill" would end them for.
func (x *explainer) alone(all []*socket.Process, at *socket.Socket) bool {
	for _, s := range x.Sockets {
		if s.Proto != x.Bind.Proto || !receives(s) || at != nil && s.Local.Addr.Unmap() != at.Local.Addr {
			continue
		}
		for i := range s.Processes {
			pid := s.Processes[i].Process.PID
			if !slices.ContainsFunc(all, func(p *socket.Process) bool { return p.PID == pid }) {
				return false
			}
		}
	}
	return true
}
