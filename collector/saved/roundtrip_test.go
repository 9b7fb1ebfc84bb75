package saved

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockls/sockls/collector"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/jsonout"
)

var everything = collector.Query{
	Protos: socket.AllProtos, States: socket.AllStates, IPv4: true, IPv6: true, Details: ^socket.Detail(0),
}

// collect reads all rows of a file.
func collect(t testing.TB, file []byte, q collector.Query) ([]*socket.Socket, socket.Report, error) {
	t.Helper()
	f, err := Open(bytes.NewReader(file), "file")
	if err != nil {
		return nil, socket.Report{}, err
	}
	var rows []*socket.Socket
	report, err := collector.Gather(context.Background(), f, q, func(s *socket.Socket) { rows = append(rows, s) })
	return rows, report, err
}

var equal = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func snapshot(g generator, n int, owners bool) *socket.Snapshot {
	s := &socket.Snapshot{
		Host: g.text(), Time: time.Unix(g.Int64N(4e9), g.Int64N(1e9)),
		Report: socket.Report{Source: socket.Source{Kernel: g.maybe(), Tables: []string{"sock_diag"}, Owners: "none"}},
	}
	if owners {
		s.Source.Owners, s.Source.OwnersReason = "proc", g.maybe()
	}
	for range g.IntN(3) {
		s.Notices = append(s.Notices, socket.Notice{Code: "code", Count: g.IntN(100), Message: g.text(), Hint: g.maybe()})
	}
	for range n {
		s.Sockets = append(s.Sockets, g.socket(owners))
	}
	return s
}

func documentOf(t testing.TB, s *socket.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jsonout.Document(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func linesOf(t testing.TB, s *socket.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	w := jsonout.NewLines(&b, s.Host, s.Time, jsonout.HasOwners(&s.Source))
	for _, row := range s.Sockets {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRoundTrip: what jsonout writes comes back, every field and every byte.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for seed := range uint64(15) {
		owners := seed%3 != 0
		want := snapshot(newGenerator(seed), 20, owners)
		for form, file := range map[string][]byte{"document": documentOf(t, want), "lines": linesOf(t, want)} {
			q := everything
			if !owners {
				q.Details &^= socket.DetailOwners
			}
			rows, report, err := collect(t, file, q)
			if err != nil {
				t.Fatalf("seed %d, %s: %v\n%s", seed, form, err, file)
			}
			if diff := cmp.Diff(want.Sockets, rows, equal); diff != "" {
				t.Fatalf("seed %d, %s (-want +got):\n%s", seed, form, diff)
			}
			if report.Origin.Host != want.Host || !report.Origin.Time.Equal(want.Time) {
				t.Errorf("seed %d, %s: origin %+v, want %q at %v", seed, form, report.Origin, want.Host, want.Time)
			}
			if form == "lines" {
				continue
			}
			if diff := cmp.Diff(want.Source, report.Source, equal); diff != "" {
				t.Errorf("seed %d: source (-want +got):\n%s", seed, diff)
			}
			if diff := cmp.Diff(want.Notices, report.Notices[:len(want.Notices)], equal); diff != "" {
				t.Errorf("seed %d: notices (-want +got):\n%s", seed, diff)
			}
			again := *want
			again.Sockets, again.Report = rows, report
			again.Notices = again.Notices[:len(want.Notices)]
			if !slices.Equal(documentOf(t, &again), file) {
				t.Errorf("seed %d: the document that was read is written another way", seed)
			}
		}
	}
}
