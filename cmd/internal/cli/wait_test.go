package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/waiting"
	"github.com/sockls/sockls/collector/why"
)

// surveyed is a machine with nothing but the loopback interface, whose sockets
// stay what they are.
type surveyed struct {
	*recorded
	// tried are the errors of bind, by port, where the sockets do not tell; EPERM is
	// for one that cannot be tried.
	tried map[uint16]string
	may   socket.Tri
}

// Survey implements collector.Surveyor.
func (c *surveyed) Survey(context.Context, []machine.Ports) (*collector.Survey, error) {
	limit := uint16(1024)
	s := &collector.Survey{Machine: &machine.Machine{
		UnprivilegedPorts: &limit, IPv6: socket.Yes, V6Only: socket.No, HasLocal: true, HasLinks: true,
		Local4: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Local6: []netip.Addr{netip.IPv6Loopback()},
		NonlocalBind4: socket.No, NonlocalBind6: socket.No,
	}}
	for i := range c.rows {
		row := c.rows[i]
		s.Sockets = append(s.Sockets, &row)
	}
	return s, nil
}

// May implements collector.Surveyor.
func (c *surveyed) May(uint32) socket.Tri { return c.may }

// Try implements collector.Surveyor.
func (c *surveyed) Try(b why.Bind) (string, error) {
	s, _ := c.Survey(context.Background(), nil)
	d := why.Decide(b, s.Machine, s.Sockets)
	errno, told := c.tried[b.Port]
	switch {
	case errno == "EPERM":
		return "", collector.ErrCannotTry
	case told:
		return errno, nil
	case d.Verdict == why.Unclear:
		return "", errors.New("nobody said what a bind does")
	}
	return d.Errno, nil
}

