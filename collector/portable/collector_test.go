package portable

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
)

// ask collects from a recorded system and returns a word for each row.
func ask(t *testing.T, c *Collector, q Query) ([]string, socket.Report) {
	t.Helper()
	var rows []string
	report, err := c.Collect(t.Context(), q, func(s *socket.Socket) error {
		rows = append(rows, fmt.Sprintf("%s%d:%d", s.Proto, map[socket.Family]int{socket.IPv4: 4, socket.IPv6: 6}[s.Family], s.Local.Port))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, report
}

func codes(notices []socket.Notice) []string {
	var all []string
	for _, n := range notices {
		all = append(all, n.Code)
	}
	return all
}

func parsed(t *testing.T, text string) filter.Expr {
	t.Helper()
	e, err := filter.Parse(text, filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e.Expr
}

func TestCollect(t *testing.T) {
	facts := map[int32]Facts{
		801: {Name: "nginx", Command: "nginx: master", UID: 0, HasUID: true},
		802: {Name: "nginx", Command: "nginx: worker", UID: 502, HasUID: true},
	}
	tests := []struct {
		name    string
		change  func(q *Query, h *canned)
		filter  string
		want    []string
		notices []string
		runs    int
	}{
		{
			name: "TCP alone, IPv6 alone", change: func(q *Query, _ *canned) { q.Protos, q.IPv4 = socket.ProtoSetOf(socket.TCP), false },
			want: []string{"tcp6:7000", "tcp6:5000", "tcp6:49152", "tcp6:8080"}, runs: 2,
		},
		{
			name: "listeners without processes", change: func(q *Query, _ *canned) { q.States, q.Details = socket.ListeningStates, 0 },
			want: []string{"tcp6:7000", "tcp4:5000", "tcp6:5000", "tcp4:8080", "tcp6:49152", "udp4:5353", "udp6:5353", "udp6:60000"}, runs: 2,
		},
		{name: "a port", filter: "port 8081", want: []string{"tcp4:8081", "tcp4:8081"}, runs: 3},
		{name: "a process", filter: "process nginx", want: []string{"tcp4:8080", "tcp6:8080"}, notices: []string{"filter-undecided"}, runs: 3},
		{
			name: "a command", filter: "command 'nginx: worker'",
			change: func(q *Query, h *canned) { q.Details |= socket.DetailCommand; h.facts = facts },
			// Of those that nobody asks about any more nothing is said.
			want: []string{"tcp4:8080", "tcp6:8080"}, notices: []string{"processes-ended", "filter-undecided"}, runs: 3,
		},
		{
			name: "what no row tells", filter: "port 8080 and rtt > 1ms", change: func(q *Query, _ *canned) { q.Details |= socket.DetailTCPInfo },
			notices: []string{"details-unavailable", "filter-undecided"}, runs: 3,
		},
		{
			name: "a protocol that is not here", want: []string{"udp4:5353", "udp6:5353", "udp4:63657", "udp6:60000"},
			change: func(q *Query, _ *canned) {
				q.Protos, q.Named = socket.ProtoSetOf(socket.UDP, socket.SCTP), socket.ProtoSetOf(socket.SCTP)
				q.States &^= 1 << socket.Close
			},
			notices: []string{"protocol-unsupported"}, runs: 2,
		},
		{
			name: "lsof is missing", change: func(_ *Query, h *canned) { h.denied = map[string]error{"lsof": ErrAbsent} },
			filter: "port 8080", want: []string{"tcp4:8080", "tcp4:8080"}, notices: []string{"owners-unavailable", "owners-partial"}, runs: 3,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, s, h, root := load(t, "testdata/systems/macos-26.txtar")
			q := everything()
			if tt.change != nil {
				tt.change(&q, h)
			}
			if tt.filter != "" {
				q.Filter = parsed(t, tt.filter)
				q.Details |= filter.Details(q.Filter)
			}
			rows, report := ask(t, newCollector(s, h, root), q)
			if diff := cmp.Diff(tt.want, rows); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.notices, codes(report.Notices)); diff != "" {
				t.Error(diff)
			}
			if len(h.runs) != tt.runs {
				t.Errorf("ran %d programs: %s", len(h.runs), strings.Join(h.runs, "; "))
			}
		})
	}
}

// TestNothing: a system of which nothing can be read gives no answer, and not an
// empty one.
func TestNothing(t *testing.T) {
	for _, s := range []*system{macSystem(), freebsdSystem(), openbsdSystem(), netbsdSystem(), dragonflySystem(), solarisSystem("illumos"), aixSystem()} {
		for _, details := range []socket.Detail{0, socket.DetailOwners} {
			q := everything()
			q.Details = details
			_, err := newCollector(s, &canned{}, true).Collect(t.Context(), q, func(*socket.Socket) error { return nil })
			if !errors.Is(err, errNothing) || !errors.Is(err, ErrAbsent) {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, s, h, root := load(t, "testdata/systems/macos-26.txtar")
	_, err := newCollector(s, h, root).Collect(ctx, everything(), func(*socket.Socket) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestDetails: every detail is told by the system or named by the notice.
func TestDetails(t *testing.T) {
	unspoken := socket.DetailOwners | socket.DetailUser | socket.DetailUID | socket.DetailQueues | socket.DetailPeer |
		socket.DetailIdentity | socket.DetailWorkload | socket.DetailProcessUser | socket.DetailNetNS
	for d := socket.DetailOwners; d <= socket.DetailWorkload; d <<= 1 {
		if !unspoken.Has(d) && len(words(d)) == 0 {
			t.Errorf("detail %#x is missing without a word", uint32(d))
		}
	}
}

// TestFindHolders: rows that were collected without processes are given them.
func TestFindHolders(t *testing.T) {
	_, s, h, root := load(t, "testdata/systems/macos-26.txtar")
	c := newCollector(s, h, root)
	q := everything()
	q.Details = 0
	var rows []*socket.Socket
	if _, err := c.Collect(t.Context(), q, func(s *socket.Socket) error {
		if len(s.Processes) > 0 || s.NoProcess != socket.ReasonNone {
			t.Errorf("%s has holders unasked", line(s))
		}
		rows = append(rows, s)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	gone := *rows[0]
	gone.Local.Port = 1
	rows = append(rows, &gone)
	if _, err := c.FindHolders(t.Context(), q, rows); err != nil {
		t.Fatal(err)
	}
	// To a table without processes a connection of IPv4 is one, whatever socket it has.
	holders := func(s *socket.Socket) string {
		_, held, _ := strings.Cut(line(s), " user ")
		return fmt.Sprint(tupleOf(s), held)
	}
	var got []string
	if _, err := c.Collect(t.Context(), everything(), func(s *socket.Socket) error {
		got = append(got, holders(s))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i, s := range rows[:len(rows)-1] {
		if !slices.Contains(got, holders(s)) {
			t.Errorf("row %d: %s", i, line(s))
		}
	}
	if gone.NoProcess != socket.ReasonUnknown {
		t.Errorf("gone: %s", line(&gone))
	}
}
