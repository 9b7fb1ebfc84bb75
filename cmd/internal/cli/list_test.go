package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
)

// recorded is a collector with a prepared answer that remembers the question.
type recorded struct {
	rows    []socket.Socket
	notices []socket.Notice
	err     error
	asked   collector.Query
}

func (r *recorded) Collect(_ context.Context, q collector.Query, yield func(*socket.Socket) error) (socket.Report, error) {
	r.asked = q
	for i := range r.rows {
		if err := yield(&r.rows[i]); err != nil {
			return socket.Report{}, err
		}
	}
	return socket.Report{Source: socket.Source{Owners: "proc"}, Notices: r.notices}, r.err
}

// run runs a command line against a collector.
func run(t *testing.T, c *recorded, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runTo(&out, &errs, c, args...)
	return code, out.String(), errs.String()
}

func runTo(out interface{ Write([]byte) (int, error) }, errs *bytes.Buffer, c *recorded, args ...string) int {
	s := streams.Streams{In: strings.NewReader(""), Out: out, Err: errs, Env: func(string) string { return "" }}
	cmd := newRootCmd(s, func(o *listOptions) error {
		o.collector = c
		return listRun(context.Background(), o)
	})
	return execute(context.Background(), s, cmd, args)
}

func TestQuery(t *testing.T) {
	tests := []struct {
		args   string
		protos socket.ProtoSet
		named  socket.ProtoSet
		states socket.StateSet
		only   string // "4", "6" or both
	}{
		{"", socket.InetProtos, 0, socket.ConnectedStates, "46"},
		{"-l", socket.InetProtos, 0, socket.ListeningStates, "46"},
		{"-a", socket.InetProtos, 0, socket.AllStates, "46"},
		{"-al", socket.InetProtos, 0, socket.AllStates, "46"},
		{"-tulpn", of(socket.TCP, socket.UDP), of(socket.TCP, socket.UDP), socket.ListeningStates, "46"},
		{"-4", socket.InetProtos, 0, socket.ConnectedStates, "4"},
		{"-6t", of(socket.TCP), of(socket.TCP), socket.ConnectedStates, "6"},
		{"-46", socket.InetProtos, 0, socket.ConnectedStates, "46"},
		{"-xw0M", of(socket.Unix, socket.Raw, socket.Packet, socket.MPTCP), of(socket.Unix, socket.Raw, socket.Packet, socket.MPTCP), socket.ConnectedStates, "46"},
		{"-S --vsock --xdp --tipc", of(socket.SCTP, socket.Vsock, socket.XDP, socket.TIPC), of(socket.SCTP, socket.Vsock, socket.XDP, socket.TIPC), socket.ConnectedStates, "46"},
		{"-A all", socket.AllProtos, 0, socket.ConnectedStates, "46"},
		{"-A all,!tcp,!unix", socket.AllProtos &^ of(socket.TCP, socket.Unix), 0, socket.ConnectedStates, "46"},
		{"-A !udp", socket.InetProtos &^ of(socket.UDP), 0, socket.ConnectedStates, "46"},
		{"-A inet,vsock", socket.InetProtos | of(socket.Vsock), of(socket.Vsock), socket.ConnectedStates, "46"},
		{"-t -A udp", of(socket.TCP, socket.UDP), of(socket.TCP, socket.UDP), socket.ConnectedStates, "46"},
		{"--query tcp,!tcp", 0, 0, socket.ConnectedStates, "46"},
		{"-f inet6", socket.InetProtos, 0, socket.ConnectedStates, "6"},
		{"-f inet -t", of(socket.TCP), of(socket.TCP), socket.ConnectedStates, "4"},
		{"-f link", of(socket.Packet), of(socket.Packet), socket.ConnectedStates, "46"},
		{"-f netlink", of(socket.Netlink), of(socket.Netlink), socket.ConnectedStates, "46"},
	}
	for _, tt := range tests {
		c := &recorded{}
		if code, _, stderr := run(t, c, strings.Fields(tt.args)...); code != exitNone || stderr != "" {
			t.Errorf("%s: exit %d, %s", tt.args, code, stderr)
		}
		want := collector.Query{
			Protos: tt.protos, Named: tt.named, States: tt.states, Details: c.asked.Details,
			IPv4: strings.Contains(tt.only, "4"), IPv6: strings.Contains(tt.only, "6"),
		}
		if diff := cmp.Diff(want, c.asked); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.args, diff)
		}
	}
}