// runWait runs a command line against sockets that stay what they are.
func runWait(t *testing.T, c *surveyed, line string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	s := streams.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) string { return "" }}
	cmd := newWaitCmd(s, func(o *waitOptions) error {
		o.system = c
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
	option := func(set socket.Tri, s socket.Socket) socket.Socket {
		s.Details = &socket.Details{Reuse: &socket.Reuse{Address: set, Port: socket.No}}
		return s
	}
	rows := []socket.Socket{
		waitRow(socket.Listen, "0.0.0.0:80", 1, "nginx", "nginx"),
		waitRow(socket.Listen, "[::]:80", 2, "nginx"),
		waitRow(socket.Listen, "127.0.0.1:81", 3, "group"),
		waitRow(socket.Listen, "127.0.0.1:81", 4, "group"),
		waitRow(socket.Listen, "127.0.0.1:82", 5, "old"),
		waitRow(socket.Established, "127.0.0.1:82", 6, "new"),
		hostile, remains, hidden,
		option(socket.No, waitRow(socket.Established, "127.0.0.1:2087", 10, "plain")),
		option(socket.Yes, waitRow(socket.Established, "127.0.0.1:2088", 11, "sharing")),
		waitRow(socket.Established, "127.0.0.1:2089", 12, "secret"),
		waitRow(socket.Established, "127.0.0.1:2090", 13, "secret"),
		waitRow(socket.Established, "127.0.0.1:2091", 14, "secret"),
	}
	tried := map[uint16]string{85: "", 2089: "EADDRINUSE", 2090: "", 2091: "EPERM"}
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
		{"listening -4 80", "tcp 0.0.0.0:80 listening: nginx[10,11]\ntcp [::]:80 listening: nginx[20]\n", "", 0},
		{"listening -6 80", "tcp [::]:80 listening: nginx[20]\n", "", 0},
		{"listening -6 81 --timeout 0", "", "sockls: nothing listens on tcp *:81 (IPv6)\n", 1},
		{"listening -t -u 81 --timeout 0", "", "sockls: nothing listens on udp *:81\n", 1},
		{"listening -46 81 --timeout 0", "", "sockls: nothing listens on tcp *:81 (IPv6)\n", 1},
		{"free -u 80", "udp *:80 free\n", "", 0},
		{"free -4 --timeout 0 81", "", "sockls: tcp 0.0.0.0:81 is held by 127.0.0.1:81 LISTEN group[30,40]\n", 1},
		{"free -6 443", "tcp [::]:443 free\n", "", 0},
		{"free -4 -6 443", "tcp 0.0.0.0:443 free\ntcp [::]:443 free\n", "", 0},
		{"free 443/udp", "udp *:443 free\n", "", 0},

		{"free --timeout 0 --reuseaddr 2087", "", "sockls: tcp *:2087 is held by 127.0.0.1:2087 ESTABLISHED plain[100]\n", 1},
		{"free --timeout 0 --reuseaddr 2088", "tcp *:2088 free\n", "", 0},
		{"free --timeout 0 2088", "", "sockls: tcp *:2088 is held by 127.0.0.1:2088 ESTABLISHED sharing[110]\n", 1},
		{"free --timeout 0 --reuseaddr 2089", "", "sockls: tcp *:2089 is held by 127.0.0.1:2089 ESTABLISHED secret[120]\n", 1},
		{"free --timeout 0 --reuseaddr 2090", "tcp *:2090 free\n", "", 0},
		{"free --timeout 0 --reuseaddr 2091", "", "sockls: tcp *:2091 may be held by 127.0.0.1:2091 ESTABLISHED secret[140], which cannot be told, nor tried by this user\n", 1},
		{"free --timeout 0 --reuseaddr 2087,2089", "", "sockls: tcp *:2087 is held by 127.0.0.1:2087 ESTABLISHED plain[100]; " +
			"tcp *:2089 is held by 127.0.0.1:2089 ESTABLISHED secret[120]\n", 1},
		{"free --timeout 30ms 203.0.113.9:8080", "", "sockls: after 30ms tcp 203.0.113.9:8080 cannot be bound (EADDRNOTAVAIL): " +
			"No interface of this network namespace has the address 203.0.113.9\n", 1},
		{"free 2001:db8::1:80", "", "sockls: \"2001:db8::1:80\" is ambiguous: an IPv6 address goes into brackets, as in [2001:db8::1]:80, or [2001:db8::1:80]:PORT\n", 2},
		{"free [fe80::1]:8080", "", "sockls: tcp [fe80::1]:8080 is waited for in vain: " +
			"A link-local address is good only together with an interface: it may be there on several.\n", 2},

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
		{"free listening 80", "", "sockls: free and listening: it is one condition that is waited for\n", 2},
		{"free 80 free", "", "sockls: free and free: it is one condition that is waited for\n", 2},
		{"free sctp 80", "", "sockls: sctp is not asked about: tcp, udp, udplite\n", 2},
		{"free -6 127.0.0.1:80", "", "sockls: 127.0.0.1 is not an address of the family that is asked for\n", 2},
		{"listening --uid 0 80", "", "sockls: --uid is about a program that wants the port: it goes with free\n", 2},
		{"listening --reuseaddr 80", "", "sockls: --reuseaddr is about a program that wants the port: it goes with free\n", 2},
		{"free ::1:80", "", "sockls: \"::1:80\" is ambiguous: an IPv6 address goes into brackets, as in [::1]:80, or [::1:80]:PORT\n", 2},
		{"free --time 5 80", "", "sockls: unknown flag \"--time\", did you mean \"--timeout\"?\n", 2},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runWait(t, &surveyed{&recorded{rows: rows}, tried, socket.Yes}, tt.line)
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

// TestWaitPrivileged: what waiting does not bring is said at once, whoever has the
// port just now.
func TestWaitPrivileged(t *testing.T) {
	t.Parallel()
	c := &surveyed{recorded: &recorded{rows: []socket.Socket{waitRow(socket.Listen, "0.0.0.0:80", 1, "nginx")}}, may: socket.No}
	for line, advised := range map[string]bool{"free 80": true, "free 81 --uid 33": false, "free 8080,79 --quiet": true} {
		code, stdout, stderr := runWait(t, c, line)
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "sockls: tcp *:") ||
			!strings.Contains(stderr, " is waited for in vain: Ports below 1024 ") ||
			strings.HasSuffix(stderr, " --uid asks for another user's program.\n") != advised {
			t.Errorf("%s: exit code %d, %q%q", line, code, stdout, stderr)
		}
	}
	if code, stdout, _ := runWait(t, c, "free 8080"); code != 0 || stdout != "tcp *:8080 free\n" {
		t.Errorf("another port: exit code %d, %q", code, stdout)
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
	c := &surveyed{recorded: &recorded{
		rows:    []socket.Socket{waitRow(socket.Listen, "0.0.0.0:80", 1, "nginx")},
		notices: []socket.Notice{{Code: "test", Message: "something"}},
	}}
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
