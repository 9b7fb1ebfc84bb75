package portable

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
)

// windowsBox is a Windows that answers as it was recorded, and whose tables can fail.
type windowsBox struct {
	canned
	prints map[string]string // by the words that are among the arguments
	fails  map[Kind]error
	t      *testing.T
}

func (b *windowsBox) Connections(ctx context.Context, kind Kind) ([]Raw, error) {
	if err := b.fails[kind]; err != nil {
		return nil, err
	}
	return b.canned.Connections(ctx, kind)
}

func (b *windowsBox) Run(_ context.Context, p Program, args ...string) ([]byte, error) {
	for words, file := range b.prints {
		if !slices.ContainsFunc(strings.Fields(words), func(w string) bool { return !slices.Contains(args, w) }) {
			return recorded(b.t, file), nil
		}
	}
	return nil, fmt.Errorf("%s: %w", p.Name, ErrAbsent)
}

func TestSurveyWindows(t *testing.T) {
	b := &windowsBox{t: t, prints: map[string]string{
		"ipv4 protocol=tcp": "excluded-en.txt", "ipv6 protocol=tcp": "excluded-none.txt",
		"ipv4 protocol=udp": "excluded-none.txt", "ipv6 protocol=udp": "excluded-de.txt",
		"dynamicport": "dynamic-en.txt", "http": "http-11.txt",
	}, canned: canned{facts: map[int32]Facts{1412: {Name: "svchost.exe"}}}}
	var m machine.Machine
	if notices := surveyWindows(context.Background(), b, &m); len(notices) > 0 {
		t.Error(notices)
	}
	if len(m.Excluded) != 6 || !m.HasExcluded {
		t.Errorf("%+v", m)
	}
	want := machine.Exclusion{Ports: machine.Ports{First: 80, Last: 80}, Proto: socket.UDP, Family: socket.IPv6}
	if !slices.Contains(m.Excluded, want) {
		t.Errorf("%+v has no %+v", m.Excluded, want)
	}
	if diff := cmp.Diff(&machine.Ports{First: 49152, Last: 65535}, m.Ephemeral); diff != "" {
		t.Error(diff)
	}
	if len(m.HTTPQueues) != 2 || m.HTTPQueues[0].Programs[0] != "svchost.exe" || m.HTTPQueues[1].Programs[0] != "" {
		t.Errorf("%+v", m.HTTPQueues)
	}
}

func TestSurveyWindowsBlind(t *testing.T) {
	var m machine.Machine
	notices := surveyWindows(context.Background(), &windowsBox{t: t, prints: map[string]string{"ipv4 protocol=tcp": "excluded-en.txt"}}, &m)
	var codes []string
	for _, n := range notices {
		codes = append(codes, n.Code)
	}
	if diff := cmp.Diff([]string{"excluded-ports-unreadable", "dynamic-ports-unreadable"}, codes); diff != "" {
		t.Error(diff)
	}
	if m.HasExcluded || m.HasHTTPQueues || m.Ephemeral != nil || len(m.Excluded) != 4 {
		t.Errorf("%+v", m)
	}
}

// TestWindowsEmptyOrFailed tells tables that are empty from those that fail.
func TestWindowsEmptyOrFailed(t *testing.T) {
	q := Query{Protos: socket.ProtoSetOf(socket.TCP, socket.UDP), IPv4: true, IPv6: true, States: socket.AllStates, Details: socket.DetailOwners}
	denied := errors.New("access is denied")
	full := map[Kind][]Raw{TCP4: {
		{Local: RawAddr{"0.0.0.0", 80}, Status: windowsListen, PID: 4, FD: -1},
		{Local: RawAddr{"10.0.0.1", 80}, Remote: RawAddr{"10.0.0.2", 49152}, Status: "TIME_WAIT", FD: -1},
		{Local: RawAddr{"10.0.0.1", 81}, Remote: RawAddr{"10.0.0.2", 49152}, Status: "ESTAB", FD: -1},
	}, TCP6: {}, UDP4: {}, UDP6: {}}
	tests := []struct {
		name   string
		tables map[Kind][]Raw
		fails  map[Kind]error
		rows   int
		read   []string
		codes  []string
		err    bool
	}{
		{"all", full, nil, 3, []string{"tcp4", "tcp6", "udp4", "udp6"}, nil, false},
		{"one fails", full, map[Kind]error{UDP6: denied}, 3, []string{"tcp4", "tcp6", "udp4"}, []string{"table-unreadable"}, false},
		{"the full one fails", full, map[Kind]error{TCP4: denied}, 0, []string{"tcp6", "udp4", "udp6"}, []string{"table-unreadable"}, false},
		{"without IPv6", map[Kind][]Raw{TCP4: full[TCP4], UDP4: {}}, nil, 3, []string{"tcp4", "udp4"}, nil, false},
		{"all fail", full, map[Kind]error{TCP4: denied, TCP6: denied, UDP4: denied, UDP6: denied}, 0, nil, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &windowsBox{t: t, fails: tt.fails, canned: canned{tables: tt.tables, facts: map[int32]Facts{4: {Name: "System"}}}}
			var rows []*socket.Socket
			report, err := newCollector(windowsSystem(), b, true).Collect(context.Background(), q, func(s *socket.Socket) error {
				rows = append(rows, s)
				return nil
			})
			var codes []string
			for _, n := range report.Notices {
				codes = append(codes, n.Code)
			}
			if len(rows) != tt.rows || !slices.Equal(codes, tt.codes) || !slices.Equal(report.Source.Tables, tt.read) || (err != nil) != tt.err {
				t.Fatalf("%d rows of %v, %v, %v", len(rows), report.Source.Tables, report.Notices, err)
			}
			for _, s := range rows {
				switch {
				case s.Local.Port == 80 && s.State == socket.Listen && (len(s.Processes) != 1 || s.Processes[0].Process.Name != "System"):
					t.Errorf("%+v", s)
				case s.State == socket.TimeWait && s.NoProcess != socket.ReasonTimeWait,
					s.State == socket.Established && (len(s.Processes) > 0 || s.NoProcess != socket.ReasonUnknown):
					t.Errorf("%v of nobody: %v", s.NoProcess, s.Processes)
				}
			}
		})
	}
}
