package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

// columnOf returns the display column at which part begins in line.
func columnOf(t *testing.T, line, part string) int {
	t.Helper()
	i := strings.Index(line, part)
	if i < 0 {
		t.Fatalf("%q not in %q", part, line)
	}
	return text.Width([]byte(line[:i]))
}

// TestNarrow draws every kind of socket on terminals of every width: what must
// not be shortened is there in full, and a line is longer than the terminal
// only where it would be so with everything shortened.
func TestNarrow(t *testing.T) {
	rows := rendertest.Sockets()
	fields := parse(t, usual+",command")
	for width := 20; width <= 200; width++ {
		out := draw(t, Options{Fields: fields, Width: width, Header: true}, rows)
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(lines) != len(rows)+1 {
			t.Fatalf("width %d: %d lines for %d rows", width, len(lines), len(rows))
		}
		for i, line := range lines[1:] {
			rigid, least := 0, 0
			for j := range fields {
				cell := fields[j].Append(nil, rows[i])
				if fields[j].Shrink == 0 && !bytes.Contains([]byte(line), cell) {
					t.Fatalf("width %d: %s of row %d is not complete in %q", width, fields[j].Name, i, line)
				}
				rigid = max(rigid, columnOf(t, lines[0], fields[j].Header))
				least = max(fields[j].Min, len(fields[j].Header))
			}
			// A row that cannot fit may fill the lines that it takes.
			lines := (rigid + least + width - 1) / width
			if got := text.Width([]byte(line)); got > max(1, lines)*width {
				t.Fatalf("width %d: row %d is %d wide: %q", width, i, got, line)
			}
		}
	}
}

// TestWideCharacters checks that a column stays a column behind characters two
// columns wide, and behind combining ones.
func TestWideCharacters(t *testing.T) {
	rows := rendertest.Sockets()[:3]
	for i, name := range []string{"データベース", "nginx", "e\u0301e\u0301"} {
		rows[i].Processes = []socket.Holder{{Process: &socket.Process{PID: 7, Name: name}}}
	}
	for _, width := range []int{0, 30} {
		out := draw(t, Options{Fields: parse(t, "process,proto,local"), Header: true, Width: width}, rows)
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		want := columnOf(t, lines[0], "PROTO")
		for _, line := range lines[1:] {
			if got := columnOf(t, line, "tcp"); got != want {
				t.Errorf("width %d: PROTO at %d, want %d:\n%s", width, got, want, out)
			}
		}
	}
}

func TestHeaderSwitch(t *testing.T) {
	if out := draw(t, Options{Fields: parse(t, "proto")}, nil); len(out) != 0 {
		t.Errorf("no header and no rows printed %q", out)
	}
}

