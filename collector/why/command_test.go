package why

import (
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

func of(pid int) func(*socket.Socket) {
	return func(s *socket.Socket) {
		s.Processes = []socket.Holder{{Process: &socket.Process{PID: pid, Name: "other"}, FD: 3}}
	}
}

// TestCloseCommand: what is advised destroys what is in the way, and nothing of
// others that have the same port.
func TestCloseCommand(t *testing.T) {
	established := func(local string) *socket.Socket {
		return sock(socket.Established, local, "127.0.0.1:9", auto(socket.Yes))
	}
	child := established("127.0.0.1:8080")
	tests := []struct {
		name   string
		at     string
		others []*socket.Socket
		want   string
	}{
		{"alone", "0.0.0.0:8080", nil, "sockls close -t 'state established and sport = :8080'"},
		{
			"other state", "0.0.0.0:8080",
			[]*socket.Socket{sock(socket.TimeWait, "127.0.0.2:8080", "127.0.0.1:9", without(socket.ReasonTimeWait, 0))},
			"sockls close -t 'state established and sport = :8080'",
		},
		{
			"other address", "127.0.0.1:8080",
			[]*socket.Socket{established("127.0.0.2:8080")},
			"sockls close -t 'state established and src 127.0.0.1:8080'",
		},
		{
			"same address, another's", "127.0.0.1:8080",
			[]*socket.Socket{sock(socket.Established, "127.0.0.1:8080", "127.0.0.1:10", auto(socket.Yes), of(77))},
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := Explain(Situation{Bind: bind(tt.at), Machine: plainMachine(), Sockets: append(tt.others, child)})
			got := ""
			for _, r := range a.Reasons {
				for _, m := range r.Remedies {
					if r.Socket == child && strings.HasPrefix(m.Command, "sockls close") {
						got = m.Command
					}
				}
			}
			if got != tt.want {
				t.Errorf("advises %q, want %q", got, tt.want)
			}
		})
	}
}
