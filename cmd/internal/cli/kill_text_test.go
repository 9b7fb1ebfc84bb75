package cli

import (
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/socket"
)

// TestRefusalText: nobody is sent to become what they are.
func TestRefusalText(t *testing.T) {
	t.Parallel()
	got, root := refusalText(&ending.Error{PID: 7, Err: syscall.EPERM}), os.Geteuid() == 0
	if strings.Contains(got, "root can end it") == root || strings.Contains(got, "not let even root") != root {
		t.Errorf("root %v: %s", root, got)
	}
	if got := refusalText(ending.ErrUnsure); got != ending.ErrUnsure.Error() {
		t.Error(got)
	}
}

// socketIn is a TCP socket on port 80 in some state.
func socketIn(s socket.State) socket.Socket {
	one := heldBy(&socket.Process{PID: 3999999, Name: "web"})
	one.State = s
	return one
}

// TestKillNothing: what there is in place of a listener.
func TestKillNothing(t *testing.T) {
	t.Parallel()
	bound, established, waiting := socketIn(socket.Bound), socketIn(socket.Established), socketIn(socket.TimeWait)
	elsewhere := bound
	elsewhere.Local.Port = 81
	const nothing, none = "sockls: nothing that matches listens", "sockls: nothing matches: no socket listens there, is bound there or has a connection\n"
	for _, tt := range []struct {
		rows []socket.Socket
		want string
	}{
		{nil, none},
		{[]socket.Socket{bound}, nothing + "; 1 socket is bound and not listening, which takes a filter that says so: sockls kill 'state bound and port 80'\n"},
		{[]socket.Socket{bound, elsewhere, bound}, nothing + "; 3 sockets are bound and not listening, which takes a filter that says so\n"},
		{[]socket.Socket{established}, nothing + "; 1 connection does match, and is a matter for sockls close\n"},
		{[]socket.Socket{established, waiting, bound}, nothing + "; 1 socket is bound and not listening, which takes a filter that says so: " +
			"sockls kill 'state bound and port 80'; 2 connections do match, and are a matter for sockls close\n"},
	} {
		code, stdout, stderr := end(t, &asked{recorded: recorded{rows: tt.rows}}, "kill", ":80", "--yes")
		if code != exitNone || stdout != "" || stderr != tt.want {
			t.Errorf("exit %d, stdout %q, stderr\n%swant\n%s", code, stdout, stderr, tt.want)
		}
	}
	if code, stdout, stderr := end(t, &recorded{}, "close", ":80", "--yes"); code != exitNone || stdout != "" || stderr != "sockls: nothing matches\n" {
		t.Errorf("close: exit %d, %q, %q", code, stdout, stderr)
	}
}

// TestKillNobody: sockets for which nobody can be ended.
func TestKillNobody(t *testing.T) {
	t.Parallel()
	hidden := "run it as root"
	if os.Geteuid() == 0 {
		hidden = "hidden even from root here"
	}
	for reason, want := range map[socket.Reason]string{
		socket.ReasonHidden: hidden, socket.ReasonInFlight: "no process here that could be ended",
		socket.ReasonKernel: "no process here that could be ended",
	} {
		s := socketIn(socket.Listen)
		s.Processes, s.NoProcess = nil, reason
		code, _, stderr := end(t, &recorded{rows: []socket.Socket{s}}, "kill", ":80", "--yes")
		if code != exitNone || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d, %s", reason, code, stderr)
		}
	}
}

// TestEndEverything: a filter that leaves nothing out is refused, and told from one
// that is not there.
func TestEndEverything(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"kill", "close"} {
		for words, want := range map[string]string{
			"*": "matches everything", "*:*": "matches everything", "src *": "matches everything", ":*": "matches everything", "tcp": "matches everything", "state all": "matches everything",
			"0/0": "matches everything", "inet or udp": "matches everything", "port 1-65535": "matches everything", "": "this one is empty", " ": "this one is empty",
		} {
			c := &recorded{rows: []socket.Socket{socketIn(socket.Listen)}}
			if code, _, stderr := end(t, c, command, words, "--yes"); code != exitFailed || !strings.Contains(stderr, want) {
				t.Errorf("%s %q: exit %d, %s", command, words, code, stderr)
			}
		}
	}
}

