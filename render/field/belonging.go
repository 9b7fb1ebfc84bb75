package field

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/text"
)

// The columns about what a process belongs to. A process that has none of it
// among others that have shows "".

func hasParents(p *socket.Process) bool { return len(p.Parents) > 0 }

// appendParents separates ancestors by a slash, since a comma separates
// processes. A name with a slash in it would look like two.
func appendParents(dst []byte, p *socket.Process) []byte {
	if len(p.Parents) == 0 {
		return append(dst, '"', '"')
	}
	for i, a := range p.Parents {
		if i > 0 {
			dst = append(dst, '/')
		}
		if strings.Contains(a.Name, "/") {
			dst = text.AppendInQuotes(dst, a.Name)
		} else {
			dst = text.AppendQuoted(dst, a.Name)
		}
		dst = append(dst, '[')
		dst = strconv.AppendInt(dst, int64(a.PID), 10)
		dst = append(dst, ']')
	}
	return dst
}

func compareParents(a, b *socket.Process) int {
	return slices.CompareFunc(a.Parents, b.Parents, func(x, y socket.Ancestor) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), cmp.Compare(x.PID, y.PID))
	})
}

// unitOf is the unit with its manager, "" for none.
func unitOf(p *socket.Process) string {
	switch w := p.Workload; {
	case w == nil || w.Unit == "":
		return ""
	case w.HasManager:
		return "user@" + strconv.FormatUint(uint64(w.Manager), 10) + ".service/" + w.Unit
	default:
		return w.Unit
	}
}

func hasUnit(p *socket.Process) bool { return p.Workload != nil && p.Workload.Unit != "" }

// appendUnit writes the unit as systemctl takes it: its own escapes (\x2d) are
// part of its name, and escaped like any backslash.
func appendUnit(dst []byte, p *socket.Process) []byte {
	return text.AppendQuoted(dst, unitOf(p))
}

func compareUnit(a, b *socket.Process) int { return strings.Compare(unitOf(a), unitOf(b)) }

// containerOf is the engine and the name of the container, or what there is of
// both, "" for none.
func containerOf(p *socket.Process) string {
	if p.Workload == nil || p.Workload.Container == nil {
		return ""
	}
	const short = 12 // as the engines print it
	c := p.Workload.Container
	engine, name := c.Runtime, c.Name
	switch {
	case name != "":
	case c.ID != "":
		name = c.ID[:min(len(c.ID), short)]
	case c.Pod != "":
		name = "pod-" + c.Pod
	}
	if engine == "" {
		engine = "container"
	}
	if name == "" {
		return engine
	}
	return engine + ":" + name
}

func hasContainer(p *socket.Process) bool { return p.Workload != nil && p.Workload.Container != nil }

func appendContainer(dst []byte, p *socket.Process) []byte {
	return text.AppendQuoted(dst, containerOf(p))
}

func compareContainer(a, b *socket.Process) int {
	return strings.Compare(containerOf(a), containerOf(b))
}

func hasInnerPID(p *socket.Process) bool { return p.InnerPID != 0 }

func appendInnerPID(dst []byte, p *socket.Process) []byte {
	if p.InnerPID == 0 {
		return append(dst, '"', '"')
	}
	return strconv.AppendInt(dst, int64(p.InnerPID), 10)
}
