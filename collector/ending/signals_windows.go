package ending

import (
	"strconv"
	"strings"
	"syscall"
)

// The signals that Windows has something for: TERM asks the windows of a process
// to close, as taskkill does, and KILL ends it.
var signals = map[string]syscall.Signal{"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}

// ParseSignal understands TERM and KILL, with SIG or without, in any case, and
// their numbers.
func ParseSignal(name string) (syscall.Signal, bool) {
	name = strings.TrimPrefix(strings.ToUpper(name), "SIG")
	for known, sig := range signals {
		if name == known || name == strconv.Itoa(int(sig)) {
			return sig, true
		}
	}
	return 0, false
}

// SignalName is the name of a signal without SIG, or its number.
func SignalName(sig syscall.Signal) string {
	for name, known := range signals {
		if sig == known {
			return name
		}
	}
	return strconv.Itoa(int(sig))
}
