package ending

import (
	"slices"
	"time"
)

// Starter is a process that has started another one, or taken its parent's
// place, and lives: a loop in a script, or a supervisor, may start it again.
type Starter struct {
	PID   int
	Name  string // comm, hostile
	steps steps
	start time.Duration
}

// Starter finds who may start a process again: the nearest of its ancestors that
// is not among those to be ended. It finds none where that is the first process or
// a service manager, which act on units that can be stopped; where this program
// was started from it, for that one waits for this program; and where it is a
// shell that a person types into.
func (e *Ender) Starter(p *Process, ended []int) (s Starter, ok bool) {
	child, err := e.steps.identify(p.PID)
	if err != nil || child.start != p.start {
		return s, false
	}
	for {
		pid := child.parent
		if pid <= 1 || pid == e.self || slices.Contains(e.ancestors, pid) {
			return s, false
		}
		parent, err := e.steps.identify(pid)
		switch {
		case err != nil, parent.start > child.start, parent.dead, parent.kernel:
			return s, false
		case parent.name == "systemd", parent.prompts(child):
			return s, false
		case !slices.Contains(ended, pid):
			return Starter{PID: pid, Name: parent.name, steps: e.steps, start: parent.start}, true
		}
		child = parent
	}
}

// prompts reports whether a process is a shell that a person types into: it has a
// terminal, and gives what it starts a process group of its own, to be stopped and
// continued. A shell that runs a script does not.
func (is identity) prompts(child identity) bool {
	shells := [...]string{"sh", "bash", "zsh", "fish", "dash", "ash", "ksh", "mksh", "tcsh", "csh", "nu", "xonsh", "elvish", "pwsh", "busybox"}
	return is.terminal && is.group != child.group && slices.Contains(shells[:], is.name)
}

// Lives reports whether it is there still.
func (s Starter) Lives() bool {
	is, err := s.steps.identify(s.PID)
	return err == nil && is.start == s.start && !is.dead
}
