package cli

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/ending"
	"github.com/sockls/sockls/collector/socket"
)

// asked remembers the first question: where nothing listens, kill asks again what
// there is else.
type asked struct {
	recorded
	first *collector.Query
}

func (a *asked) Collect(ctx context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	if a.first == nil {
		a.first = &q
	}
	// What the collector of a system leaves out is left out here.
	return a.recorded.Collect(ctx, q, func(s *socket.Socket) error {
		if !q.States.Has(s.State) {
			return nil
		}
		return yield(s)
	})
}

// end runs kill or close against a collector.
func end(t *testing.T, c collector.Collector, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return endAt(t, 0, c, args...)
}

// endAt is end on a terminal that is so wide.
func endAt(t *testing.T, width int, c collector.Collector, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	s := streams.Streams{In: strings.NewReader("y\n"), Out: &out, Err: &errs, Terminal: true, Width: width, Env: func(string) string { return "" }}
	cmd := newRootCmd(s, nil)
	cmd.RemoveCommand(cmd.Commands()...)
	cmd.AddCommand(newKillCmd(s, func(o *killOptions) error {
		o.collector = c
		return killRun(context.Background(), o)
	}), newCloseCmd(s, func(o *closeOptions) error {
		o.collector = c
		return closeRun(context.Background(), o)
	}))
	code = execute(context.Background(), s, cmd, args)
	return code, out.String(), errs.String()
}

func TestKillQuestion(t *testing.T) {
	t.Parallel()
	listening := socket.ListeningStates
	bound := listening | socket.StateSetOf(socket.Bound)
	for args, want := range map[string]struct {
		protos socket.ProtoSet
		states socket.StateSet
		only   string
	}{
		":8080":                           {of(socket.TCP, socket.UDP), listening, "46"},
		"-t :8080":                        {of(socket.TCP), listening, "46"},
		"-u -6 :53":                       {of(socket.UDP), listening, "6"},
		"nginx":                           {of(socket.TCP, socket.UDP), listening, "46"},
		"proto tcp and port 80":           {of(socket.TCP), listening, "46"},
		"state established and :81":       {of(socket.TCP, socket.UDP), listening, "46"},
		"state all :8080":                 {of(socket.TCP, socket.UDP), listening, "46"},
		"not state established and :8080": {of(socket.TCP, socket.UDP), listening, "46"},
		"state bound and :7000":           {of(socket.TCP, socket.UDP), bound, "46"},
		"(state bound,listening) and :70": {of(socket.TCP, socket.UDP), bound, "46"},
	} {
		c := &asked{}
		code, _, stderr := end(t, c, append([]string{"kill", "--yes"}, strings.Fields(args)...)...)
		q := c.first
		only := ""
		if q.IPv4 {
			only = "4"
		}
		if q.IPv6 {
			only += "6"
		}
		if code != exitNone || q.Protos != want.protos || q.States != want.states || only != want.only {
			t.Errorf("%s: exit %d, %q, asked for %v %v of %s", args, code, stderr, q.Protos, q.States, only)
		}
	}
}

// held is a listener of a process.
func heldBy(p *socket.Process) socket.Socket {
	return socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Listen, Inode: 5, Cookie: 7,
		Local:     socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: 80},
		Processes: []socket.Holder{{Process: p, FD: 3}},
	}
}

// TestKillRefusal: what is never signalled, and what cannot be, with nothing
// that could act on a terminal in any of it.
func TestKillRefusal(t *testing.T) {
	t.Parallel()
	long := time.Now().Add(-time.Hour)
	const hostile = "a\x1b[2J\nb"
	tests := []struct {
		name   string
		p      socket.Process
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{
			"the first process",
			socket.Process{PID: 1, Name: hostile, Started: long},
			[]string{"--yes"},
			exitFailed, "",
			`nothing was done: a\x1b[2J\nb[1] holds tcp 127.0.0.1:80, and is never signalled: it is the first process of this machine or container`,
		},
		{
			"a service manager",
			socket.Process{PID: 3999999, Name: "systemd", Started: long, Workload: &socket.Workload{Unit: "init.scope", HasManager: true}},
			[]string{"--yes"},
			exitFailed, "", "it is a service manager, which holds the port for a service. ",
		},
		{
			"the same, and only to be shown",
			socket.Process{PID: 1, Name: "systemd", Started: long},
			[]string{"--dry-run"},
			exitFailed, "LISTEN",
			"systemctl list-sockets --all",
		},
		{
			"nobody knows since when",
			socket.Process{PID: 3999999, Name: hostile},
			[]string{"--yes"},
			exitNone,
			`   but   it cannot be told whether it is the same process still`, "there is no process to end",
		},
		{
			"it has ended", socket.Process{PID: 3999999, Name: "web", Started: long}, []string{"--yes"}, exitNone, "it has ended", "there is no process to end",
		},
		{
			"a service",
			socket.Process{PID: 3999999, Name: "web", Started: long, Workload: &socket.Workload{Unit: "web.service"}},
			[]string{"--dry-run"},
			exitNone, "   do    Stop the service; a process that is merely ended may be started again.\n           systemctl stop web.service\n", "",
		},
	}
	for _, tt := range tests {
		c := &recorded{rows: []socket.Socket{heldBy(&tt.p)}}
		code, stdout, stderr := end(t, c, append([]string{"kill", ":80"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: exit %d, stdout\n%s\nstderr\n%s", tt.name, code, stdout, stderr)
		}
		if strings.ContainsAny(stdout+stderr, "\x1b") {
			t.Errorf("%s: an escape gets through: %q", tt.name, stdout+stderr)
		}
	}
}

func TestEndNeedsTerminal(t *testing.T) {
	t.Parallel()
	c := &recorded{rows: []socket.Socket{heldBy(&socket.Process{PID: 3999999, Name: "web"})}}
	code, _, stderr := end(t, c, "close", ":80")
	if code != exitFailed || !strings.Contains(stderr, "there is no terminal to ask on") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func sent(all ...syscall.Signal) []syscall.Signal { return all }

func mustSignal(t *testing.T, name string) syscall.Signal {
	t.Helper()
	sig, ok := ending.ParseSignal(name)
	if !ok {
		t.Skipf("no signal %s on this system", name)
	}
	return sig
}

func TestKillOutcomes(t *testing.T) {
	t.Parallel()
	term, kill := mustSignal(t, "TERM"), mustSignal(t, "kill")
	for want, o := range map[string]*ending.Outcome{
		"web[7]: ended by SIGKILL":                                              {Result: ending.Ended, Signals: sent(term, kill)},
		"web[7]: closed it after SIGTERM, and goes on":                          {Result: ending.Released, Signals: sent(term)},
		"web[7]: holds it still, in spite of SIGTERM":                           {Result: ending.Remains, Signals: sent(term)},
		"web[7]: not signalled, it has ended":                                   {Result: ending.Gone, Err: ending.ErrGone},
		"web[7]: not signalled, it has ended, and its pid is another process's": {Result: ending.Gone, Err: ending.ErrReplaced},
		"web[7]: not signalled: it was interrupted before":                      {Err: ending.ErrInterrupted},
		"web[7]: got SIGTERM, and had not ended when this was interrupted":      {Result: ending.Remains, Signals: sent(term), Err: ending.ErrInterrupted},
	} {
		v := victim{Target: ending.Target{PID: 7}, seen: &socket.Process{PID: 7, Name: "web"}, outcome: o}
		if got := string(v.appendOutcome(nil)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
