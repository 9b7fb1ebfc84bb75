//go:build linux

package mksock

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSpec(t *testing.T) {
	for _, test := range []struct {
		text string
		want spec
		err  string
	}{
		{text: "tcp-listen:[::1]:80,v6only,backlog=7", want: spec{
			kind: "tcp-listen", address: "[::1]:80", options: map[string]string{"v6only": "", "backlog": "7"},
		}},
		{text: "unix-pair", want: spec{kind: "unix-pair", options: map[string]string{}}},
		{text: `unix-listen:a\x2cb\n,label=u`, want: spec{
			kind: "unix-listen", address: "a,b\n", options: map[string]string{"label": "u"},
		}},
		{text: "udp:a,x,x", err: "given twice"},
		{text: "udp:a,,x", err: "empty"},
		{text: `udp:\q`, err: "escape"},
	} {
		got, err := parseSpec(test.text)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want %s", test.text, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		test.want.text = test.text
		if diff := cmp.Diff(test.want, *got, cmp.AllowUnexported(spec{})); diff != "" {
			t.Errorf("%q: %s", test.text, diff)
		}
	}
}

// What the specs ask for and nobody understands must not pass for done.
func TestBadSpecs(t *testing.T) {
	needRoot(t)
	for spec, want := range map[string]string{
		"tcp-lisen:127.0.0.1:80":                       "unknown kind",
		"tcp-listen:127.0.0.1:80,backlg=3":             "backlg",
		"tcp-listen:localhost:80":                      "parse address",
		"tcp-listen:127.0.0.1:80,device=nope":          "device",
		"tcp-pair:127.0.0.1:80,shutdown=all":           "none of receive",
		"tcp-listen:127.0.0.1:80,mark=red":             "option mark",
		"tcp-listen:127.0.0.1:80,congestion=nope":      "nope",
		"udp-unbound:5":                                "neither 4 nor 6",
		"tcp-listen:127.0.0.1:80,passed=twice":         "neither both nor only",
		"tcp-listen:127.0.0.1:80,thread,fork=1":        "no other way",
		"tcp-listen:127.0.0.1:80,leader-exit,backlg=3": "ended before",
	} {
		out, err := command("-netns", spec).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %q, want %q", spec, err, out, want)
		}
	}
	out, err := command("tcp-synsent:20001").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "only in a namespace") {
		t.Errorf("peer without a namespace: %v, %q", err, out)
	}
}

func FuzzParseSpec(f *testing.F) {
	f.Add("tcp-listen:127.0.0.1:80,backlog=3,label=web")
	f.Add(`unix-listen:\x00a\x2c\n,x=\'`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSpec(text)
		if err != nil {
			return
		}
		if back, err := unescape(escaped(s.address)); err != nil || back != s.address {
			t.Errorf("address %q comes back as %q, %v", s.address, back, err)
		}
	})
}