// TestRowsMeasuresAll puts the widest cell last, far behind the sample: Rows
// must know of it before the first line, also when single rows came before.
func TestRowsMeasuresAll(t *testing.T) {
	rows := benchSockets(3*sampleRows, false)
	last := rows[len(rows)-1]
	last.Remote = rendertest.Inet("[2001:db8:1111:2222:3333:4444:5555:6666]:65535")
	fields := parse(t, "remote,local")
	for _, before := range []int{0, 10} {
		var out bytes.Buffer
		table := New(&out, Options{Fields: fields})
		for _, s := range rows {
			table.Measure(s)
		}
		for i := range before {
			if err := table.Row(rows[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(table.Rows(rows[before:]), table.Close()); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != len(rows) {
			t.Fatalf("%d lines for %d rows", len(lines), len(rows))
		}
		want := len(fields[0].Append(nil, last)) + gap
		for i, line := range lines {
			local := string(fields[1].Append(nil, rows[i]))
			if got := strings.LastIndex(line, local); got != want {
				t.Fatalf("after %d rows: column at %d, want %d: %q", before, got, want, line)
			}
		}
	}
}

// TestRowsSmall takes the path of few rows, which must look like Row.
func TestRowsSmall(t *testing.T) {
	rows := rendertest.Sockets()
	opts := Options{Fields: parse(t, usual), Header: true}
	var out bytes.Buffer
	table := New(&out, opts)
	for _, s := range rows {
		table.Measure(s)
	}
	if err := errors.Join(table.Rows(rows), table.Close()); err != nil {
		t.Fatal(err)
	}
	if want := draw(t, opts, rows); !bytes.Equal(want, out.Bytes()) {
		t.Errorf("Rows printed\n%s\nRow printed\n%s", out.Bytes(), want)
	}
}

// TestStreamAlignment lets the sample see only short addresses and checks that
// the longest ones that may follow still fit their column.
func TestStreamAlignment(t *testing.T) {
	tests := []struct {
		late  string
		ipv6  bool
		width int
		want  int
	}{
		{"255.255.255.255:65535", false, 0, 21},
		{"[fe80::1234:5678:9abc:def0%interface-name0]:65535", true, 0, 49},
		{"255.255.255.255:65535", false, 80, 21},
		{"255.255.255.255:65535", false, 37, 14}, // no room: the width of the sample
	}
	for _, tt := range tests {
		rows := make([]*socket.Socket, sampleRows+10)
		for i := range rows {
			rows[i] = &socket.Socket{Proto: socket.TCP, Local: rendertest.Inet("127.0.0.1:8080"), Remote: rendertest.Inet("127.0.0.1:4000")}
			if i >= sampleRows {
				rows[i].Local = rendertest.Inet(tt.late)
			}
		}
		out := draw(t, Options{Fields: parse(t, "local,proto,remote"), Header: true, IPv6: tt.ipv6, Width: tt.width}, rows)
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		for i, line := range []string{lines[0], lines[1], lines[len(lines)-1]} {
			part := "tcp"
			if i == 0 {
				part = "PROTO"
			}
			want := tt.want + gap
			if i == 2 {
				want = max(want, len(tt.late)+gap)
			}
			if got := columnOf(t, line, part); got != want {
				t.Errorf("%s on width %d: column at %d, want %d: %q", tt.late, tt.width, got, want, line)
			}
		}
	}
}

// TestLateLongCell checks that a cell longer than its column loses nothing and
// takes from the padding behind it, so that later columns fall back into place.
func TestLateLongCell(t *testing.T) {
	rows := make([]*socket.Socket, sampleRows+2)
	for i := range rows {
		rows[i] = &socket.Socket{Proto: socket.Unix, State: socket.Listen, Local: socket.Endpoint{Name: "/run/x"}, Remote: socket.Endpoint{Node: 7}, Inode: 5}
	}
	long := "/run/" + strings.Repeat("y", 35)
	rows[sampleRows+1].Local.Name = long
	out := draw(t, Options{Fields: parse(t, "local,remote,inode"), Header: true}, rows)
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if got, want := lines[len(lines)-1], long+"  *[7]         5"; got != want {
		t.Errorf("last line %q, want %q", got, want)
	}
	if a, b := text.Width([]byte(lines[1])), text.Width([]byte(lines[len(lines)-1])); a != b {
		t.Errorf("lines end at %d and %d", a, b)
	}
}

// TestLateProcessOnTerminal checks that a later list of pids is cut at the
// edge of the terminal, not at the width of the sample.
func TestLateProcessOnTerminal(t *testing.T) {
	rows := make([]*socket.Socket, sampleRows+1)
	for i := range rows {
		rows[i] = &socket.Socket{Proto: socket.TCP, Processes: []socket.Holder{{Process: &socket.Process{PID: 1, Name: "a"}}}}
	}
	var many []socket.Holder
	for pid := 100; pid < 200; pid++ {
		many = append(many, socket.Holder{Process: &socket.Process{PID: pid, Name: "worker"}})
	}
	rows[sampleRows].Processes = many
	out := draw(t, Options{Fields: parse(t, "proto,process"), Width: 40}, rows)
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if got, want := lines[len(lines)-1], "tcp    worker[100,101,102,103,104,105,…]"; got != want {
		t.Errorf("last line %q, want %q", got, want)
	}
}

// TestStreamFlatMemory streams many rows and checks that none of them is kept.
func TestStreamFlatMemory(t *testing.T) {
	rows := benchSockets(4096, true)
	total := 1_000_000
	if testing.Short() {
		total = 200_000
	}
	table := New(io.Discard, Options{Fields: parse(t, usual), Header: true, IPv6: true})
	stream := func(n int) {
		for i := range n {
			if err := table.Row(rows[i%len(rows)]); err != nil {
				t.Fatal(err)
			}
		}
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	stream(10_000)
	before := heap()
	stream(total)
	if after := heap(); after > before+1<<20 {
		t.Errorf("heap grew from %d to %d bytes over %d rows", before, after, total)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRowAllocatesNothing(t *testing.T) {
	rows := benchSockets(1, false)
	table := New(io.Discard, Options{Fields: parse(t, usual), Palette: text.Basic(), Width: 120})
	for range 2 * sampleRows {
		if err := table.Row(rows[0]); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(5000, func() { _ = table.Row(rows[0]) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

// full is a disk with room for so many bytes.
type full struct{ room int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return f.room, errFull
	}
	f.room -= len(p)
	return len(p), nil
}

// short breaks the contract of io.Writer.
type short struct{}

func (short) Write(p []byte) (int, error) { return len(p) - 1, nil }

func TestWriteErrors(t *testing.T) {
	rows := benchSockets(3*sampleRows, false)
	for _, tt := range []struct {
		w    io.Writer
		want error
	}{{&full{}, errFull}, {&full{room: 100_000}, errFull}, {short{}, io.ErrShortWrite}} {
		t.Run(fmt.Sprintf("%T", tt.w), func(t *testing.T) {
			table := New(tt.w, Options{Fields: parse(t, usual)})
			var err error
			for i := 0; i < len(rows) && err == nil; i++ {
				err = table.Row(rows[i])
			}
			if !errors.Is(err, tt.want) {
				t.Fatalf("Row = %v, want %v", err, tt.want)
			}
			if again := table.Close(); !errors.Is(again, tt.want) {
				t.Errorf("Close = %v, want %v", again, tt.want)
			}
			if again := table.Rows(rows); !errors.Is(again, tt.want) {
				t.Errorf("Rows = %v, want %v", again, tt.want)
			}
		})
	}
	table := New(&full{}, Options{Fields: parse(t, usual), Header: true})
	if err := table.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close = %v, want %v", err, errFull)
	}
}

// FuzzTable puts hostile names everywhere: each socket stays one line of
// visible text without trailing blanks, and as many columns as it has fields.
func FuzzTable(f *testing.F) {
	f.Add("nginx", "/run/x", "eth0", "root", uint8(0))
	f.Add("a\nb", "\x00abstract\x1b[2J", "we%ird", "12", uint8(40))
	f.Add("\u202e", "@", "\xff", "-", uint8(80))
	f.Add("データ", "*", "e\u0301", "(hidden)", uint8(20))
	f.Fuzz(func(t *testing.T, name, path, device, user string, width uint8) {
		process := &socket.Process{PID: 1, Name: name, Command: name, Exe: path, User: user}
		rows := []*socket.Socket{
			{Proto: socket.Unix, Local: socket.Endpoint{Name: path}, User: user, Processes: []socket.Holder{{Process: process}}},
			{Proto: socket.TCP, Local: rendertest.Inet("[fe80::1]:80"), Device: device, NetNS: &socket.NetNS{Name: name}},
			{Proto: socket.Packet, Local: socket.Endpoint{Name: device}, Processes: []socket.Holder{{Process: process, TID: 2}}},
		}
		rows[1].Local.Addr = rows[1].Local.Addr.WithZone(device)
		fields := parse(t, usual+",command,exe,netns-name,device")
		out := draw(t, Options{Fields: fields, Width: int(width)}, rows)
		if !utf8.Valid(out) {
			t.Fatalf("not valid UTF-8: %q", out)
		}
		lines := strings.Split(string(out), "\n")
		if len(lines) != len(rows)+1 || lines[len(rows)] != "" {
			t.Fatalf("%d lines for %d rows: %q", len(lines)-1, len(rows), out)
		}
		for _, line := range lines[:len(rows)] {
			if strings.IndexFunc(line, func(r rune) bool { return !text.Visible(r) }) >= 0 {
				t.Fatalf("unsafe line %q", line)
			}
			if line != strings.TrimRight(line, " ") {
				t.Fatalf("line %q ends in blanks", line)
			}
			if cells := countCells(line); width == 0 && cells != len(fields) {
				t.Fatalf("%d cells for %d fields: %q", cells, len(fields), line)
			}
		}
	})
}

// countCells counts what stands between gaps outside quotes.
func countCells(line string) int {
	cells, quoted := 1, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == ' ' && line[i-1] == ' ' && line[i+1] != ' ':
			cells++
		}
	}
	return cells
}
