package portable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
)

// recorded reads a file of what a program prints, with the line ends of Windows.
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "windows", name))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.ReplaceAll(string(b), "\n", "\r\n"))
}

func exclusion(first, last uint16, administered bool) machine.Exclusion {
	return machine.Exclusion{Ports: machine.Ports{First: first, Last: last}, Administered: administered}
}

func TestParseExcluded(t *testing.T) {
	tests := []struct {
		file string
		want []machine.Exclusion
	}{
		{"excluded-en.txt", []machine.Exclusion{
			exclusion(5357, 5357, false), exclusion(49671, 49770, false),
			exclusion(50000, 50059, true), exclusion(61902, 62001, false),
		}},
		{"excluded-de.txt", []machine.Exclusion{exclusion(80, 80, false), exclusion(50000, 50059, true)}},
		{"excluded-none.txt", nil},
	}
	for _, tt := range tests {
		got, err := parseExcluded(recorded(t, tt.file))
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.file, diff)
		}
	}
}

func TestParseExcludedRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":               "",
		"a complaint":           "The following command was not found: interface ipv4 show excludedportrange.\r\n",
		"a port that is none":   "---- ----\r\n80 65536\r\n",
		"a range back to front": "---- ----\r\n90 80\r\n",
	} {
		if got, err := parseExcluded([]byte(text)); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseDynamic(t *testing.T) {
	tests := []struct {
		text string
		want machine.Ports
		ok   bool
	}{
		{"\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n", machine.Ports{First: 49152, Last: 65535}, true},
		{"Dynamischer Portbereich\r\n-----\r\nStartport      : 1024\r\nAnzahl von Ports : 13977\r\n", machine.Ports{First: 1024, Last: 15000}, true},
		{"", machine.Ports{}, false},
		{"Access is denied. 5 5\r\n", machine.Ports{}, false},
		{"----\r\nStart : 49152\r\n", machine.Ports{}, false},
		{"----\r\nStart : 49152\r\nNumber : 16385\r\n", machine.Ports{}, false},
		{"----\r\nStart : 49152\r\nNumber : 0\r\n", machine.Ports{}, false},
	}
	for _, tt := range tests {
		got, err := parseDynamic([]byte(tt.text))
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: %v, %v", tt.text, got, err)
		}
	}
}

func FuzzExcluded(f *testing.F) {
	for _, name := range []string{"excluded-en.txt", "excluded-de.txt", "excluded-none.txt"} {
		f.Add(recorded(f, name))
	}
	f.Add([]byte("----\nStart : 49152\nNumber : 16384\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseExcluded(text)
		for _, x := range all {
			if err != nil || x.First > x.Last {
				t.Fatalf("%v, %v", x, err)
			}
		}
		if p, err := parseDynamic(text); err == nil && p.First > p.Last {
			t.Fatalf("%v", p)
		}
	})
}
