package rtnetlink

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// routesOf reads "PREFIX" for one that can be bound and "!PREFIX" for another.
func routesOf(texts ...string) []route {
	var all []route
	for _, text := range texts {
		prefix, excluded := strings.CutPrefix(text, "!")
		all = append(all, route{prefix: netip.MustParsePrefix(prefix), bindable: !excluded})
	}
	return all
}

func TestBindable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		routes []route
		want   string
	}{
		{"nothing", nil, ""},
		{"loopback", routesOf("127.0.0.0/8", "127.0.0.1/32"), "127.0.0.0/8 127.0.0.1/32"},
		{"twice", routesOf("10.0.0.1/32", "10.0.0.1/32"), "10.0.0.1/32"},
		{"the first counts", routesOf("10.0.0.0/8", "!10.0.0.0/8"), "10.0.0.0/8"},
		{"the first counts, which excludes", routesOf("!10.0.0.0/8", "10.0.0.0/8"), ""},
		{"a hole", routesOf("10.0.0.0/8", "!10.128.0.0/10"), "10.0.0.0/9 10.192.0.0/10"},
		{"an address in a hole", routesOf("10.0.0.0/8", "!10.128.0.0/9", "10.200.0.1/32"), "10.0.0.0/9 10.200.0.1/32"},
		{"a hole at the end", routesOf("10.0.0.252/30", "!10.0.0.255/32"), "10.0.0.252/31 10.0.0.254/32"},
		{"around", routesOf("10.0.0.0/16", "!10.0.0.0/8"), "10.0.0.0/16"},
		{"everything but", routesOf("0.0.0.0/0", "!0.0.0.0/1"), "128.0.0.0/1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range bindable(tt.routes) {
				if text := p.String(); text != "224.0.0.0/4" && text != "255.255.255.255/32" {
					got = append(got, text)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMatters(t *testing.T) {
	t.Parallel()
	local := routesOf("127.0.0.0/8", "10.1.0.0/16", "192.0.2.1/32", "!10.9.0.0/16")
	tests := []struct {
		main string
		want bool
	}{
		{"!192.0.2.0/24", false},
		{"!0.0.0.0/0", false},
		{"!10.9.1.0/24", false},
		{"!10.1.2.0/24", true},
		{"!127.5.0.0/16", true},
		{"10.7.0.0/16", true},
	}
	for _, tt := range tests {
		if got := matters(local, routesOf(tt.main)); got != tt.want {
			t.Errorf("%s: %v", tt.main, got)
		}
	}
	if matters(local, nil) || wide(routesOf("127.0.0.0/8", "10.0.0.1/32", "!10.0.0.0/8")) || !wide(local) {
		t.Error("matters or wide are wrong")
	}
}

func TestOneTrie(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, printed string
		want          bool
	}{
		{"one", "Main:\n  a\n  b\nLocal:\n  a\n  b\n", true},
		{"one, and others", "Id 510:\n  c\nMain:\n  a\nId 766:\n  d\nLocal:\n  a\nDefault:\n  e\n", true},
		{"two", "Main:\n  a\nLocal:\n  a\n  b\n", false},
		{"local only", "Local:\n  a\n", false},
		{"nothing", "", false},
		{"empty both", "Main:\nLocal:\n", false},
	}
	for _, tt := range tests {
		if got := oneTrie([]byte(tt.printed)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
