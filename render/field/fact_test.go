package field

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/internal/rendertest"
)

// TestFactColumns holds the columns made of facts against the facts, with a
// value and without.
func TestFactColumns(t *testing.T) {
	nothing := &socket.Socket{}
	rendertest.Each(t, func(x fact.Fact, s *socket.Socket) {
		f, ok := Lookup(x.Name)
		if !ok {
			t.Fatalf("there is no column %s", x.Name)
		}
		if f.Details != x.Details || f.JSONKey != x.Group.String()+"."+x.Key || f.Right != (x.Kind != fact.Text && x.Kind != fact.Flag) {
			t.Errorf("%s: details %b, key %s, right %t", x.Name, f.Details, f.JSONKey, f.Right)
		}
		if cell := f.Value(nil, s); len(cell) == 0 || !f.Has(s) {
			t.Errorf("%s of %+v shows %q", x.Name, s.Details, cell)
		}
		if cell := f.Value(nil, nothing); len(cell) != 0 || f.Has(nothing) {
			t.Errorf("%s of nothing shows %q", x.Name, cell)
		}
		if f.Compare(s, nothing) >= 0 || f.Compare(nothing, s) <= 0 || f.Compare(s, s) != 0 {
			t.Errorf("%s does not put what has none last", x.Name)
		}
		if x.Kind == fact.Text || x.Kind == fact.Flag {
			return
		}
		want, _ := x.Number(s)
		if got, err := strconv.ParseInt(string(f.AppendPlain(nil, s)), 10, 64); err != nil || got != want {
			t.Errorf("%s is %d for scripts, want %d", x.Name, got, want)
		}
	})
}

// TestBasicFacts checks that the facts of every row have a column written by hand.
func TestBasicFacts(t *testing.T) {
	for _, x := range fact.Of(fact.NoGroup) {
		if !slices.ContainsFunc(Basic(), func(f Field) bool { return f.Name == x.Name }) {
			t.Errorf("there is no column %s", x.Name)
		}
	}
}

func TestAppendFact(t *testing.T) {
	tests := []struct {
		kind fact.Kind
		n    int64
		want string
	}{
		{fact.Count, 10, "10"},
		{fact.Bytes, -4096, "-4096"},
		{fact.Microseconds, 1534, "1.53ms"},
		{fact.Milliseconds, 204, "204ms"},
		{fact.Milliseconds, 119_000, "1min59s"},
		{fact.Milliseconds, 1 << 62, "2562047788h1min"},
		{fact.ByteRate, 12_300_000, "98.4Mbps"},
		{fact.Flag, 0, "no"},
		{fact.Flag, 1, "yes"},
		{fact.Hex, 0xb8, "0xb8"},
	}
	for _, tt := range tests {
		if got := string(appendFact(nil, tt.kind, tt.n)); got != tt.want {
			t.Errorf("kind %d of %d = %s, want %s", tt.kind, tt.n, got, tt.want)
		}
	}
}

// TestSortReverse checks that what has no value comes last in both directions.
func TestSortReverse(t *testing.T) {
	var rows []*socket.Socket
	for i, rtt := range []int{0, 300, 0, 100, 200} {
		s := &socket.Socket{Cookie: uint64(i)}
		if rtt > 0 {
			rendertest.Know(s, "rtt", rtt)
		}
		rows = append(rows, s)
	}
	for keys, want := range map[string][]uint64{"rtt": {3, 4, 1, 0, 2}, "-rtt": {1, 4, 3, 0, 2}} {
		sort, err := ParseSort(keys)
		if err != nil {
			t.Fatal(err)
		}
		ordering := sort.Start()
		for _, s := range rows {
			ordering.Add(s)
		}
		var got []uint64
		for _, s := range ordering.Rows() {
			got = append(got, s.Cookie)
		}
		if !slices.Equal(got, want) {
			t.Errorf("--sort %s = %v, want %v", keys, got, want)
		}
	}
}

