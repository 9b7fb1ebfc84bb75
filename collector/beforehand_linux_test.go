package collector

import (
	"testing"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/sockdiag"
	"github.com/sockls/sockls/collector/socket"
)

func parsed(t *testing.T, text string) filter.Expr {
	t.Helper()
	f, err := filter.Parse(text, filter.Options{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f.Expr
}

// TestRequiredHolders: only where nothing matches without one of the processes
// may the others be passed over.
func TestRequiredHolders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"process nginx":                               "process = nginx",
		"pid 1":                                       "pid = 1",
		"port 80 process nginx":                       "process = nginx",
		"port 80 and (process nginx or pid 7)":        "process = nginx or pid = 7",
		"process nginx or port 80":                    "none",
		"not process nginx":                           "none",
		"command ~ kafka":                             "command ~ \"kafka\"",
		"process-user root":                           "none",
		"(process a or process-user b) and process c": "process = c",
		"process a and not process b":                 "process = a",
		"port 80":                                     "none",
		"process a or (process b and not process c)":  "process = a or process = b",
		"not (not process a or port 80)":              "none",
		"user root and (pid 3 and port 1 or pid 1-2)": "pid = 3 or pid = 1-2",
	} {
		if got := requiredHolders(parsed(t, text)).String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestStrayMatches: a filter that no unbound socket can pass spares a look at
// every socket that the kernel left out.
func TestStrayMatches(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"port 80":                    false,
		"sport = 80 or process x":    true,
		"src 127.0.0.1":              false,
		"not src 127.0.0.1":          true,
		"src 0.0.0.0/0":              true,
		"sport = 80 and process x":   false,
		"state listening":            false,
		"state closed":               true,
		"remote public":              false,
		"user root":                  true,
		"proto udp":                  false,
		"dport > 1":                  false,
		"local wildcard and uid = 0": true,
	} {
		c := &collection{reader: newReader(&session{listsBound: true}, Query{
			Protos: socket.ProtoSetOf(socket.TCP), States: socket.AllStates, Filter: parsed(t, text),
		})}
		if got := c.strayMatches(socket.TCP); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// TestApart: a filter makes bound sockets a walk of their own only where their
// sake would let all connections through.
func TestApart(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"sport = 80":                false,
		"port 80":                   false,
		"dport = 80":                false,
		"not dst 10/8":              true,
		"not dst 10/8 and port 80":  false,
		"dport != 80 or sport = 80": true,
	} {
		q := sockdiag.Request{Proto: socket.TCP, IPv4: true, IPv6: true, States: socket.AllStates, Filter: parsed(t, text)}
		if got := sockdiag.BoundWidens(q); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
