package csvout

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

func write(t *testing.T, fields []field.Field, rows []*socket.Socket) []byte {
	t.Helper()
	var out bytes.Buffer
	w := New(&out, fields, true)
	for i := range rows {
		if err := w.Row(rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	fields, err := field.Parse("proto,state,recv-q,send-q,local,remote,user,process,command,reason", nil)
	if err != nil {
		t.Fatal(err)
	}
	rendertest.Golden(t, "csv.txt", write(t, fields, rendertest.Sockets()))
	rendertest.Golden(t, "csv-empty.txt", write(t, fields, nil))
}

// TestSetsGolden writes all columns of some sets.
func TestSetsGolden(t *testing.T) {
	fields, err := field.Parse("proto,local", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range field.Sets() {
		if slices.Contains([]string{"options", "memory", "tos", "inet-sockopt", "context", "reuse"}, set.Flag) {
			fields = field.Add(fields, set.All()...)
		}
	}
	more, err := field.Parse("shutdown,mark,cgroup,vfs-inode,netlink-groups,packet-rx-retire-time,congestion,rtt,lastrcv,cwnd,delivery-rate,ecn,sack,extended", nil)
	if err != nil {
		t.Fatal(err)
	}
	rendertest.Golden(t, "csv-details.txt", write(t, field.Add(fields, more...), rendertest.Detailed()))
}

// TestFacts reads every fact of the details back: numbers in the unit of the
// fact, whatever a table makes of them.
func TestFacts(t *testing.T) {
	rendertest.Each(t, func(x fact.Fact, s *socket.Socket) {
		f, ok := field.Lookup(x.Name)
		if !ok {
			t.Fatalf("there is no column %s", x.Name)
		}
		records, err := csv.NewReader(bytes.NewReader(write(t, []field.Field{f}, []*socket.Socket{s}))).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%s: %v, %v", x.Name, records, err)
		}
		want := ""
		switch n := int64(0); x.Kind {
		case fact.Text:
			value, _ := x.Text(s)
			want = string(text.AppendQuoted(nil, value))
		case fact.Flag:
			n, _ = x.Number(s)
			want = []string{"no", "yes"}[n]
		default:
			n, _ = x.Number(s)
			want = strconv.FormatInt(n, 10)
		}
		if diff := cmp.Diff([][]string{{x.Name}, {want}}, records); diff != "" {
			t.Errorf("%s (-want +got):\n%s", x.Name, diff)
		}
	})
}

func TestNoHeader(t *testing.T) {
	var out bytes.Buffer
	if err := New(&out, field.All(), false).Close(); err != nil || out.Len() != 0 {
		t.Errorf("wrote %q, %v", out.Bytes(), err)
	}
}

// TestRoundTrip reads all columns of all sockets back with encoding/csv.
func TestRoundTrip(t *testing.T) {
	rows, fields := append(rendertest.Sockets(), rendertest.Detailed()...), field.All()
	got, err := csv.NewReader(bytes.NewReader(write(t, fields, rows))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{field.Names()}
	for i := range rows {
		var cells []string
		for j := range fields {
			value := string(fields[j].AppendPlain(nil, rows[i]))
			for escaped, first := range map[string]string{`\x3d`: "=", `\x40`: "@"} {
				if strings.HasPrefix(value, first) {
					value = escaped + value[1:]
				}
			}
			cells = append(cells, value)
		}
		want = append(want, cells)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestAppendCell(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"plain", "plain"},
		{"a,b", `"a,b"`},
		{`"a b"[1]`, `"""a b""[1]"`},
		{"=1+2", `\x3d1+2`},
		{"+1", `\x2b1`},
		{"-1", "-1"},
		{"-", `\x2d`},
		{"-1+2", `\x2d1+2`},
		{"-x", `\x2dx`},
		{"@abstract", `\x40abstract`},
		{"=a,b", `"\x3da,b"`},
	}
	for _, tt := range tests {
		if got := string(appendCell(nil, []byte(tt.in))); got != tt.want {
			t.Errorf("appendCell(%s) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// FuzzCSV reads hostile names back: one record a socket, visible text only,
// and no cell that a spreadsheet would run.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"nginx", "=cmd|' /C calc'!A0", "a\n\"b\",c", "\t=1", "-", "@x", "\xff", "+"} {
		f.Add(s)
	}
	fields := field.All()
	f.Fuzz(func(t *testing.T, s string) {
		process := &socket.Process{PID: 1, Name: s, Command: s, Exe: s, User: s}
		rows := []*socket.Socket{{
			Proto: socket.Unix, Local: socket.Endpoint{Name: s}, Remote: socket.Endpoint{Name: s}, Device: s, User: s,
			NetNS: &socket.NetNS{Name: s}, Processes: []socket.Holder{{Process: process}},
		}}
		out := write(t, fields, rows)
		records, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
		if err != nil || len(records) != 2 || bytes.Count(out, []byte("\n")) != 2 {
			t.Fatalf("%d records, %v, in %q", len(records), err, out)
		}
		for _, cell := range records[1] {
			if _, err := strconv.Atoi(cell); err != nil && strings.IndexAny(cell, "=+-@\t\r") == 0 {
				t.Fatalf("a spreadsheet would run %q", cell)
			}
			if strings.IndexFunc(cell, func(r rune) bool { return !text.Visible(r) }) >= 0 {
				t.Fatalf("unsafe cell %q", cell)
			}
		}
	})
}

// full is a disk without room.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	w := New(full{}, field.All(), true)
	row := rendertest.Sockets()[0]
	var err error
	for i := 0; i < bufferSize && err == nil; i++ {
		err = w.Row(row)
	}
	if !errors.Is(err, errFull) {
		t.Errorf("Row = %v, want %v", err, errFull)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close = %v, want %v", err, errFull)
	}
}

func BenchmarkRow(b *testing.B) {
	fields, err := field.Parse("proto,state,recv-q,send-q,local,remote,user,process", nil)
	if err != nil {
		b.Fatal(err)
	}
	row := rendertest.Sockets()[3]
	w := New(io.Discard, fields, true)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Row(row); err != nil {
			b.Fatal(err)
		}
	}
}
