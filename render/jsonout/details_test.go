package jsonout

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/internal/rendertest"
)

func TestDetailsGolden(t *testing.T) {
	var out bytes.Buffer
	lines := NewLines(&out, "box", rendertest.Time, true)
	for _, s := range rendertest.Detailed() {
		if err := lines.Row(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Close(); err != nil {
		t.Fatal(err)
	}
	rendertest.Golden(t, "json-details.txt", out.Bytes())
}

// TestFacts reads every fact back from its object, with its type.
func TestFacts(t *testing.T) {
	rendertest.Each(t, func(x fact.Fact, s *socket.Socket) {
		var row map[string]json.RawMessage
		line := AppendSocket(nil, s, false)
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		decoder := json.NewDecoder(bytes.NewReader(row[x.Group.String()]))
		decoder.UseNumber()
		var object map[string]any
		if err := decoder.Decode(&object); err != nil {
			t.Fatalf("%s: %v in %s", x.Name, err, line)
		}
		var want, got any = nil, object[x.Key]
		switch n := int64(0); x.Kind {
		case fact.Text:
			want, _ = x.Text(s)
			got = exact(t, object, x.Key)
		case fact.Flag:
			n, _ = x.Number(s)
			want = n != 0
		default:
			n, _ = x.Number(s)
			want = json.Number(strconv.FormatInt(n, 10))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s in %s", x.Name, diff, line)
		}
		// What is not told is not there.
		for _, other := range fact.Of(x.Group) {
			if _, ok := object[other.Key]; ok != rendertest.Told(other, s) {
				t.Errorf("%s is there %t when %s is set", other.Key, ok, x.Name)
			}
		}
	})
}

// TestKeys checks that no two facts of an object share a key, and that no
// object takes the place of a key of the contract.
func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	var row map[string]any
	if err := json.Unmarshal(AppendSocket(nil, &socket.Socket{}, true), &row); err != nil {
		t.Fatal(err)
	}
	for _, x := range fact.All() {
		key := x.Group.String() + "." + x.Key
		if x.Group == fact.NoGroup {
			continue
		}
		if _, taken := row[x.Group.String()]; taken || seen[key] {
			t.Errorf("key %s of %s is taken", key, x.Name)
		}
		seen[key] = true
		if !slices.Contains(fact.Groups(), x.Group) {
			t.Errorf("group %s is not printed", x.Group)
		}
	}
}

// TestContext tells apart a context that is known and none.
func TestContext(t *testing.T) {
	for context, want := range map[string]string{
		"":                   `"started":null}`,
		"unconfined":         `"started":null,"context":"unconfined"}`,
		"/usr/bin/a\xff (x)": `"started":null,"context":"/usr/bin/a\\xff (x)","context_base64":"L3Vzci9iaW4vYf8gKHgp"}`,
	} {
		h := socket.Holder{Process: &socket.Process{Context: context}}
		if got := appendHolder(nil, &h); !bytes.HasSuffix(got, []byte(want)) {
			t.Errorf("%s does not end in %s", got, want)
		}
	}
}

func TestDetailsAllocateNothing(t *testing.T) {
	row := rendertest.Detailed()[1]
	row.Details.Extended = nil // its hostile text is rare enough to allocate
	lines := NewLines(io.Discard, "box", rendertest.Time, true)
	if err := lines.Row(row); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { _ = lines.Row(row) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func BenchmarkLinesDetails(b *testing.B) {
	row := rendertest.Detailed()[1]
	lines := NewLines(io.Discard, "box", rendertest.Time, true)
	b.ReportAllocs()
	for b.Loop() {
		if err := lines.Row(row); err != nil {
			b.Fatal(err)
		}
	}
}
