package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

// beneath is what the flags of that name put beneath rows.
func beneath(t testing.TB, flags ...string) []field.Pairs {
	t.Helper()
	var all []field.Pairs
	for _, flag := range flags {
		found := false
		for _, set := range field.Sets() {
			if set.Flag == flag {
				all, found = append(all, set.Beneath()...), true
			}
		}
		if !found {
			t.Fatalf("there is no set %s", flag)
		}
	}
	return all
}

func TestBeneathGolden(t *testing.T) {
	tests := []struct {
		name string
		opts Options
	}{
		{"table-beneath-pipe.txt", Options{}},
		{"table-beneath-80.txt", Options{Width: 80}},
		{"table-beneath-120.txt", Options{Width: 120}},
		{"table-beneath-color.txt", Options{Width: 120, Palette: text.Basic()}},
		{"table-oneline-pipe.txt", Options{Oneline: true}},
		{"table-oneline-color.txt", Options{Oneline: true, Palette: text.Basic()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Header = true
			tt.opts.Fields = parse(t, usual)
			tt.opts.Beneath = beneath(t, "memory", "info")
			rendertest.Golden(t, tt.name, draw(t, tt.opts, rendertest.Detailed()))
		})
	}
}

// TestSetsGolden draws the sets that are columns.
func TestSetsGolden(t *testing.T) {
	for i, name := range []string{"table-sets-pipe.txt", "table-sets-80.txt"} {
		var out []byte
		for _, set := range field.Sets() {
			columns := set.Columns()
			if len(columns) == 0 {
				continue
			}
			opts := Options{Header: true, Width: i * 80, Fields: field.Add(parse(t, "proto,local"), columns...)}
			out = fmt.Appendf(out, "--%s\n", set.Flag)
			out = append(out, draw(t, opts, rendertest.Detailed())...)
		}
		rendertest.Golden(t, name, out)
	}
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestBeneathNothingLost draws on terminals of every width, in colour and
// without: put together again, the lines say what they say through a pipe, and
// none is wider than the terminal unless a single pair is.
func TestBeneathNothingLost(t *testing.T) {
	rows := rendertest.Detailed()
	opts := Options{Fields: parse(t, "proto,local"), Beneath: beneath(t, "memory", "info")}
	want := string(draw(t, opts, rows))
	for _, palette := range []text.Palette{{}, text.Basic()} {
		for width := 1; width <= 200; width++ {
			opts.Width, opts.Palette = width, palette
			out := escapes.ReplaceAllString(string(draw(t, opts, rows)), "")
			var joined []string
			for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
				rest, isBeneath := strings.CutPrefix(line, "    ")
				if isBeneath && text.Width([]byte(line)) > width && word([]byte(rest)) != len(rest) {
					t.Fatalf("width %d: %q is too wide", width, line)
				}
				last := len(joined) - 1
				if isBeneath && strings.HasPrefix(joined[last], "    ") && strings.Contains(want, joined[last]+" "+rest) {
					joined[last] += " " + rest
				} else {
					joined = append(joined, line)
				}
			}
			if diff := cmp.Diff(want, strings.Join(joined, "\n")+"\n"); diff != "" {
				t.Fatalf("width %d (-want +got):\n%s", width, diff)
			}
		}
	}
}

// TestBeneathRows takes the path of many pens and compares it with one pen.
func TestBeneathRows(t *testing.T) {
	var rows []*socket.Socket
	for len(rows) < 4*blockRows+100 {
		rows = append(rows, rendertest.Detailed()...)
	}
	for _, oneline := range []bool{false, true} {
		opts := Options{Fields: parse(t, usual), Beneath: beneath(t, "info", "memory"), Oneline: oneline, Width: 100}
		var one, many bytes.Buffer
		single, several := New(&one, opts), New(&many, opts)
		for _, s := range rows {
			single.Measure(s)
			several.Measure(s)
		}
		for _, s := range rows {
			if err := single.Row(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(single.Close(), several.Rows(rows), several.Close()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), many.Bytes()) {
			t.Errorf("oneline %t: Rows and Row differ", oneline)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		line string
		room int
		want string
	}{
		{"rtt:1ms cwnd:10", 20, "rtt:1ms cwnd:10"},
		{"rtt:1ms cwnd:10", 15, "rtt:1ms cwnd:10"},
		{"rtt:1ms cwnd:10", 14, "rtt:1ms"},
		{"rtt:1ms cwnd:10", 7, "rtt:1ms"},
		{"rtt:1ms cwnd:10", 3, "rtt:1ms"},
		{"rtt:1ms cwnd:10", -3, "rtt:1ms"},
		{`a:"b c" d`, 5, `a:"b c"`},
		{`a:"b \" c" d`, 5, `a:"b \" c"`},
		{`a:"b\\" d`, 5, `a:"b\\"`},
		{`a:"デ ー" d`, 9, `a:"デ ー"`},
		{`a:"デ ー" d`, 11, `a:"デ ー" d`},
	}
	for _, tt := range tests {
		if got := tt.line[:fit([]byte(tt.line), tt.room)]; got != tt.want {
			t.Errorf("fit(%s, %d) = %s, want %s", tt.line, tt.room, got, tt.want)
		}
	}
}

func TestBeneathAllocatesNothing(t *testing.T) {
	rows := rendertest.Detailed()
	for _, opts := range []Options{{}, {Width: 80, Palette: text.Basic()}, {Oneline: true}} {
		opts.Fields, opts.Beneath = parse(t, usual), beneath(t, "info", "memory")
		table := New(io.Discard, opts)
		for range 2 * sampleRows {
			if err := table.Row(rows[1]); err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(5000, func() { _ = table.Row(rows[1]) }); n != 0 {
			t.Errorf("%v allocations a row", n)
		}
	}
}

// FuzzBeneath puts hostile text into details: every line is safe to look at
// and belongs to a row, since only what is beneath begins with blanks.
func FuzzBeneath(f *testing.F) {
	f.Add("cubic", uint8(0))
	f.Add("a\ntcp  LISTEN", uint8(20))
	f.Add("\x1b[2J \"rtt:1us\" \xff", uint8(40))
	f.Add("", uint8(1))
	f.Fuzz(func(t *testing.T, name string, width uint8) {
		s := rendertest.Detailed()[1]
		rendertest.Know(s, "congestion", name)
		opts := Options{Fields: parse(t, "proto"), Beneath: beneath(t, "info"), Width: int(width)}
		out := string(draw(t, opts, []*socket.Socket{s}))
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if lines[0] != "tcp" {
			t.Fatalf("row %q", lines[0])
		}
		for _, line := range lines[1:] {
			if !strings.HasPrefix(line, "    ") || line != strings.TrimRight(line, " ") || line[4] == ' ' {
				t.Fatalf("line %q", line)
			}
			if strings.IndexFunc(line, func(r rune) bool { return !text.Visible(r) }) >= 0 {
				t.Fatalf("unsafe line %q", line)
			}
		}
		opts.Oneline = true
		if out := string(draw(t, opts, []*socket.Socket{s})); strings.Count(out, "\n") != 1 {
			t.Fatalf("not one line: %q", out)
		}
	})
}
