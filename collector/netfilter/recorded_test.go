package netfilter

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
)

// told is a rule as the tests speak of it.
func told(f *machine.Forward) string {
	line := f.String()
	for _, s := range [...]struct {
		set  bool
		text string
	}{{f.Incoming, "in"}, {f.Outgoing, "out"}, {f.Comment != "", "# " + f.Comment}} {
		if s.set {
			line += " " + s.text
		}
	}
	return line
}

func tellAll(list []machine.Forward) []string {
	var all []string
	for i := range list {
		all = append(all, told(&list[i]))
	}
	return all
}

// recordings are answers of a kernel (of a little-endian machine with 64 bits),
// and what is to be read from them, which TestRules has written.
func recordings(tb testing.TB, ending string) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/*" + ending)
	if err != nil || len(files) == 0 {
		tb.Fatal("no recordings", err)
	}
	return files
}

func readFile(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func lines(list []string) string { return strings.Join(list, "\n") + "\n" }

func TestRecorded(t *testing.T) {
	if !littleEndian() {
		t.Skip("recorded on a little-endian machine")
	}
	for _, name := range recordings(t, ".netlink") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			got, r, err := replay(readFile(t, name))
			if err != nil || r.changed {
				t.Fatal(err, r.changed)
			}
			want := string(readFile(t, strings.TrimSuffix(name, "netlink")+"want"))
			if diff := cmp.Diff(want, lines(tellAll(got))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// decodeLegacy reads a recording: struct ipt_getinfo, and the rules.
func decodeLegacy(name string, b []byte) ([]*base, error) {
	if len(b) < 84 {
		return nil, errShort
	}
	l := layout4()
	if strings.Contains(name, "IPv6") {
		l = layout6(8)
	}
	h := hooks{valid: binary.LittleEndian.Uint32(b[32:])}
	for i := range h.entries {
		h.entries[i] = binary.LittleEndian.Uint32(b[36+4*i:])
	}
	return decodeTableBlob(binary.LittleEndian, l, "nat", h, b[84:])
}

func TestRecordedLegacy(t *testing.T) {
	for _, name := range recordings(t, ".iptables") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			bases, err := decodeLegacy(name, readFile(t, name))
			if err != nil {
				t.Fatal(err)
			}
			w := &walker{}
			w.walk(&ruleset{source: "iptables", bases: bases})
			want := string(readFile(t, strings.TrimSuffix(name, "iptables")+"want"))
			if diff := cmp.Diff(want, lines(tellAll(w.forwards()))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
