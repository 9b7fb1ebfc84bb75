package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/cmd/internal/streams"
	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/procfs"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/summary"
)

// summarise runs the summary with these options.
func summarise(t *testing.T, set func(*listOptions, *collector.Query)) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	o := &listOptions{summary: "all"}
	o.colour = "never"
	o.streams = streams.Streams{Out: &out, Err: &errs, Env: func(string) string { return "" }}
	var q collector.Query
	if err := o.selection.apply(&q); err != nil {
		t.Fatal(err)
	}
	o.widen(&q)
	if set != nil {
		set(o, &q)
	}
	if o.from == "" {
		if err := o.openSystem(); err != nil {
			t.Fatal(err)
		}
	}
	err = summaryRun(t.Context(), o, q)
	return out.String(), errs.String(), err
}

func TestWiden(t *testing.T) {
	usual := socket.InetProtos | of(socket.Unix, socket.Packet, socket.Netlink)
	tests := []struct {
		o      listOptions
		protos socket.ProtoSet
		states socket.StateSet
	}{
		{listOptions{}, usual, socket.AllStates},
		{listOptions{selection: selection{tcp: true}}, of(socket.TCP), socket.AllStates},
		{listOptions{selection: selection{query: "inet"}}, socket.InetProtos, socket.AllStates},
		{listOptions{selection: selection{query: "all"}}, socket.AllProtos, socket.AllStates},
		{listOptions{selection: selection{listen: true}}, usual, socket.ListeningStates},
		{listOptions{selection: selection{all: true, ipv4: true}}, usual, socket.AllStates},
	}
	for i, tt := range tests {
		var q collector.Query
		if err := tt.o.selection.apply(&q); err != nil {
			t.Fatal(err)
		}
		tt.o.widen(&q)
		if q.Protos != tt.protos || q.States != tt.states {
			t.Errorf("%d: protocols %b, states %b", i, q.Protos, q.States)
		}
		if got, want := tt.o.narrowed(q), i > 0; got != want {
			t.Errorf("%d: narrowed %t", i, got)
		}
	}
}

func TestSummaryUsage(t *testing.T) {
	tests := []struct {
		set  func(*listOptions)
		want string
	}{
		{func(o *listOptions) { o.summary = "some" }, `--summary is all or counters, not "some"`},
		{func(o *listOptions) { o.jsonl = true }, "--summary is text or, with --json, one document"},
		{func(o *listOptions) { o.csv = true }, "--summary is text or, with --json, one document"},
		{func(o *listOptions) { o.save, o.saves = "x", true }, "--summary keeps no sockets that --save could write"},
		{func(o *listOptions) { o.colour = "red" }, `--color is auto, always or never, not "red"`},
		{
			func(o *listOptions) { o.summary, o.from = "counters", "x" },
			"--summary=counters is about the running kernel, and --from about what was saved",
		},
	}
	for _, tt := range tests {
		stdout, _, err := summarise(t, func(o *listOptions, _ *collector.Query) {
			o.collector = &recorded{}
			tt.set(o)
		})
		if err == nil || err.Error() != tt.want || stdout != "" {
			t.Errorf("%v, want %s; printed %q", err, tt.want, stdout)
		}
	}
}

