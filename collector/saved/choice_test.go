package saved

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// mixture is a table of some protocols, families and states, told apart by
// their inodes.
const mixture = `{"proto":"tcp","family":"ipv4","state":"LISTEN","local":{"address":"0.0.0.0","port":80},"inode":1,"processes":[{"pid":7,"fd":3,"name":"nginx"}],"tcp":{"rtt_us":1}}
{"proto":"tcp","family":"ipv6","state":"ESTABLISHED","local":{"address":"::1","port":81},"inode":2,"processes":[],"no_process":"hidden","tcp":{"rtt_us":60000},"memory":{"drops":1}}
{"proto":"udp","family":"ipv4","state":"UNCONN","local":{"address":"0.0.0.0","port":82},"inode":3,"processes":[{"pid":7,"fd":4,"name":"nginx"}]}
{"proto":"unix","family":"unix","state":"LISTEN","local":{"path":"/x"},"inode":4,"processes":[{"pid":8,"fd":3,"name":"dbus"}]}
`

func rtt(t *testing.T, ranges ...filter.Range) filter.Expr {
	t.Helper()
	f, ok := fact.Lookup("rtt")
	if !ok {
		t.Fatal("there is no rtt")
	}
	return filter.Compare{Fact: f, Ranges: ranges}
}

