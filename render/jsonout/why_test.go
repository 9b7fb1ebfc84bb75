package jsonout

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/internal/rendertest"
)

func explained(t *testing.T, names ...string) []why.Answer {
	t.Helper()
	var all []why.Answer
	for _, name := range names {
		for _, s := range rendertest.Situations() {
			if s.Name == name {
				all = append(all, why.Explain(s.Situation))
			}
		}
	}
	if len(all) != len(names) {
		t.Fatalf("not all of %q are there", names)
	}
	return all
}

func TestWhyGolden(t *testing.T) {
	head := Head{Host: "box", Time: rendertest.Time}
	for _, name := range []string{
		"same-address", "time-wait", "address-not-here", "other-namespace", "docker-proxy", "kernel-vxlan", "socket-unit", "free",
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Why(&out, head, &explained(t, name)[0]); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(out.Bytes()) {
				t.Error("not valid JSON")
			}
			rendertest.Golden(t, "why/"+name+".json.txt", out.Bytes())
		})
	}
	t.Run("several", func(t *testing.T) {
		var out bytes.Buffer
		head := Head{Host: "box\xff", Time: rendertest.Time, Notices: []socket.Notice{{Code: "owners-hidden", Count: 2, Message: "2 are hidden"}}}
		if err := Whys(&out, head, explained(t, "free", "inherited", "time-wait-reuseaddr")); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(out.Bytes()) {
			t.Error("not valid JSON")
		}
		rendertest.Golden(t, "why/several.json.txt", out.Bytes())
	})
}

// TestWhyKeys checks that an answer of any kind has every key of the contract,
// alone or among others.
func TestWhyKeys(t *testing.T) {
	answer := []string{"bind", "changes", "errno", "free", "reasons", "summary", "tried", "verdict"}
	reason := []string{"blocking", "forward", "others", "overlap", "remedies", "rule", "socket", "text"}
	keys := func(v any) []string {
		var all []string
		for k := range v.(map[string]any) {
			if k != "kernel" && k != "socket_unit" {
				all = append(all, k)
			}
		}
		return all
	}
	sorted := cmp.Transformer("sorted", func(s []string) map[string]bool {
		m := make(map[string]bool)
		for _, k := range s {
			m[k] = true
		}
		return m
	})
	check := func(t *testing.T, got any, want []string) {
		t.Helper()
		if diff := cmp.Diff(want, keys(got), sorted); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
	}
	for _, s := range rendertest.Situations() {
		t.Run(s.Name, func(t *testing.T) {
			a := why.Explain(s.Situation)
			var out bytes.Buffer
			if err := Why(&out, Head{}, &a); err != nil {
				t.Fatal(err)
			}
			var one map[string]any
			if err := json.Unmarshal(out.Bytes(), &one); err != nil {
				t.Fatal(err)
			}
			check(t, one, append([]string{"schema", "host", "time", "netns", "notices"}, answer...))
			out.Reset()
			if err := Whys(&out, Head{}, []why.Answer{a}); err != nil {
				t.Fatal(err)
			}
			var several map[string]any
			if err := json.Unmarshal(out.Bytes(), &several); err != nil {
				t.Fatal(err)
			}
			check(t, several, []string{"schema", "host", "time", "netns", "notices", "free", "answers"})
			among := several["answers"].([]any)[0]
			check(t, among, answer)
			for _, r := range among.(map[string]any)["reasons"].([]any) {
				check(t, r, reason)
			}
		})
	}
}
