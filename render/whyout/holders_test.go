package whyout

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
)

// TestHolders: each process once, with its notes, in lines that fit.
func TestHolders(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 7, 0, 0, 0, time.UTC)
	parents := []socket.Ancestor{{PID: 4, Name: "sh"}, {PID: 1, Name: "systemd"}}
	first := &socket.Process{PID: 7, Name: "web", User: "root", Command: "web --port 80 a\x1b[2Jb", Started: now.Add(-time.Minute), Parents: parents}
	second := &socket.Process{PID: 8, Name: "web", User: "root", Command: "web --port 80 a\x1b[2Jb", Started: now.Add(-time.Minute), Parents: parents}
	at := socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: 80}
	sockets := []*socket.Socket{
		{Proto: socket.TCP, State: socket.Listen, Local: at, Processes: []socket.Holder{{Process: first, FD: 3}, {Process: second, FD: 3}}},
		{Proto: socket.UDP, State: socket.Unconn, Local: at, Processes: []socket.Holder{{Process: first, FD: 4}}},
	}
	var out bytes.Buffer
	err := Holders(&out, sockets, Options{Width: 40, Now: now}, func(*socket.Process) (string, []Note) {
		return "end", []Note{{Label: "do", Text: "Stop the service; it would come back.", Command: "systemctl stop a-long-name-of-a-unit.service"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `   end   web[7] fd 3,4, user root,
         started 2026-05-01T06:59:00Z
         (1min ago)
           command   web --port 80
                     a\x1b[2Jb
           parents   sh[4] < systemd[1]
   do    Stop the service; it would come
         back.
           systemctl stop a-long-name-of-a-unit.service
   end   web[8] fd 3, user root, started
         2026-05-01T06:59:00Z (1min ago)
           (same command, parents)
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out.Reset()
	if err := Holders(&out, nil, Options{}, nil); err != nil || out.Len() > 0 {
		t.Errorf("of no socket: %q, %v", out.String(), err)
	}
}
