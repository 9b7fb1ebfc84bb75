package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/waiting"
)

// runWait runs a command line against sockets that stay what they are.
func runWait(t *testing.T, c *recorded, line string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	s := streams.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) string { return "" }}
	cmd := newWaitCmd(s, func(o *waitOptions) error {
		o.collector = c
		return waitRun(context.Background(), o)
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true // as the root has it
	code = execute(context.Background(), s, cmd, strings.Fields(line))
	return code, out.String(), errs.String()
}

func waitRow(state socket.State, local string, cookie uint64, processes ...string) socket.Socket {
	end := netip.MustParseAddrPort(local)
	s := socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, State: state, Cookie: cookie, Inode: cookie,
		Local: socket.Endpoint{Addr: end.Addr(), Port: uint32(end.Port())},
	}
	if end.Addr().Is6() {
		s.Family, s.V6Only = socket.IPv6, socket.No
	}
	for i, name := range processes {
		s.Processes = append(s.Processes, socket.Holder{FD: 3, Process: &socket.Process{PID: 10*int(cookie) + i, Name: name}})
	}
	return s
}

func TestWaitCommand(t *testing.T) {
	t.Parallel()
	hostile := waitRow(socket.Listen, "127.0.0.1:83", 7, "x\n\x1b[2Jtcp *:84 free")
	remains := waitRow(socket.TimeWait, "127.0.0.1:85", 8)
	remains.Inode, remains.NoProcess = 0, socket.ReasonTimeWait
	remains.Details = &socket.Details{Timer: &socket.Timer{Kind: socket.TimerTimeWait, Expires: 51_600}}
	hidden := waitRow(socket.Listen, "127.0.0.1:86", 9)
	hidden.NoProcess = socket.ReasonHidden
	rows := []socket.Socket{
		waitRow(socket.Listen, "0.0.0.0:80", 1, "nginx", "nginx"),
		waitRow(socket.Listen, "[::]:80", 2, "nginx"),
		waitRow(socket.Listen, "127.0.0.1:81", 3, "group"),
		waitRow(socket.Listen, "127.0.0.1:81", 4, "group"),
		waitRow(socket.Listen, "127.0.0.1:82", 5, "old"),
		waitRow(socket.Established, "127.0.0.1:82", 6, "new"),
		hostile, remains, hidden,
	}
	for _, tt := range []struct {
		line, stdout, stderr string
		code                 int
	}{
		{"listening :80", "tcp 0.0.0.0:80 listening: nginx[10,11]\ntcp [::]:80 listening: nginx[20]\n", "", 0},
		{"tcp listening 127.0.0.1:81", "tcp 127.0.0.1:81 listening: group[30,40]\n", "", 0},
		{"listening 81-82", "tcp 127.0.0.1:81 listening: group[30,40]\ntcp 127.0.0.1:82 listening: old[50]\n", "", 0},
		{"listening [::1]:80", "tcp [::]:80 listening: nginx[20]\n", "", 0},
		{"listening 83", `tcp 127.0.0.1:83 listening: "x\n\x1b[2Jtcp *:84 free"[70]` + "\n", "", 0},
		{"listening 86", "tcp 127.0.0.1:86 listening: (hidden)\n", "", 0},
		{"listening --timeout 0 udp 80", "", "sockls: nothing listens on udp *:80\n", 1},
		{"listening --timeout 0 127.0.0.2:81,82", "", "sockls: nothing listens on tcp 127.0.0.2:81; nothing listens on tcp 127.0.0.2:82\n", 1},
		{"listening --timeout 0 1-20", "", "sockls: nothing listens on tcp *:1; nothing listens on tcp *:2; nothing listens on tcp *:3; " +
			"nothing listens on tcp *:4; nothing listens on tcp *:5; and so on for 15 more\n", 1},
		{"free 443", "tcp *:443 free\n", "", 0},
		{"free udp tcp [::1]:443", "udp [::1]:443 free\ntcp [::1]:443 free\n", "", 0},
		{"free --timeout 0 82", "", "sockls: tcp *:82 is held by 127.0.0.1:82 LISTEN old[50], 127.0.0.1:82 ESTABLISHED new[60]\n", 1},
		{"free --timeout 10ms --reuseaddr 82", "", "sockls: after 10ms tcp *:82 is held by 127.0.0.1:82 LISTEN old[50]\n", 1},
		{"free --timeout 0 127.0.0.2:82", "tcp 127.0.0.2:82 free\n", "", 0},
		{"free --timeout 0 83", "", `sockls: tcp *:83 is held by 127.0.0.1:83 LISTEN "x\n\x1b[2Jtcp *:84 free"[70]` + "\n", 1},
		{"free --timeout 0 85", "", "sockls: tcp *:85 is held by 127.0.0.1:85 TIME_WAIT (52s left)\n", 1},
		{"free --timeout 0 85 --reuseaddr", "tcp *:85 free\n", "", 0},
		{"free --timeout 0 82 --quiet", "", "", 1},
		{"listening 82 --quiet", "", "", 0},

		{"", "", "sockls: wait for what? listening or free, and a port: sockls wait listening :8080\n", 2},
		{"free", "", "sockls: which port? it is missing, as in :8080, 127.0.0.1:80 or [::1]:80\n", 2},
		{"listenin 80", "", "sockls: unknown condition \"listenin\", did you mean \"listening\"?\n", 2},
		{"listening free 80", "", "sockls: port \"free\": \"free\" is neither a number nor the name of a tcp or udp service\n", 2},
		{"listening --reuseaddr 80", "", "sockls: --reuseaddr is about a program that wants the port: it goes with free\n", 2},
		{"free ::1:80", "", "sockls: \"::1:80\" is ambiguous: an IPv6 address goes into brackets, as in [::1]:80, or [::1:80]:PORT\n", 2},
		{"free --time 5 80", "", "sockls: unknown flag \"--time\", did you mean \"--timeout\"?\n", 2},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runWait(t, &recorded{rows: rows}, tt.line)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff(tt.stdout, stdout); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.stderr, stderr); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWaitGone is about the line that says who has gone.
func TestWaitGone(t *testing.T) {
	t.Parallel()
	one, two := waitRow(socket.Listen, "0.0.0.0:80", 1, "nginx"), waitRow(socket.Established, "127.0.0.1:80", 2, "nginx", "curl")
	remains := waitRow(socket.TimeWait, "127.0.0.1:80", 3)
	remains.NoProcess = socket.ReasonTimeWait
	hidden := waitRow(socket.Listen, "127.0.0.1:80", 4)
	hidden.NoProcess = socket.ReasonHidden
	again := one
	again.Local.Addr = netip.MustParseAddr("127.0.0.9")
	for _, tt := range []struct {
		gone, last []*socket.Socket
		want       string
	}{
		{nil, nil, "tcp *:80 free"},
		{[]*socket.Socket{&one, &again}, []*socket.Socket{&one, &again}, "tcp *:80 free; nginx[10] has closed it"},
		{[]*socket.Socket{&one, &two}, []*socket.Socket{&two}, "tcp *:80 free; nginx[10], nginx[20],curl[21] has closed it"},
		{[]*socket.Socket{&one}, []*socket.Socket{&remains}, "tcp *:80 free; nginx[10] has closed it, and the last TIME_WAIT is over"},
		{nil, []*socket.Socket{&remains}, "tcp *:80 free; the last TIME_WAIT is over"},
		{nil, []*socket.Socket{&hidden}, "tcp *:80 free; what was there is gone (hidden)"},
	} {
		o := waiting.TargetOutcome{Target: waiting.Target{Proto: socket.TCP, Port: 80}, Met: true, Gone: tt.gone, Last: tt.last}
		if got := met(waiting.Free, &o); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestWaitJSON(t *testing.T) {
	t.Parallel()
	c := &recorded{
		rows:    []socket.Socket{waitRow(socket.Listen, "0.0.0.0:80", 1, "nginx")},
		notices: []socket.Notice{{Code: "test", Message: "something"}},
	}
	code, stdout, stderr := runWait(t, c, "listening 127.0.0.1:80,81 --timeout 0 --json")
	if code != 1 || stderr != "sockls: something\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	var d struct {
		Schema, Condition string
		Met               bool
		Ports             []struct {
			Proto     string
			Addresses []struct{ Address string }
			Port      int
			Met       bool
			Sockets   []struct {
				State     string
				Processes []struct{ Name string }
			}
			Gone []any
		}
		Notices []struct{ Code string }
	}
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	if d.Schema != "sockls/v1" || d.Condition != "listening" || d.Met || len(d.Ports) != 2 || len(d.Notices) != 1 {
		t.Fatalf("decoded %+v", d)
	}
	first, second := d.Ports[0], d.Ports[1]
	if !first.Met || first.Port != 80 || len(first.Sockets) != 1 || first.Sockets[0].Processes[0].Name != "nginx" ||
		len(first.Addresses) != 1 || first.Addresses[0].Address != "127.0.0.1" || first.Gone == nil {
		t.Errorf("the first port is %+v", first)
	}
	if second.Met || second.Sockets == nil || len(second.Sockets) > 0 {
		t.Errorf("the second port is %+v", second)
	}
}

func TestParseTimeout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "30": 30 * time.Second, "0.5": 500 * time.Millisecond, "2m": 2 * time.Minute, "10ms": 10 * time.Millisecond, "1e3": 1000 * time.Second,
	} {
		if got, err := parseTimeout(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "-1s", "soon", "NaN", "Inf", "1e300", "10 s"} {
		if got, err := parseTimeout(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
