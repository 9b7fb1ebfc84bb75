package whyout

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// fact is one line about a process; its value is escaped.
type fact struct{ label, value string }

// facts are the lines about a process.
func (p *pen) facts(h *holder) []fact {
	var all []fact
	kept := p.scratch
	add := func(label string, write func()) {
		p.scratch = nil
		write()
		all = append(all, fact{label, string(p.scratch)})
	}
	if h.Command != "" {
		add("command", func() { p.text(h.Command) })
	} else if h.Exe != "" {
		add("program", func() { p.text(h.Exe) })
	}
	if h.Dir != "" {
		add("directory", func() { p.text(h.Dir) })
	}
	if len(h.Parents) > 0 {
		add("parents", func() { p.parents(h.Parents) })
	}
	if w := h.Workload; w != nil {
		// The unit that an engine makes for a container is named after it.
		if w.Unit != "" && (w.Container == nil || !strings.HasSuffix(w.Unit, ".scope")) {
			add("unit", func() { p.unit(w) })
		}
		if w.Container != nil {
			add("container", func() { p.container(w.Container) })
		}
		if w.Proxy != nil {
			add("forwards", func() {
				p.say("to container ")
				p.proxied(w.Proxy)
			})
		}
	}
	if h.InnerPID != 0 {
		add("inner pid", func() { p.count(h.InnerPID) })
	}
	p.scratch = kept
	return all
}

func (p *pen) parents(all []socket.Ancestor) {
	const most = 8
	for i := range all {
		if i == most && len(all) > most+1 {
			p.say(" < … < ")
			last := &all[len(all)-1]
			p.name(last.Name)
			p.say("[" + strconv.Itoa(last.PID) + "]")
			return
		}
		if i > 0 {
			p.say(" < ")
		}
		p.name(all[i].Name)
		p.say("[" + strconv.Itoa(all[i].PID) + "]")
	}
}

func (p *pen) unit(w *socket.Workload) {
	p.name(w.Unit)
	if w.HasManager {
		p.say(" of uid " + strconv.FormatUint(uint64(w.Manager), 10))
	}
}

func (p *pen) container(c *socket.Container) {
	words := 0
	for _, s := range [...]string{c.Runtime, c.Name, shortID(c.ID)} {
		if s == "" {
			continue
		}
		if words > 0 {
			p.say(" ")
		}
		p.name(s)
		words++
	}
	if c.Pod != "" {
		p.say(pick(words > 0, ", ", "") + "pod ")
		p.name(c.Pod)
		words++
	}
	if words == 0 {
		p.say("of an unknown kind")
	}
}

// shortID is an identifier as the engines show it.
func shortID(id string) string { return id[:min(len(id), 12)] }

// proxied is where a proxy sends its connections.
func (p *pen) proxied(x *socket.Proxy) {
	if c := x.Container; c != nil {
		p.name(cmp.Or(c.Name, shortID(c.ID), "(unnamed)"))
		p.say(", ")
	}
	p.address(x.Inside.Addr(), x.Inside.Port())
}
