package cli

import (
	"strconv"
	"strings"

	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/text"
)

// findStarters finds who may start the processes again, where no unit or container
// is known that does.
func (k *killing) findStarters() {
	pids := make([]int, len(k.victims))
	for i, v := range k.victims {
		pids[i] = v.PID
	}
	for _, v := range k.victims {
		if v.process == nil || v.advice != nil {
			continue
		}
		if s, ok := k.ender.Starter(v.process, pids); ok {
			v.starter = &s
			v.advice = &why.Remedy{Text: "It was started by " + starterName(&s) + ", which may start it again: then end that one first."}
		}
	}
}

// starterName is the process as it is called in a sentence that is yet to be
// escaped: a name that escaping would change is left out.
func starterName(s *ending.Starter) string {
	pid := strconv.Itoa(s.PID)
	name := string(text.AppendQuoted(nil, s.Name))
	if strings.Contains(name, "\\") {
		return "process " + pid
	}
	return name + "[" + pid + "]"
}

// survivor is one who may start a process again and lives after that has ended,
// nil for none.
func (k *killing) survivor() *ending.Starter {
	for _, v := range k.victims {
		if v.starter != nil && v.outcome != nil && len(v.outcome.Signals) > 0 && v.starter.Lives() {
			return v.starter
		}
	}
	return nil
}