// TestKillTimeout: a plain number is seconds, as wait has it.
func TestKillTimeout(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]time.Duration{"5": 5 * time.Second, "0.5": 500 * time.Millisecond, "2m": 2 * time.Minute} {
		o := killOptions{}
		if err := o.setTimeout(word); err != nil || o.timeout != want {
			t.Errorf("%s: %v, %v", word, o.timeout, err)
		}
	}
	for _, word := range []string{"soon", "-1", "1e300"} {
		code, _, stderr := end(t, &recorded{}, "kill", ":80", "--timeout", word)
		if code != exitFailed || !strings.Contains(stderr, "it is a time such as 500ms, 30s or 5m, or a number of seconds") {
			t.Errorf("%s: exit %d, %s", word, code, stderr)
		}
	}
}

// TestKillNarrow: on a terminal nothing is wider than it but what cannot be broken.
func TestKillNarrow(t *testing.T) {
	t.Parallel()
	p := &socket.Process{
		PID: 3999999, Name: "web", User: "root", Command: "/usr/bin/web --with some --arguments", Started: time.Now().Add(-time.Hour),
		Parents: []socket.Ancestor{{PID: 30, Name: "supervisor"}, {PID: 1, Name: "systemd"}}, Workload: &socket.Workload{Unit: "web.service"},
	}
	for _, command := range []string{"kill", "close"} {
		_, stdout, _ := endAt(t, 40, &recorded{rows: []socket.Socket{heldBy(p)}}, command, ":80", "--dry-run")
		for line := range strings.Lines(stdout) {
			if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 40 {
				t.Errorf("%s: too wide: %q", command, line)
			}
		}
		want := []string{"tcp LISTEN 127.0.0.1:80 - web[3999999]\n"}
		if command == "kill" {
			want = append(want, "/usr/bin/web --with", "--arguments\n", "supervisor[30] <", "unit      web.service\n", "           systemctl stop web.service\n")
		} else {
			want = []string{"tcp LISTEN 127.0.0.1:80 - - web[3999999]\n", "It would destroy 1 socket. Nothing was\n    done.\n"}
		}
		for _, part := range want {
			if !strings.Contains(stdout, part) {
				t.Errorf("%s: no %q in\n%s", command, part, stdout)
			}
		}
	}
	if _, stdout, _ := endAt(t, 100, &recorded{rows: []socket.Socket{heldBy(p)}}, "close", ":80", "--dry-run"); !strings.HasPrefix(stdout, "PROTO ") {
		t.Errorf("no table where there is room for one:\n%s", stdout)
	}
}

// TestWhyCommand: the command line that is offered can be pasted, and asks about
// that very place.
func TestWhyCommand(t *testing.T) {
	t.Parallel()
	at := func(addr, device string, only socket.Tri) *socket.Socket {
		return &socket.Socket{
			Proto: socket.TCP, Local: socket.Endpoint{Addr: netip.MustParseAddr(addr), Port: 7500}, Device: device, V6Only: only,
		}
	}
	for _, tt := range []struct {
		s     *socket.Socket
		netns string
		want  string
	}{
		{at("127.0.0.1", "", socket.Unknown), "", "sockls why tcp 127.0.0.1:7500"},
		{at("0.0.0.0", "lo", socket.Unknown), "web", "sockls why -N web --device lo tcp 0.0.0.0:7500"},
		{at("::", "", socket.Yes), "", "sockls why --v6only tcp '[::]:7500'"},
		{at("fe80::1%eth0", "", socket.No), "/proc/9/ns/net", "sockls why -N /proc/9/ns/net tcp '[fe80::1%eth0]:7500'"},
		{at("fe80::1%$(x)", "", socket.No), "", ""},
		{at("127.0.0.1", "a;b", socket.No), "", ""},
		{at("127.0.0.1", "", socket.No), "$(reboot)", ""},
		{at("127.0.0.1", "", socket.No), "-N", ""},
		{at("127.0.0.1", "", socket.No), "7", ""}, // it has been ended
		{at("127.0.0.1", "", socket.No), "/proc/7/ns/net", ""},
	} {
		k := killing{killOptions: &killOptions{}, victims: []*victim{{Target: ending.Target{PID: 7}}}}
		k.netns, k.choosesNetNS = tt.netns, tt.netns != ""
		if got := k.whyCommand(tt.s); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestStarterName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"bash": "bash[5]", "tmux: server": `"tmux: server"[5]`, "a\x1b[2J": "process 5", `a"b`: "process 5"} {
		if got := starterName(&ending.Starter{PID: 5, Name: name}); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