// TestSummaryFrom: what was saved is never mixed with what this machine says.
func TestSummaryFrom(t *testing.T) {
	c := &recorded{notices: []socket.Notice{{Code: "no-diag-module", Message: "something is missing", Hint: "look into processes"}}}
	for i := range 3 {
		s := socket.Socket{Proto: socket.TCP, Family: socket.IPv4, State: socket.TimeWait}
		s.Local.Port, s.Remote.Port = uint32(100+i), 443
		c.rows = append(c.rows, s)
	}
	from := func(o *listOptions, _ *collector.Query) { o.collector, o.from = c, "x.json" }
	stdout, stderr, err := summarise(t, from)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stdout, "Sockets") {
		t.Errorf("begins with %.20q", stdout)
	}
	for _, never := range []string{"Transport", "Turned away", "at most", "tcp_tw_reuse"} {
		if strings.Contains(stdout, never) {
			t.Errorf("%q in\n%s", never, stdout)
		}
	}
	for _, want := range []string{"TIME_WAIT 3 of 3 TCP sockets (100%)\n", "TCP 3, UDP 0 (which are ephemeral is not known)\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	const want = "sockls: what was saved are sockets: the counters and the range of ephemeral ports are not among it\n" +
		"sockls: something is missing\n"
	if diff := cmp.Diff(want, stderr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !c.asked.Details.Has(socket.DetailQueues) || c.asked.Details.Has(ownerDetails) {
		t.Errorf("asks for %b", c.asked.Details)
	}

	var doc struct {
		Host    string
		Time    *string
		Notices []struct{ Code string }
		Summary map[string]any
	}
	stdout, _, err = summarise(t, func(o *listOptions, q *collector.Query) { from(o, q); o.json = true })
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Host != "" || doc.Time != nil || len(doc.Notices) != 2 || doc.Summary["counters"] != nil || doc.Summary["sockets"] == nil {
		t.Errorf("%+v", doc)
	}
}

// TestSummaryFilter: the filter goes to the collector, and an empty answer to it
// is no match; a machine without a socket is an answer.
func TestSummaryFilter(t *testing.T) {
	for filtered, want := range map[bool]error{true: exitError(exitNone), false: nil} {
		c := &recorded{}
		_, _, err := summarise(t, func(o *listOptions, q *collector.Query) {
			o.collector, o.from = c, "x.json"
			if filtered {
				q.Filter = filter.And{}
			}
		})
		if !errors.Is(err, want) || (c.asked.Filter != nil) != filtered {
			t.Errorf("filtered %t: %v, want %v; asked %+v", filtered, err, want, c.asked)
		}
	}
}

// TestSummaryStrict: advice is not about what is missing.
func TestSummaryStrict(t *testing.T) {
	for missing, want := range map[bool]error{true: exitError(exitIncomplete), false: nil} {
		_, stderr, err := summarise(t, func(o *listOptions, _ *collector.Query) {
			c := &recorded{}
			if missing {
				c.notices = []socket.Notice{{Code: "x", Message: "something is missing"}}
			}
			o.collector, o.strict = c, true
			o.advice = []socket.Notice{{Code: "y", Message: "say it in another way"}}
		})
		if !errors.Is(err, want) || !strings.Contains(stderr, "say it in another way") {
			t.Errorf("missing %t: %v, want %v; %s", missing, err, want, stderr)
		}
	}
	broken := errors.New("no table")
	if _, _, err := summarise(t, func(o *listOptions, _ *collector.Query) { o.collector = &recorded{err: broken} }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// TestReadCounters reads a recorded tree, then one with a file less each time.
func TestReadCounters(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"net/sockstat":                         "sockets: used 9\nTCP: inuse 7 orphan 1 tw 5 alloc 10 mem 0\nUDP: inuse 3 mem 0\nRAW: inuse 2\nFRAG: inuse 0 memory 0\n",
		"net/sockstat6":                        "TCP6: inuse 4\nUDP6: inuse 1\nRAW6: inuse 0\nFRAG6: inuse 6 memory 0\n",
		"net/snmp":                             "Tcp: RtoMin CurrEstab\nTcp: 200 6\n",
		"net/netstat":                          "TcpExt: ListenOverflows ListenDrops TCPTimeWaitOverflow\nTcpExt: 12 13 14\n",
		"net/protocols":                        "header\nMPTCPv6 2064 1\nMPTCP 1936 2\nUNIX-STREAM 1152 3\nUNIX 1152 4\nTCP 2304 7\nPING 1016 0\nUDP-Lite 1 1\nUDPLITEv6 1 2\n",
		"sys/net/ipv4/ip_local_port_range":     "32768\t60999\n",
		"sys/net/ipv4/ip_local_reserved_ports": "40000-40009\n",
		"sys/net/ipv4/tcp_max_tw_buckets":      "100\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := summary.CountOf
	want := &summary.Counters{
		Sockets: n(9), Allocated: n(10), Orphaned: n(1), TimeWait: n(5), Established: n(6),
		IPv4: summary.Transports{Raw: n(2), UDP: n(3), TCP: n(7), Fragments: n(0)},
		IPv6: summary.Transports{Raw: n(0), UDP: n(1), TCP: n(4), Fragments: n(6)},
		Protos: []summary.ProtoCount{
			{Proto: socket.MPTCP, Total: 3, IPv4: 2, IPv6: 1},
			{Proto: socket.UDPLite, Total: 3, IPv4: 1, IPv6: 2},
			{Proto: socket.Unix, Total: 7},
		},
		Drops: summary.Drops{ListenOverflows: n(12), ListenDrops: n(13), TimeWaitOverflows: n(14)},
	}
	got, limits, notices := readCounters(procfs.FS{Root: root})
	if diff := cmp.Diff(want, got); diff != "" || len(notices) > 0 {
		t.Errorf("notices %v, (-want +got):\n%s", notices, diff)
	}
	if limits.Ports.Size() != 28222 || limits.TimeWait != n(100) || limits.TimeWaitReuse.Known {
		t.Errorf("limits %+v", limits)
	}
	for _, gone := range []struct {
		name     string
		notices  []string
		counters bool
	}{
		{"net/sockstat6", nil, true}, // a kernel without IPv6
		{"sys/net/ipv4/ip_local_reserved_ports", nil, true},
		{"sys/net/ipv4/tcp_max_tw_buckets", nil, true},
		{"net/protocols", []string{"counters-unreadable"}, true},
		{"net/snmp", []string{"counters-unreadable", "counters-unreadable"}, true},
		{"sys/net/ipv4/ip_local_port_range", []string{"ports-unknown", "counters-unreadable", "counters-unreadable"}, true},
		{"net/sockstat", []string{"ports-unknown", "counters-unreadable"}, false},
	} {
		if err := os.Remove(filepath.Join(root, gone.name)); err != nil {
			t.Fatal(err)
		}
		counters, _, notices := readCounters(procfs.FS{Root: root})
		var codes []string
		for _, n := range notices {
			codes = append(codes, n.Code)
		}
		if diff := cmp.Diff(gone.notices, codes); diff != "" || (counters != nil) != gone.counters {
			t.Errorf("without %s: counters %+v, (-want +got):\n%s", gone.name, counters, diff)
		}
	}
}
