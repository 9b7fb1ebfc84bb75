package portable

import (
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

func TestNormalise(t *testing.T) {
	tests := []struct {
		name string
		kind Kind
		raw  Raw
		want string // "" for an error
	}{
		{"every address as a star", TCP4, Raw{Local: RawAddr{"*", 80}, Remote: RawAddr{"*", 0}, Status: "LISTEN", PID: 7, FD: 3}, "tcp ipv4 LISTEN 0.0.0.0:80 - 7/3"},
		{"every address as nothing", TCP6, Raw{Local: RawAddr{"", 80}, Status: "LISTENING", FD: -1}, "tcp ipv6 LISTEN :::80 - 0/-1"},
		{"zeros for a peer", UDP4, Raw{Local: RawAddr{"127.0.0.1", 53}, Remote: RawAddr{"0.0.0.0", 0}, PID: 1, FD: 5}, "udp ipv4 UNCONN 127.0.0.1:53 - 1/5"},
		{"a peer", UDP6, Raw{Local: RawAddr{"::1", 53}, Remote: RawAddr{"::1", 9}, PID: 1, FD: -1}, "udp ipv6 ESTABLISHED ::1:53 ::1:9 1/-1"},
		{"pid 0 is nobody", TCP4, Raw{Local: RawAddr{"127.0.0.1", 1}, Remote: RawAddr{"127.0.0.1", 2}, Status: "TIME_WAIT", FD: 9}, "tcp ipv4 TIME_WAIT 127.0.0.1:1 127.0.0.1:2 0/-1"},
		{"mapped", TCP6, Raw{Local: RawAddr{"127.0.0.1", 1}, Remote: RawAddr{"::ffff:127.0.0.1", 2}, Status: "ESTABLISHED"}, "tcp ipv6 ESTABLISHED ::ffff:127.0.0.1:1 ::ffff:127.0.0.1:2 0/-1"},
		{"a scope inside", TCP6, Raw{Local: RawAddr{"fe80:4::1", 1}, Status: "LISTEN"}, "tcp ipv6 LISTEN fe80::1%4:1 - 0/-1"},
		{"a scope inside and a zone", TCP6, Raw{Local: RawAddr{"fe80:4::1%en0", 1}, Status: "LISTEN"}, "tcp ipv6 LISTEN fe80::1%en0:1 - 0/-1"},
		{"states of Windows", TCP4, Raw{Local: RawAddr{"0.0.0.0", 1}, Status: "DELETE_TCB"}, "tcp ipv4 CLOSE 0.0.0.0:1 - 0/-1"},
		{"states of BSD", TCP4, Raw{Local: RawAddr{"0.0.0.0", 1}, Status: "FIN_WAIT_2"}, "tcp ipv4 FIN_WAIT2 0.0.0.0:1 - 0/-1"},
		{"a state of SYN_RCVD", TCP4, Raw{Local: RawAddr{"0.0.0.0", 1}, Status: "SYN_RCVD"}, "tcp ipv4 SYN_RECV 0.0.0.0:1 - 0/-1"},
		{"no state", TCP4, Raw{Local: RawAddr{"0.0.0.0", 1}, Status: "NONE"}, "tcp ipv4 UNKNOWN 0.0.0.0:1 - 0/-1"},
		{"an odd state", TCP4, Raw{Local: RawAddr{"0.0.0.0", 1}, Status: "ODD"}, ""},
		{"an odd address", TCP4, Raw{Local: RawAddr{"localhost", 1}, Status: "LISTEN"}, ""},
		{"of another family", TCP4, Raw{Local: RawAddr{"::1", 1}, Status: "LISTEN"}, ""},
		{"an odd port", TCP4, Raw{Local: RawAddr{"*", 70000}, Status: "LISTEN"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row, err := normalise(tt.kind, &tt.raw)
			if err != nil {
				if tt.want != "" {
					t.Error(err)
				}
				return
			}
			if got := short(&row); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestStates(t *testing.T) {
	for _, s := range socket.States() {
		switch s {
		case socket.Unconn, socket.CookieWait, socket.CookieEchoed, socket.ShutdownPending, socket.ShutdownSent,
			socket.ShutdownReceived, socket.ShutdownAckSent:
			continue // TCP has none of these
		}
		if got, err := stateOf(s.String(), socket.TCP, false); err != nil || got != s {
			t.Errorf("%s is %s, %v", s, got, err)
		}
	}
}