// TestSets checks that every fact of a group belongs to a flag, that all that
// a flag names is there, and that what it shows is what it fetches.
func TestSets(t *testing.T) {
	missing := map[string]bool{}
	for _, x := range fact.All() {
		if x.Group != fact.NoGroup && x.Details != socket.DetailAutobound {
			missing[x.Name] = true
		}
	}
	flags := map[string]bool{}
	for _, set := range Sets() {
		if flags[set.Flag] || set.Help == "" {
			t.Errorf("flag %s, help %q", set.Flag, set.Help)
		}
		flags[set.Flag] = true
		if len(set.named()) != len(set.names) {
			t.Errorf("%s names %v", set.Flag, set.names)
		}
		all := set.All()
		for _, f := range all {
			delete(missing, f.Name)
		}
		if Details(set.Columns())&^set.Details() != 0 {
			t.Errorf("--%s does not fetch what its columns need", set.Flag)
		}
		if len(all) == 0 || (len(set.Columns()) == 0) == (len(set.Beneath()) == 0) {
			t.Errorf("--%s has %d columns of %d and %d lines", set.Flag, len(set.Columns()), len(all), len(set.Beneath()))
		}
	}
	for name := range missing {
		t.Errorf("no flag shows %s", name)
	}
}

// TestTableShowsAll checks that of a flag's facts a table shows every one that
// says something, under the name of its column.
func TestTableShowsAll(t *testing.T) {
	for _, set := range Sets() {
		rendertest.Each(t, func(x fact.Fact, s *socket.Socket) {
			if !slices.ContainsFunc(set.All(), func(f Field) bool { return f.Name == x.Name }) || slices.Contains(set.silent, x.Name) {
				return
			}
			f, _ := Lookup(x.Name)
			value := string(f.Value(nil, s))
			var shown []byte
			for _, column := range set.Columns() {
				shown = append(column.Value(append(shown, ' '), s), ' ')
			}
			for _, line := range set.Beneath() {
				shown = append(line.Append(append(shown, ' '), s, ' '), ' ')
			}
			n := int64(1)
			if x.Kind != fact.Text {
				n, _ = x.Number(s)
			}
			pair := bytes.Contains(shown, []byte(" "+x.Name+":"+value+" ")) || n != 0 && bytes.Contains(shown, []byte(" "+x.Name+" "))
			bare := bytes.Contains(shown, []byte(" "+value+" "))
			if n != 0 && !pair && !bare {
				t.Errorf("--%s shows %q for %s of %s", set.Flag, shown, x.Name, value)
			}
		})
	}
}

// TestPairs pins what is shown and what is left out.
func TestPairs(t *testing.T) {
	busy := rendertest.Detailed()[1]
	facts := func(names string) (all []fact.Fact) {
		for name := range strings.SplitSeq(names, ",") {
			x, ok := fact.Lookup(name)
			if !ok {
				t.Fatalf("there is no fact %s", name)
			}
			all = append(all, x)
		}
		return all
	}
	tests := []struct {
		names     string
		zero      bool
		separator byte
		want      string
	}{
		{"congestion,rtt,cwnd,retrans,ts,ecn", false, ' ', `congestion:"cu bic\"" rtt:1.53ms cwnd:42 ts`},
		{"rtt,retrans,ts,ecn", true, ',', `rtt:1.53ms,retrans:0,ts`},
		{"ecn", true, ' ', ""},
		{"vfs-inode,packet-reserve", true, ' ', ""},
	}
	for _, tt := range tests {
		if got := string(pairsOf(facts(tt.names), tt.zero).Append([]byte("x"), busy, tt.separator)); got != "x"+tt.want {
			t.Errorf("%s = %s, want %s", tt.names, got, tt.want)
		}
	}
	column, _ := Lookup("inet-sockopt")
	unknown := &socket.Socket{}
	off := &socket.Socket{}
	rendertest.Know(off, "recverr", 0)
	on := &socket.Socket{}
	rendertest.Know(on, "recverr", 1, "transparent", 1)
	for _, tt := range []struct {
		s    *socket.Socket
		want string
	}{{unknown, "-"}, {off, "none"}, {on, "recverr,transparent"}} {
		if got := string(column.Append(nil, tt.s)); got != tt.want {
			t.Errorf("inet-sockopt = %s, want %s", got, tt.want)
		}
	}
	if c := column.Compare(off, unknown); c >= 0 || column.Compare(on, off) != cmp.Compare("recverr", "none") {
		t.Errorf("inet-sockopt orders none and unknown %d", c)
	}
}

// BenchmarkLookup is what every run does some times.
func BenchmarkLookup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Lookup("process"); !ok {
			b.Fatal("not found")
		}
	}
}
