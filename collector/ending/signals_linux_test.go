package ending

import (
	"syscall"
	"testing"
)

func TestSignals(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]syscall.Signal{
		"TERM": 15, "term": 15, "SIGTERM": 15, "SigInt": 2, "9": 9, "64": 64, "USR1": 10,
	} {
		if got, ok := ParseSignal(name); got != want || !ok {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "0", "65", "-9", "SIG", "TERM ", "NOSUCH", "9x"} {
		if got, ok := ParseSignal(name); ok {
			t.Errorf("%q: %d", name, got)
		}
	}
	if got := SignalName(syscall.SIGKILL) + SignalName(40); got != "KILL40" {
		t.Error(got)
	}
}