func of(protos ...socket.Proto) socket.ProtoSet { return socket.ProtoSetOf(protos...) }

func TestDetails(t *testing.T) {
	tests := []struct {
		args        string
		want, never socket.Detail
	}{
		{"-l", socket.DetailOwners | socket.DetailUser, socket.DetailCommand | socket.DetailNetNS | socket.DetailPeer},
		{"-a", socket.DetailOwners | socket.DetailPeer, socket.DetailExe},
		{"-l --no-processes", socket.DetailUser, socket.DetailOwners},
		{"-l --columns proto,local", 0, socket.DetailOwners | socket.DetailUser},
		{"-l --columns +exe", socket.DetailOwners | socket.DetailExe, socket.DetailCommand},
		{"-l --columns local --sort pid", socket.DetailOwners, socket.DetailUser},
		{"-l --json", holderDetails | socket.DetailUser | socket.DetailNetNS, 0},
		{"-l --json --no-processes", socket.DetailUser, ownerDetails},
	}
	for _, tt := range tests {
		c := &recorded{}
		run(t, c, strings.Fields(tt.args)...)
		if got := c.asked.Details; got&tt.want != tt.want || got&tt.never != 0 {
			t.Errorf("%s asks for %b, want %b and not %b", tt.args, got, tt.want, tt.never)
		}
	}
}

func TestWrongWords(t *testing.T) {
	tests := []struct{ args, want string }{
		{"--lisen", `sockls: unknown flag "--lisen", did you mean "--listening"?`},
		{"-A tpc", `sockls: unknown socket table "tpc", did you mean "tcp"?`},
		{"-f inet66", `sockls: unknown family "inet66", did you mean "inet6"?`},
		{"--columns loacl", `sockls: unknown column "loacl", did you mean "local"?`},
		{"--sort recvq", `sockls: unknown sort key "recvq", did you mean "recv-q"?`},
		{"--color sometimes", `sockls: --color is auto, always or never, not "sometimes"`},
		{"--json --csv", "sockls: --json, --jsonl and --csv exclude each other"},
		{"verson", `sockls: unknown command "verson", did you mean "version"? (for a process of that name: sockls process verson)`},
		{"wyh 80", `sockls: unknown command "wyh", did you mean "why"? (for a process of that name: sockls process wyh)`},
		{"-Y", "sockls: unknown shorthand flag: 'Y' in -Y; see sockls --help"},
	}
	for _, tt := range tests {
		code, stdout, stderr := run(t, &recorded{}, strings.Fields(tt.args)...)
		if code != exitFailed || stdout != "" || stderr != tt.want+"\n" {
			t.Errorf("%s: exit %d, stdout %q, stderr %q, want %q", tt.args, code, stdout, stderr, tt.want)
		}
	}
}

func listener() socket.Socket {
	return socket.Socket{
		Proto: socket.TCP, Family: socket.IPv4, Type: socket.Stream, State: socket.Listen, SendQ: 128,
		Local:     socket.Endpoint{Addr: netip.MustParseAddr("127.0.0.1"), Port: 80},
		Processes: []socket.Holder{{Process: &socket.Process{PID: 7, Name: "web"}, FD: 3}},
	}
}

