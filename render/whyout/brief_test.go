package whyout

import (
	"bytes"
	"testing"

	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/internal/rendertest"
)

// TestBrief puts every situation in a line, and ports in a row that are free.
func TestBrief(t *testing.T) {
	var answers []why.Answer
	for _, s := range rendertest.Situations() {
		answers = append(answers, why.Explain(s.Situation))
	}
	for _, s := range rendertest.Situations() {
		if s.Name != "free" {
			continue
		}
		for range 3 {
			s.Bind.Port++
			answers = append(answers, why.Explain(s.Situation))
		}
	}
	for name, width := range map[string]int{"why/brief-80.txt": 80, "why/brief-pipe.txt": 0} {
		var out bytes.Buffer
		if err := Brief(&out, answers, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		rendertest.Golden(t, name, out.Bytes())
	}
}