// TestChoice: a file answers the query that it is asked.
func TestChoice(t *testing.T) {
	slow := rtt(t, filter.Range{First: 50_000, Last: 1e9})
	tests := []struct {
		name  string
		set   func(q *collector.Query)
		want  []uint64
		codes string
	}{
		{"all", func(*collector.Query) {}, []uint64{1, 2, 3, 4}, ""},
		{"protocols", func(q *collector.Query) { q.Protos = socket.ProtoSetOf(socket.UDP, socket.Unix) }, []uint64{3, 4}, ""},
		{"IPv4", func(q *collector.Query) { q.IPv6 = false }, []uint64{1, 3, 4}, ""},
		{"IPv6", func(q *collector.Query) { q.IPv4 = false }, []uint64{2, 4}, ""},
		{"states", func(q *collector.Query) { q.States = socket.StateSetOf(socket.Listen) }, []uint64{1, 4}, ""},
		{"filter", func(q *collector.Query) { q.Filter = filter.PID{Ranges: filter.Ranges{{First: 7, Last: 7}}} }, []uint64{1, 3}, "filter-undecided 1"},
		{"filter on a detail", func(q *collector.Query) {
			q.Filter, q.Details = slow, q.Details|socket.DetailTCPInfo
		}, []uint64{2}, ""},
		{"filter on a detail of none", func(q *collector.Query) {
			q.Filter, q.Details = filter.Not{X: filter.Mark{Value: 1, Mask: 1}}, q.Details|socket.DetailMark
			q.Protos = socket.InetProtos
		}, nil, "details-not-saved 3 filter-undecided 3"},
		{"timers of none", func(q *collector.Query) { q.Details |= socket.DetailTimer }, []uint64{1, 2, 3, 4}, "details-not-saved 2"},
		{"memory of some", func(q *collector.Query) { q.Details |= socket.DetailMemory }, []uint64{1, 2, 3, 4}, ""},
		{"timers of no TCP socket", func(q *collector.Query) {
			q.Details, q.Protos = q.Details|socket.DetailTimer, socket.ProtoSetOf(socket.Unix)
		}, []uint64{4}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := everything
			q.Details = socket.DetailOwners
			tt.set(&q)
			rows, report, err := collect(t, []byte(mixture), q)
			if err != nil {
				t.Fatal(err)
			}
			var inodes []uint64
			for _, s := range rows {
				inodes = append(inodes, s.Inode)
			}
			if diff := cmp.Diff(tt.want, inodes); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			var codes []string
			for _, n := range report.Notices {
				codes = append(codes, fmt.Sprint(n.Code, " ", n.Count))
			}
			if diff := cmp.Diff(tt.codes, strings.Join(codes, " ")); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStrip: what nobody asks for is not shown.
func TestStrip(t *testing.T) {
	q := everything
	q.Details = 0
	rows, report, err := collect(t, []byte(mixture), q)
	if err != nil || len(rows) != 4 {
		t.Fatal(len(rows), err)
	}
	for _, s := range rows {
		if len(s.Processes) > 0 || s.NoProcess != socket.ReasonNone || s.Details != nil && *s.Details != (socket.Details{}) {
			t.Errorf("left %+v", s)
		}
	}
	if report.Source.Owners != "none" || len(report.Notices) > 0 {
		t.Errorf("report %+v", report)
	}
}

// TestOwnersNotSaved: lines and documents tell whether anybody asked for the
// processes.
func TestOwnersNotSaved(t *testing.T) {
	s := snapshot(newGenerator(3), 5, false)
	s.Notices = nil
	for name, file := range map[string][]byte{"document": documentOf(t, s), "lines": linesOf(t, s)} {
		q := everything
		q.Details = socket.DetailOwners
		_, report, err := collect(t, file, q)
		want := []socket.Notice{{
			Code: "owners-not-saved", Count: 5, Message: "file holds no processes", Hint: "save it without --no-processes",
		}}
		if diff := cmp.Diff(want, report.Notices); err != nil || diff != "" {
			t.Errorf("%s: %v, notices (-want +got):\n%s", name, err, diff)
		}
		if report.Source.Owners != "none" {
			t.Errorf("%s: owners %q", name, report.Source.Owners)
		}
	}
}

// TestKeyOrder: a document may say at the end what it is, and a line its
// protocol.
func TestKeyOrder(t *testing.T) {
	const reversed = `{"state":"LISTEN","local":{"port":22,"path_base64":"AGE=","path":"@a","zone":"e","address":"fe80::1"},"device_base64":"/w==","device":"\\xff","inode":5,"proto":"tcp","later":[{"x":{}}],"time":"2026-05-04T11:12:11Z","host":"box"}`
	for _, file := range []string{
		`{"sockets":[` + oneRow + `,` + reversed + `],"later":{"a":[1,2.5e3,"x",null]},"notices":[{"message":"m","code":"c"}],"source":{"owners":"proc","kernel":"6"},"time":"2026-05-04T11:12:11Z","host":"box","schema":"sockls/v1"}`,
		`{"schema":"sockls/v1","host":"box","time":"2026-05-04T11:12:11Z","notices":[{"message":"m","code":"c"}],"source":{"owners":"proc","kernel":"6"},"sockets":[` + oneRow + `,` + reversed + `],"later":1}`,
	} {
		rows, report, err := collect(t, []byte(file), everythingSaved)
		if err != nil || len(rows) != 2 {
			t.Fatal(len(rows), err)
		}
		want := socket.Report{
			Source: socket.Source{Kernel: "6", Owners: "none"}, Notices: []socket.Notice{{Code: "c", Message: "m"}},
			Origin: report.Origin,
		}
		if diff := cmp.Diff(want, report); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		checkReversed(t, rows[1], report)
	}
	rows, report, err := collect(t, []byte(reversed+"\n"+reversed), everythingSaved)
	if err != nil || len(rows) != 2 || len(report.Notices) > 0 {
		t.Fatal(len(rows), err, report.Notices)
	}
	checkReversed(t, rows[0], report)
	checkReversed(t, rows[1], report)
}

func checkReversed(t *testing.T, s *socket.Socket, report socket.Report) {
	t.Helper()
	if s.Proto != socket.TCP || s.Local.Addr.String() != "fe80::1%e" || s.Local.Port != 22 || s.Device != "\xff" || s.State != socket.Listen {
		t.Errorf("row %+v", s)
	}
	if report.Origin.Host != "box" || report.Origin.Time.Unix() != 1777893131 {
		t.Errorf("origin %+v", report.Origin)
	}
}

// TestMixedOrigins: lines of two machines or times in one file are not passed
// off as of one.
func TestMixedOrigins(t *testing.T) {
	const first = `{"host":"a","time":"2026-05-04T11:12:11Z",`
	for _, second := range []string{
		first, `{"host":"b","time":"2026-05-04T11:12:11Z",`, `{"host":"a","time":"2026-05-04T11:12:12Z",`, `{"host":"a",`, `{`,
	} {
		file := strings.Replace(oneRow, "{", first, 1) + "\n" + strings.Replace(oneRow, "{", second, 1)
		_, report, err := collect(t, []byte(file), everythingSaved)
		if err != nil || report.Origin.Host != "a" {
			t.Fatalf("%v, %+v", err, report)
		}
		if mixed := len(report.Notices) == 1 && report.Notices[0].Code == "mixed-origins"; mixed != (second != first) {
			t.Errorf("after %s comes %s: notices %+v", first, second, report.Notices)
		}
	}
}

// TestOnce: a file is one collection, and says so when asked for another.
func TestOnce(t *testing.T) {
	f, err := Open(strings.NewReader(mixture), "file")
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	if _, err := f.Collect(t.Context(), everything, func(*socket.Socket) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Collect = %v, want what yield returned", err)
	}
	if _, err := f.Collect(t.Context(), everything, drop); !errors.Is(err, errRead) {
		t.Errorf("second Collect = %v, want %v", err, errRead)
	}
	f, _ = Open(strings.NewReader(mixture), "file")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Collect(ctx, everything, drop); !errors.Is(err, context.Canceled) {
		t.Errorf("Collect after the end = %v", err)
	}
}

// TestFlatMemory: rows that nobody keeps take no memory, though each may be kept.
func TestFlatMemory(t *testing.T) {
	t.Parallel()
	s := busy(3_000, false)
	for name, file := range map[string][]byte{"document": documentOf(t, s), "lines": linesOf(t, s)} {
		f, err := Open(strings.NewReader(string(file)), "file")
		if err != nil {
			t.Fatal(err)
		}
		most, n := 0, 0
		if _, err := f.Collect(t.Context(), everything, func(*socket.Socket) error {
			n++
			most = max(most, len(f.rows.(*jsonReader).buf)+len(f.rows.(*jsonReader).waiting)*1000)
			return nil
		}); err != nil || n != 3_000 {
			t.Fatal(n, err)
		}
		if most > 2*bufferSize {
			t.Errorf("%s: %d bytes were held", name, most)
		}
	}
}