func TestExitCodes(t *testing.T) {
	notice := []socket.Notice{{Code: "owners-hidden", Count: 2, Message: "2 sockets belong to other users", Hint: "run as root"}}
	tests := []struct {
		name    string
		c       recorded
		args    string
		code    int
		stderr  string
		nothing bool // on standard output
	}{
		{name: "match", c: recorded{rows: []socket.Socket{listener()}}, args: "-l", code: 0},
		{name: "none", args: "-l", code: 1},
		{
			name: "notice", c: recorded{rows: []socket.Socket{listener()}, notices: notice}, args: "-l",
			stderr: "sockls: 2 sockets belong to other users; run as root\n",
		},
		{name: "quiet", c: recorded{rows: []socket.Socket{listener()}, notices: notice}, args: "-l --quiet"},
		{name: "strict", c: recorded{rows: []socket.Socket{listener()}, notices: notice}, args: "-l --quiet --strict", code: 3},
		{name: "strict and complete", c: recorded{rows: []socket.Socket{listener()}}, args: "-l --strict"},
		{
			name: "failure", c: recorded{err: errors.New("no table\x1b[2J")}, args: "-l", code: 2,
			stderr: "sockls: no table\\x1b[2J\n", nothing: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := run(t, &tt.c, strings.Fields(tt.args)...)
			if code != tt.code || stderr != tt.stderr || (stdout == "") != tt.nothing {
				t.Errorf("exit %d, stderr %q, stdout %q", code, stderr, stdout)
			}
		})
	}
}

// TestFormats checks that every format shows the row, sorted or streamed.
func TestFormats(t *testing.T) {
	for args, want := range map[string]string{
		"":        "tcp    LISTEN       0     128  127.0.0.1:80  -       -     web[7]\n",
		"--csv":   "tcp,LISTEN,0,128,127.0.0.1:80,,,web[7]\n",
		"--jsonl": `"local":{"address":"127.0.0.1","port":80}`,
		"--json":  `"local":{"address":"127.0.0.1","port":80}`,
	} {
		for _, order := range []string{"", " --sort none", " --sort -local-port"} {
			c := &recorded{rows: []socket.Socket{listener()}}
			code, stdout, stderr := run(t, c, strings.Fields(args+order)...)
			if code != 0 || !strings.Contains(stdout, want) || stderr != "" {
				t.Errorf("%s%s: exit %d, stderr %q, stdout\n%s", args, order, code, stderr, stdout)
			}
		}
	}
	c := &recorded{rows: []socket.Socket{listener()}, notices: []socket.Notice{{Code: "x", Message: "y"}}}
	_, stdout, _ := run(t, c, "--json")
	var document struct {
		Schema  string
		Notices []struct{ Code string }
	}
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || document.Schema != "sockls/v1" || len(document.Notices) != 1 {
		t.Errorf("%v, %+v", err, document)
	}
}

type full struct{ n int }

func (f *full) Write(b []byte) (int, error) {
	if f.n += len(b); f.n > 100 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	rows := make([]socket.Socket, 50_000)
	for i := range rows {
		rows[i] = listener()
	}
	for _, args := range []string{"-l", "-l --sort none", "-l --json", "-l --jsonl", "-l --csv"} {
		var errs bytes.Buffer
		code := runTo(&full{}, &errs, &recorded{rows: rows}, strings.Fields(args)...)
		if code != exitFailed || errs.String() != "sockls: no space left on device\n" {
			t.Errorf("%s: exit %d, %q", args, code, errs.String())
		}
	}
}

func TestResolve(t *testing.T) {
	rows := func() []*socket.Socket {
		a, b, c := listener(), listener(), listener()
		b.Local.Addr = netip.MustParseAddr("10.0.0.2")
		c.Local.Addr = netip.MustParseAddr("0.0.0.0")
		c.Remote.Addr = netip.MustParseAddr("10.0.0.9")
		return []*socket.Socket{&a, &b, &c}
	}
	ask := func(ctx context.Context, addr string) ([]string, error) {
		switch addr {
		case "127.0.0.1":
			return []string{"localhost.", "other."}, nil
		case "10.0.0.2":
			return nil, &net.DNSError{IsNotFound: true}
		case "10.0.0.9":
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, errors.New("asked for " + addr)
	}
	got := rows()
	notices := resolve(context.Background(), ask, 20*time.Millisecond, got)
	hosts := []*socket.Hosts{got[0].Hosts, got[1].Hosts, got[2].Hosts}
	if diff := cmp.Diff([]*socket.Hosts{{Local: "localhost"}, nil, nil}, hosts); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	if len(notices) != 1 || notices[0].Code != "hosts-unresolved" || notices[0].Count != 1 {
		t.Errorf("notices %+v", notices)
	}
}
