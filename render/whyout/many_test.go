package whyout

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
)

// TestMany: what there is a thousand of does not bury what there is one of.
func TestMany(t *testing.T) {
	for _, tt := range []struct {
		listeners, want int
		more            string
	}{
		{1, 1, ""},
		{6, 6, ""},
		{7, 5, "… and 2 more like these; --json tells of all\n"},
		{1000, 5, "… and 995 more like these; --json tells of all\n"},
	} {
		a := why.Answer{Bind: why.Bind{Proto: socket.TCP, Port: 8080}, Verdict: why.Taken, Errno: "EADDRINUSE"}
		for i := range tt.listeners {
			a.Reasons = append(a.Reasons, why.Reason{Rule: why.RuleListener, Blocking: socket.Yes, Socket: &socket.Socket{
				Proto: socket.TCP, State: socket.Listen,
				Local:     socket.Endpoint{Addr: netip.AddrFrom4([4]byte{127, 0, byte(i >> 8), byte(i)}), Port: 8080},
				Processes: []socket.Holder{{Process: &socket.Process{PID: 100 + i, Name: "web"}, FD: 3}},
			}})
		}
		a.Reasons = append(a.Reasons, why.Reason{Rule: why.RuleEphemeral, Blocking: socket.No, Text: "Last."})
		var out bytes.Buffer
		if err := Write(&out, &a, Options{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), ". LISTEN "); got != tt.want {
			t.Errorf("%d listeners: %d are told of, want %d", tt.listeners, got, tt.want)
		}
		if tt.more != "" && !strings.Contains(out.String(), tt.more) || tt.more == "" && strings.Contains(out.String(), "… and") {
			t.Errorf("%d listeners: want %q in\n%s", tt.listeners, tt.more, out.String())
		}
		if last := "\n" + strconv.Itoa(tt.listeners+1) + ". ephemeral port\n"; !strings.Contains(out.String(), last) {
			t.Errorf("%d listeners: no %q in\n%s", tt.listeners, last, out.String())
		}
	}
}

// TestManyDescriptors: that there are more descriptors than are told is told.
func TestManyDescriptors(t *testing.T) {
	for _, tt := range []struct {
		fds  int
		want string
	}{{20, ",20,21,22, user"}, {21, ",20,21,22,…, user"}, {500, ",20,21,22,…, user"}} {
		p := &socket.Process{PID: 7, Name: "web", HasUID: true, User: "root"}
		s := &socket.Socket{Proto: socket.TCP, State: socket.Listen, Local: socket.Endpoint{Addr: netip.IPv4Unspecified(), Port: 8080}}
		for fd := range tt.fds {
			s.Processes = append(s.Processes, socket.Holder{Process: p, FD: fd + 3})
		}
		a := why.Answer{Verdict: why.Taken, Reasons: []why.Reason{{Rule: why.RuleListener, Blocking: socket.Yes, Socket: s}}}
		var out bytes.Buffer
		if err := Write(&out, &a, Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), tt.want) {
			t.Errorf("%d descriptors: no %q in\n%s", tt.fds, tt.want, out.String())
		}
	}
}
